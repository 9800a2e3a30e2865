internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe modules`: who in the kernel knows of which module.
struct ModulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "modules", abstract: "Show which kernel structure lists which module (a cross-view).",
    usage: "liveprobe modules [<options>]",
    discussion: """
      Reads every place that lists loaded modules, in kernel memory and in /proc and /sys, as the check module-list does, \
      and prints a row for each module and a column for each place. Requires root unless --image is given.

      Exit status: 0 all places agree, 2 a module is missing from one, 3 could not be determined.
      """)

  @OptionGroup var options: Showing.Options

  func run() throws {
    Showing.run(
      orSay: "the modules cannot be compared", dump: options.dump, reference: options.reference, needsImage: true
    ) {
      kernel, progress in
      progress("reading every list of modules")
      let report = ModulesReport(
        try ModuleMatrix(of: kernel), theme: Terminal.wantsColour(.standardOutput) ? .colour : .plain)
      return (options.format == .json ? report.json(toolVersion: Liveprobe.version) : report.text, report.status)
    }
  }
}

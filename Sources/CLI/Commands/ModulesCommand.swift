internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe modules`: who in the kernel knows of which module.
struct ModulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "modules", abstract: "Show which places of the kernel know of which module.",
    discussion: """
      Asks every place that knows of loaded modules, in the kernel's memory and in /proc and /sys, as the check \
      module-list does, and prints a row for each module and a column for each place. Needs root.

      Exit status: 0 if all places agree, 2 if a module is missing from one, 3 if it cannot be told.
      """)

  @OptionGroup var options: Showing.Options

  func run() throws {
    Showing.run(
      orSay: "the modules cannot be compared", dump: options.dump, reference: options.reference, needsImage: true
    ) {
      kernel, progress in
      progress("asking every place that knows of modules")
      let report = ModulesReport(
        try ModuleMatrix(of: kernel), theme: Terminal.wantsColour(.standardOutput) ? .colour : .plain)
      return (options.format == .json ? report.json(toolVersion: Liveprobe.version) : report.text, report.status)
    }
  }
}

internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe map`: all of the kernel's executable memory, and whose it is.
struct MapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: "Show executable kernel memory and its owners.",
    usage: "liveprobe map [<options>]",
    discussion: """
      Walks the kernel's page tables for all executable pages, and names the owner of each as the check executable-memory \
      does, but reads once only: memory that is just being freed may have no owner for a moment. Requires root unless --image \
      is given.

      Exit status: 0 every page has an owner, 2 a page has none, 3 the owners could not be determined.
      """)

  @OptionGroup var options: Showing.Options

  func run() throws {
    Showing.run(
      orSay: "executable memory cannot be mapped", dump: options.dump, reference: options.reference, needsImage: true
    ) {
      kernel, progress in
      progress("walking the page tables")
      let report = MapReport(
        try ExecutableMap(of: kernel), theme: Terminal.wantsColour(.standardOutput) ? .colour : .plain)
      return (options.format == .json ? report.json(toolVersion: Liveprobe.version) : report.text, report.status)
    }
  }
}

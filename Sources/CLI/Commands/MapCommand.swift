internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe map`: all of the kernel's executable memory, and whose it is.
struct MapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: "Show the kernel's executable memory, and whose it is.",
    discussion: """
      Walks the running kernel's page tables for everything that may be executed, and names the owner of each page as \
      the check executable-memory does, but looks only once: memory that is being given back may have no owner for a \
      moment. Needs root.

      Exit status: 0 if every page has an owner, 2 if one has none, 3 if it cannot be told.
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

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

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Option(help: "How to say it.")
  var format: Format = .text

  @Option(
    help: ArgumentHelp(
      "A trusted copy of the kernel: an image, a folder, or a distribution's package.", valueName: "path"),
    completion: .file())
  var reference: String?

  func run() throws {
    let progress = Progress(isShown: Terminal.isTerminal(.standardError))
    let map: ExecutableMap
    do {
      var host = LiveHost(reference: reference)
      let kernel = try host.acquire(progress: progress.report)
      progress.report("walking the page tables")
      map = try ExecutableMap(of: kernel)
      progress.finish()
    } catch {
      progress.finish()
      Terminal.write(Refusal.line("executable memory cannot be mapped", error), to: .standardError)
      Terminal.exit(Status.unknown.rawValue)
    }
    let report = MapReport(map)
    let text = format == .json ? report.json(toolVersion: Liveprobe.version) : report.text
    guard Terminal.write(text, to: .standardOutput) else {
      Terminal.write("liveprobe: could not write the map\n", to: .standardError)
      Terminal.exit(max(report.status.rawValue, Status.unknown.rawValue))
    }
    Terminal.exit(report.status.rawValue)
  }
}

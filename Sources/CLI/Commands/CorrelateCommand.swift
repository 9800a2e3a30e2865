internal import ArgumentParser
internal import Audit
internal import Correlation
internal import Report

/// `liveprobe correlate`: what affected hosts have in common that healthy ones lack.
struct CorrelateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "correlate", abstract: "What do the affected hosts have in common that the healthy ones lack?",
    discussion: """
      Takes reports that 'liveprobe scan --format json' wrote on many hosts, those of crashes, and texts with a kernel's own \
      words of its death, and compares: implants by \
      their fingerprints, builds of modules and of kernels, taint, findings. A host is affected if it crashed or has a \
      critical finding, healthy if a scan of it ended OK or WARNING; the others are left out. Needs no root, and reads nothing \
      of this host.

      Exit status: 0 if it could answer, whatever the answer; 3 if not. A file that is no report is named, and the rest goes on.
      """)

  @Argument(
    help:
      "A report, a file with a report on each line, a text (.log, .txt), or a folder with any of these (.json, .jsonl, .ndjson).",
    completion: .file())
  var file: [String] = []

  @Option(
    help: ArgumentHelp("Reports of affected hosts, whatever they say; may be given more than once.", valueName: "path"),
    completion: .file())
  var affected: [String] = []

  @Option(
    help: ArgumentHelp("Reports of healthy hosts, whatever they say; may be given more than once.", valueName: "path"),
    completion: .file())
  var healthy: [String] = []

  @Option(help: "How to say it.")
  var format = Showing.Format.text

  @Option(help: "Conditions shown of each kind of row, in text.")
  var most = 20

  @Option(
    help: ArgumentHelp(
      "Write the reports into this folder as tables for SQL, too: reports.csv, known.csv, conditions.csv.",
      valueName: "folder"), completion: .directory)
  var sql: String?

  @Flag(
    help: """
      Instead: which hosts are unlike the others that run the same build of a kernel? Needs no reference, and nobody who is \
      known to be healthy.
      """)
  var consensus = false

  mutating func validate() throws {
    if consensus, !affected.isEmpty || !healthy.isEmpty || sql != nil {
      throw ValidationError("--consensus asks all hosts alike: it takes no --affected, --healthy or --sql")
    }
    if file.isEmpty, affected.isEmpty, healthy.isEmpty { throw ValidationError("name at least one report or folder") }
    if most < 1 { throw ValidationError("--most needs a number above 0") }
  }

  func run() throws {
    let theme: Theme = Terminal.wantsColour(.standardOutput) ? .colour : .plain
    if consensus { try runConsensus(theme) }
    let correlation: Correlation
    do {
      var collection = ReportCollection(tables: try sql.map(TableFolder.init))
      // Who is told to be affected or healthy is not asked again.
      for path in affected { try collection.add(path, as: .affected) }
      for path in healthy { try collection.add(path, as: .healthy) }
      for path in file { try collection.add(path) }
      try collection.finish()
      correlation = try Correlation(collection.fleet)
    } catch {
      refuse(error)
    }
    let report = CorrelationReport(correlation, theme: theme, most: most)
    Showing.finish(format == .json ? report.json(toolVersion: Liveprobe.version) : report.text, .ok)
  }

  private func runConsensus(_ theme: Theme) throws -> Never {
    var collection = StateCollection()
    for path in file { try collection.add(path) }
    guard collection.states.reportCount > 0 else {
      refuse(
        CommandFailure(
          "none of what was given is a report with a state, as scan --format json writes it"))
    }
    let report = ConsensusReport(
      Consensus(collection.states), statelessCount: collection.states.statelessCount, theme: theme, most: most)
    Showing.finish(format == .json ? report.json(toolVersion: Liveprobe.version) : report.text, .ok)
  }

  private func refuse(_ error: any Error) -> Never {
    Terminal.write(Refusal.line("nothing can be correlated", error), to: .standardError)
    Terminal.exit(3)
  }
}

internal import ArgumentParser
internal import Audit
internal import Correlation
internal import Report

/// `liveprobe correlate`: what affected hosts have in common that healthy ones lack.
struct CorrelateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "correlate", abstract: "Find what the affected hosts have in common and the healthy ones lack.",
    usage: "liveprobe correlate [<options>] [<file> ...]",
    discussion: """
      Reads the reports of many hosts ('liveprobe scan --format json', 'liveprobe crash --format json') and texts that a kernel \
      printed when it died, and compares implants by their fingerprints, builds of modules and kernels, taint, and findings. A \
      host is affected if it crashed or has a critical finding, and healthy if its scan ended OK or WARNING; other hosts are \
      left out. Needs no root, and reads nothing of this host.

      Exit status: 0 answered, whatever the answer; 3 not answered, or a host is silent. With --consensus also 1 a host is \
      unlike the others, 2 one has a finding of tampering. A file that is not a report is named on stderr, \
      and skipped.
      """)

  @Argument(
    help:
      "A report, a file with a report on each line (.jsonl, .ndjson), a text (.log, .txt), or a folder with any of these.",
    completion: .file())
  var file: [String] = []

  @Option(
    help: ArgumentHelp("Reports of affected hosts, whatever their verdict. Repeat to add more.", valueName: "path"),
    completion: .file())
  var affected: [String] = []

  @Option(
    help: ArgumentHelp("Reports of healthy hosts, whatever their verdict. Repeat to add more.", valueName: "path"),
    completion: .file())
  var healthy: [String] = []

  @Option(help: "Output format.")
  var format = Showing.Format.text

  @Option(help: "Conditions to show in each part of the text.")
  var most = 20

  @Option(
    help: ArgumentHelp(
      "Also write tables for SQL to this folder: reports.csv, known.csv, conditions.csv.",
      valueName: "folder"), completion: .directory)
  var sql: String?

  @Flag(
    help: """
      Instead: which hosts are unlike the others that run the same build of a kernel? Needs no reference, and nobody who is \
      known to be healthy.
      """)
  var consensus = false

  @Option(
    help: ArgumentHelp(
      "Also name the hosts that are silent: of those in this file, names one a line.", valueName: "file"),
    completion: .file())
  var inventory: String?

  @Option(
    help: ArgumentHelp(
      "A host is silent if its last report is older than the newest of all by more than this. (default: 48)",
      valueName: "hours"))
  var silentAfter: Int?

  mutating func validate() throws {
    if let silentAfter, !(1...Silence.mostHours).contains(silentAfter) {
      throw ValidationError("--silent-after needs a number of hours above 0")
    }
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
    let silence: Silence?
    do {
      var collection = ReportCollection(tables: try sql.map(TableFolder.init))
      // Who is told to be affected or healthy is not asked again.
      for path in affected { try collection.add(path, as: .affected) }
      for path in healthy { try collection.add(path, as: .healthy) }
      for path in file { try collection.add(path) }
      try collection.finish()
      silence = try self.silence(collection.fleet.last)
      correlation = try Correlation(collection.fleet)
    } catch {
      refuse(error)
    }
    let report = CorrelationReport(correlation, silence: silence, theme: theme, most: most)
    Showing.finish(
      format == .json ? report.json(toolVersion: Liveprobe.version) : report.text,
      silence?.hasSilent == true ? .unknown : .ok)
  }

  private func runConsensus(_ theme: Theme) throws -> Never {
    var collection = StateCollection()
    for path in file { try collection.add(path) }
    guard collection.states.reportCount > 0 else {
      refuse(
        CommandFailure(
          "none of what was given is a report with a state, as scan --format json writes it"))
    }
    let consensus = Consensus(collection.states)
    let silence: Silence?
    do { silence = try self.silence(collection.states.last) } catch { refuse(error) }
    let report = ConsensusReport(
      consensus, statelessCount: collection.states.statelessCount, duplicateCount: collection.states.duplicateCount,
      silence: silence, theme: theme, most: most)
    Showing.finish(
      format == .json ? report.json(toolVersion: Liveprobe.version) : report.text, Self.status(consensus, silence))
  }

  /// Which hosts say nothing; nil if that is not asked.
  private func silence(_ last: LastReports) throws -> Silence? {
    guard inventory != nil || silentAfter != nil else { return nil }
    let hosts = try inventory.map { HostInventory(try NamedFile(path: $0).bytes()) }
    if let inventory, hosts?.names.isEmpty == true { throw CommandFailure("\(inventory): names no host") }
    return Silence(last, inventory: hosts, hours: silentAfter ?? 48)
  }

  /// The worst of all.
  private static func status(_ consensus: Consensus, _ silence: Silence?) -> Status {
    let deviations = consensus.builds.flatMap(\.deviations)
    var status = deviations.contains { $0.kind.isTelling || $0.kind == .common } ? Status.warning : .ok
    if deviations.contains(where: { $0.kind == .unanswered }) || silence?.hasSilent == true {
      status = status.combined(with: .unknown)
    }
    return deviations.contains(where: \.isCritical) ? status.combined(with: .critical) : status
  }

  private func refuse(_ error: any Error) -> Never {
    Terminal.write(Refusal.line("nothing can be correlated", error), to: .standardError)
    Terminal.exit(3)
  }
}

internal import ArgumentParser
internal import Audit
internal import Baseline
internal import KernelModel
internal import Report

/// `liveprobe baseline record`: scans, and writes down what was seen.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Scan the running kernel, and record its state as the baseline.",
    usage: "liveprobe baseline record [<options>]",
    discussion: """
      Runs every check, as scan does. Requires root. With findings, nothing is recorded unless --accept is given. A module \
      that nothing vouches for does not prevent recording: with --accept, this build of it is recorded and is no longer a \
      finding; without, it is named as not accepted. A later scan still reports all other findings.

      Exit status: 0 recorded; 1 recorded, with findings or unanswered questions; 2 not recorded, because of findings; 3 not \
      recorded, because the kernel could not be read or the file could not be written.
      """)

  @OptionGroup var store: StoreOptions

  @Flag(
    help: """
      Record despite findings, and accept modules that nothing vouches for. Each is listed.
      """)
  var accept = false

  @Option(help: "The vendor's files, as for scan.", completion: .file())
  var reference: String?

  @OptionGroup var copying: CopyOptions

  @Option(help: "File or folder of allow rules, as for scan.", completion: .file())
  var allow: [String] = []

  @Option(help: "Read defaults from this configuration file.", completion: .file(extensions: ["conf"]))
  var config: String?

  mutating func validate() throws {
    guard let config else { return }
    let configuration = try UserFiles.accepted { try Configuration(at: config) }
    reference = reference ?? configuration.reference
    if allow.isEmpty { allow = configuration.allow }
    copying.fill(from: configuration)
  }

  func run() throws {
    let allowed = try UserFiles.accepted { try allow.flatMap(AllowFile.rules) }
    // What cannot be written is known before anything is scanned.
    let store = try store.open(makes: true)
    let progress = Progress(isShown: Terminal.isTerminal(.standardError))
    var host: any KernelSource = LiveHost(reference: reference, asksCopy: copying.isAllowed)
    let verdict = HostScan(allowed: allowed).run(on: &host, progress).verdict
    let report = RecordReport(verdict, store: store.path)
    if let obstacle = report.obstacle {
      Terminal.write(obstacle, to: .standardError)
      Terminal.exit(Status.unknown.rawValue)
    }
    guard accept || verdict.findings.allSatisfy({ $0.stranger != nil }) else {
      Terminal.write(report.refusal, to: .standardError)
      Terminal.exit(Status.critical.rawValue)
    }
    let file = BaselineFile(try RecordedState(of: verdict, accepting: accept))
    let isFirst = try !store.list().contains(file.state.buildID)
    try store.write(file)
    let path = store.path(for: file.state.buildID)
    let before = isFirst ? store.latest(butFor: file.state.buildID) : nil
    Terminal.write(report.recorded(file.state, at: path, accepting: accept, before: before?.words), to: .standardOutput)
    let isWhole = verdict.findings.isEmpty && file.state.checks.allSatisfy(\.isAnswered)
    Terminal.exit(isWhole ? Status.ok.rawValue : Status.warning.rawValue)
  }
}

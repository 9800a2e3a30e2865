internal import ArgumentParser
internal import Audit
internal import Baseline
internal import KernelModel
internal import Report

/// `liveprobe baseline record`: scans, and writes down what was seen.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Scan the running kernel, and record what is seen of it.",
    discussion: """
      Asks every check, as a scan does; needs root. Where there are findings, nothing is recorded unless --accept says \
      that they belong there. A module that nothing vouches for stands in nobody's way: with --accept this build of it is \
      remembered and no finding any more, without it says what was not accepted. Any other finding a scan goes on \
      reporting.

      Exit status: 0 recorded; 1 recorded, with findings or questions that have no answer; 2 not recorded, because of findings; 3 not recorded, because this kernel could not be looked at or the file not written.
      """)

  @OptionGroup var store: StoreOptions

  @Flag(
    help: """
      Record this state although there are findings, and accept modules that nothing vouches for; each is listed.
      """)
  var accept = false

  @Option(help: "Take the vendor's files from here, as scan does.", completion: .file())
  var reference: String?

  @OptionGroup var copying: CopyOptions

  @Option(help: "Accept what the allow rules in this file or folder say, as scan does.", completion: .file())
  var allow: [String] = []

  @Option(help: "Take what the command line does not say from this file.", completion: .file(extensions: ["conf"]))
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
    try store.write(file)
    let path = store.path(for: file.state.buildID)
    Terminal.write(report.recorded(file.state, at: path, accepting: accept), to: .standardOutput)
    let isWhole = verdict.findings.isEmpty && file.state.checks.allSatisfy(\.isAnswered)
    Terminal.exit(isWhole ? Status.ok.rawValue : Status.warning.rawValue)
  }
}

internal import ArgumentParser
internal import Audit
internal import Baseline
internal import Checks
internal import KernelModel
internal import LiveProbe
internal import Report

/// `liveprobe scan`: the main job.
struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan", abstract: "Scan the running kernel, or the one in a dump.",
    discussion: "Asks every check there is; needs root, but for a dump. The exit status is the answer.")

  @OptionGroup var reporting: ReportOptions

  @Option(help: "Ask only this check; may be given more than once.", completion: Self.checks)
  var only: [String] = []

  @Option(help: "Do not ask this check; may be given more than once.", completion: Self.checks)
  var skip: [String] = []

  @Option(
    help: """
      Take the vendor's files from here: a vmlinuz, vmlinux or System.map, a distribution's kernel package (.deb, .rpm), \
      or a folder with any of these and the modules.
      """, completion: .file())
  var reference: String?

  @OptionGroup var dump: DumpOptions

  @OptionGroup var copying: CopyOptions

  @OptionGroup var comparison: ComparisonOptions

  @Option(help: "How far to look around what is found, each way: bytes, or with K or M.")
  var around = Self.defaultAround

  @Option(help: "Add the signature rules in this file; may be given more than once.", completion: .file())
  var signatures: [String] = []

  @Option(
    help: ArgumentHelp(
      "Accept what the allow rules in this file, or in the .conf files of this folder, say; may be given more than once.",
      valueName: "path"), completion: .file())
  var allow: [String] = []

  @Option(help: "Take what the command line does not say from this file.", completion: .file(extensions: ["conf"]))
  var config: String?

  @Option(
    help: ArgumentHelp(
      """
      Instead of a scan, explain the bytes at one place of the kernel's or a module's code and constants: an address, \
      or a symbol and an offset, in hexadecimal.
      """, valueName: "address|symbol[+offset]"))
  var explainBytes: SiteQuery?

  private static let defaultAround = ByteCount(bytes: 1 << 20)
  private static let checks = CompletionKind.list(Registry.checks.map(\.manual.id))

  mutating func validate() throws {
    if let config, explainBytes == nil { fill(from: try UserFiles.accepted { try Configuration(at: config) }) }
    for id in only + skip where Registry.check(withID: id) == nil {
      throw ValidationError(UnknownCheck(id: id).message)
    }
    if let both = only.first(where: skip.contains) {
      throw ValidationError("--only \(both) and --skip \(both) contradict each other")
    }
    if selectedChecks.isEmpty {
      throw ValidationError("--skip leaves no check to ask")
    }
    if explainBytes != nil { try validateExplanation() }
  }

  /// Takes from `configuration` what the command line does not say.
  private mutating func fill(from configuration: Configuration) {
    if only.isEmpty, skip.isEmpty { skip = configuration.skip }
    reference = reference ?? configuration.reference
    if let size = configuration.around, around.bytes == Self.defaultAround.bytes { around = size }
    if signatures.isEmpty { signatures = configuration.signatures }
    if allow.isEmpty { allow = configuration.allow }
    copying.fill(from: configuration)
    comparison.fill(from: configuration)
  }

  /// What a scan does and an explanation does not.
  private func validateExplanation() throws {
    let others: [(name: String, isGiven: Bool)] = [
      ("--only", !only.isEmpty), ("--skip", !skip.isEmpty), ("--signatures", !signatures.isEmpty),
      ("--allow", !allow.isEmpty), ("--config", config != nil),
      ("--around", around.bytes != Self.defaultAround.bytes),
      ("--baseline", comparison.baseline != nil),
      ("--format \(reporting.format.first?.rawValue ?? "")", reporting.format.contains { $0 != .text }),
      ("--output", !reporting.output.isEmpty), ("--verbose", reporting.verbose),
    ]
    if let other = others.first(where: \.isGiven) {
      throw ValidationError(
        "--explain-bytes and \(other.name) contradict each other: it explains one place, in text, and scans nothing"
      )
    }
  }

  private var selectedChecks: [any Check] {
    Registry.checks.filter { check in
      (only.isEmpty || only.contains(check.manual.id)) && !skip.contains(check.manual.id)
    }
  }

  func run() throws {
    let added = try loadAddedRules()
    let allowed = try UserFiles.accepted { try allow.flatMap(AllowFile.rules) }
    let baseline = try comparison.source()
    let progress = Progress(isShown: Terminal.isTerminal(.standardError))
    let asksReader = explainBytes == nil && selectedChecks.contains { $0 is Reader }
    var host = dump.source(
      reference: reference, live: LiveHost(reference: reference, asksCopy: asksReader && copying.isAllowed))
    if let explainBytes {
      ExplainBytes(query: explainBytes, theme: reporting.theme()).run(on: &host, progress)
    }
    let forensics = Self.forensics(around: around, added)
    var (verdict, measurements) = HostScan(
      checks: selectedChecks, forensics: forensics, allowed: allowed,
      wantsExhibits: reporting.format.contains { $0 == .html || $0 == .sqlite },
      wantsInventory: reporting.format.contains { $0 == .json || $0 == .sqlite }
    ).run(on: &host, progress)
    baseline?.compare(&verdict)
    Terminal.exit(reporting.write(verdict, measurements).rawValue)
  }

  /// How what is found is looked around, by itself as far as a scan does that nobody told anything else.
  static func forensics(around: ByteCount = defaultAround, _ added: SignatureRules = SignatureRules()) -> Forensics {
    Forensics(around: around.bytes) { SignatureRules.shippedOrNone().adding(added) }
  }

  /// The rules in the files that the user named; an error in one of them is known before anything is scanned.
  private func loadAddedRules() throws -> SignatureRules {
    try UserFiles.accepted {
      try signatures.reduce(SignatureRules()) { rules, path in
        rules.adding(try SignatureRules(decoding: try NamedFile(path: path).bytes(), name: path))
      }
    }
  }
}

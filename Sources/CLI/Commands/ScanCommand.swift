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
    discussion: "Runs all checks. Requires root unless --image is given. The exit status is the verdict.")

  @OptionGroup var reporting: ReportOptions

  @Option(help: "Run only this check. Repeat to run several.", completion: Self.checks)
  var only: [String] = []

  @Option(help: "Skip this check. Repeat to skip several.", completion: Self.checks)
  var skip: [String] = []

  @Option(
    help: """
      The vendor's files: a vmlinuz, vmlinux or System.map, a distribution's kernel package (.deb, .rpm), or a folder with \
      any of these and the modules.
      """, completion: .file())
  var reference: String?

  @OptionGroup var dump: DumpOptions

  @OptionGroup var copying: CopyOptions

  @OptionGroup var deepening: DeepOptions

  @OptionGroup var comparison: ComparisonOptions

  @Option(help: "Bytes to inspect on each side of a finding (suffix K or M).")
  var around = Self.defaultAround

  @Option(help: "Add the signature rules in this file. Repeat to add more.", completion: .file())
  var signatures: [String] = []

  @Option(
    help: ArgumentHelp(
      "File of allow rules, or folder of .conf files: the findings that they accept. Repeat to add more.",
      valueName: "path"), completion: .file())
  var allow: [String] = []

  @Option(
    help: ArgumentHelp(
      "Processors to use at most, 1 to 4 (default: 2, or 1 where there are no more).", valueName: "number"))
  var jobs: Int?

  @Option(help: "Read defaults from this configuration file.", completion: .file(extensions: ["conf"]))
  var config: String?

  @Option(
    help: ArgumentHelp(
      """
      Do not scan, but explain the bytes at one address in the code or constants of the kernel or a module. The address \
      and the offset are hexadecimal.
      """, valueName: "address|symbol[+offset]"))
  var explainBytes: SiteQuery?

  private static let defaultAround = ByteCount(bytes: 1 << 20)
  private static let checks = CompletionKind.list(Registry.checks.map(\.manual.id))

  mutating func validate() throws {
    if deepening.deep { try validateDeepening() }
    if let config, explainBytes == nil { fill(from: try UserFiles.accepted { try Configuration(at: config) }) }
    for id in only + skip where Registry.check(withID: id) == nil {
      throw ValidationError(UnknownCheck(id: id).message)
    }
    if let jobs, !FilesAhead.processorNumbers.contains(jobs) {
      throw ValidationError("--jobs \(jobs) is not from 1 to 4")
    }
    if let both = only.first(where: skip.contains) {
      throw ValidationError("--only \(both) and --skip \(both) contradict each other")
    }
    if selectedChecks.isEmpty {
      throw ValidationError("--skip leaves no check to run")
    }
    if explainBytes != nil { try validateExplanation() }
  }

  private func validateDeepening() throws {
    let id = RegisteredCode.manual.id
    guard (only.isEmpty || only.contains(id)) && !skip.contains(id) else {
      throw ValidationError("--deep is a part of \(id), which --only or --skip leaves out")
    }
  }

  /// Takes from `configuration` what the command line does not say.
  private mutating func fill(from configuration: Configuration) {
    if only.isEmpty, skip.isEmpty { skip = configuration.skip }
    reference = reference ?? configuration.reference
    if let size = configuration.around, around.bytes == Self.defaultAround.bytes { around = size }
    if signatures.isEmpty { signatures = configuration.signatures }
    if allow.isEmpty { allow = configuration.allow }
    jobs = jobs ?? configuration.jobs
    copying.fill(from: configuration)
    deepening.fill(from: configuration)
    comparison.fill(from: configuration)
  }

  /// What a scan does and an explanation does not.
  private func validateExplanation() throws {
    let others: [(name: String, isGiven: Bool)] = [
      ("--only", !only.isEmpty), ("--skip", !skip.isEmpty), ("--signatures", !signatures.isEmpty),
      ("--allow", !allow.isEmpty), ("--config", config != nil),
      ("--around", around.bytes != Self.defaultAround.bytes),
      ("--deep", deepening.deep), ("--baseline", comparison.baseline != nil),
      ("--format \(reporting.format.first?.rawValue ?? "")", reporting.format.contains { $0 != .text }),
      ("--output", !reporting.output.isEmpty), ("--verbose", reporting.verbose),
    ]
    if let other = others.first(where: \.isGiven) {
      throw ValidationError(
        "--explain-bytes and \(other.name) contradict each other: it explains one address, as text, without a scan"
      )
    }
  }

  private var selectedChecks: [any Check] {
    Registry.checks.filter { check in
      (only.isEmpty || only.contains(check.manual.id)) && !skip.contains(check.manual.id)
    }.map(deepening.deepened)
  }

  func run() throws {
    let added = try loadAddedRules()
    let allowed = try UserFiles.accepted { try allow.flatMap(AllowFile.rules) }
    let baseline = try comparison.source()
    let progress = Progress(isShown: Terminal.isTerminal(.standardError))
    let asksReader = explainBytes == nil && selectedChecks.contains { $0 is Reader }
    let ahead = FilesAhead(
      image: true, modules: explainBytes == nil && selectedChecks.contains { $0 is ModuleText },
      processors: jobs ?? FilesAhead.usualProcessors)
    var host = dump.source(
      reference: reference, ahead: ahead,
      live: LiveHost(reference: reference, ahead: ahead, asksCopy: asksReader && copying.isAllowed))
    if let explainBytes {
      ExplainBytes(query: explainBytes, theme: reporting.theme()).run(on: &host, progress)
    }
    let forensics = Self.forensics(around: around, added)
    var (verdict, measurements) = HostScan(
      checks: selectedChecks, forensics: forensics, allowed: allowed,
      exhibit: reporting.format.contains { $0 == .html || $0 == .sqlite } ? { Exhibits(of: $0) } : nil,
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

internal import ArgumentParser
internal import KernelModel

/// `liveprobe baseline compare`: a scan that is compared with this host's baseline.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Scan the running kernel, and compare it with its baseline.",
    usage: "liveprobe baseline compare [<options>]",
    discussion: """
      The same as 'liveprobe scan --baseline', which has more options. Exit status: as for scan; drift is WARNING; a \
      missing or refused baseline is UNKNOWN.
      """)

  @Option(help: "Baseline file, or a folder that has one for this kernel build.", completion: .file())
  var baseline = StoreOptions.standard

  @Option(help: "Refuse a baseline that this key did not sign.", completion: .file())
  var publicKey: String?

  @Option(help: "Refuse a baseline that was signed before this time: 2026-01-31T12:00:00Z.")
  var notBefore: UTCTime?

  @Option(help: "The vendor's files, as for scan.", completion: .file())
  var reference: String?

  @OptionGroup var reporting: ReportOptions

  func run() throws {
    var arguments = ["--baseline", baseline]
    if let publicKey { arguments += ["--public-key", publicKey] }
    if let notBefore { arguments += ["--not-before", notBefore.description] }
    if let reference { arguments += ["--reference", reference] }
    var scan = try ScanCommand.parse(arguments)
    scan.reporting = reporting
    try scan.run()
  }
}

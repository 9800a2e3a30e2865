internal import ArgumentParser
internal import KernelModel

/// `liveprobe baseline compare`: a scan that is compared with this host's baseline.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Scan the running kernel, and compare it with its baseline.",
    discussion: """
      The same as liveprobe scan --baseline, which takes more options. Exit status: as scan's; drift is WARNING, and no \
      baseline, or one that is refused, is UNKNOWN.
      """)

  @Option(help: "The baseline's file, or the folder in which the kernel's own is looked up.", completion: .file())
  var baseline = StoreOptions.standard

  @Option(help: "Refuse a baseline that is not signed by this key.", completion: .file())
  var publicKey: String?

  @Option(help: "Refuse a baseline that was signed earlier: a time such as 2026-01-31T12:00:00Z.")
  var notBefore: UTCTime?

  @Option(help: "Take the vendor's files from here, as scan does.", completion: .file())
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

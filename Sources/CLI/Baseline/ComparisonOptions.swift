internal import ArgumentParser
internal import Baseline
internal import Cryptography
internal import KernelModel

/// What a scan is compared with, and how far that is trusted.
struct ComparisonOptions: ParsableArguments {
  @Option(
    help: "Compare with this baseline: a file, or a folder in which the kernel's own is looked up.", completion: .file()
  )
  var baseline: String?

  @Option(help: "Refuse a baseline that is not signed by this key.", completion: .file())
  var publicKey: String?

  @Option(
    help: ArgumentHelp(
      "Refuse a baseline that was signed earlier, whatever this host remembers: a time such as 2026-01-31T12:00:00Z.",
      valueName: "time"))
  var notBefore: UTCTime?

  /// Takes from `configuration` what the command line does not say; a key of one is not asked of the other's baseline.
  mutating func fill(from configuration: Configuration) {
    guard baseline == nil else { return }
    baseline = configuration.baseline
    publicKey = configuration.publicKey
    notBefore = configuration.notBefore
  }

  mutating func validate() throws {
    if publicKey != nil, baseline == nil { throw ValidationError("--public-key needs --baseline") }
    if notBefore != nil, publicKey == nil { throw ValidationError("--not-before needs --public-key") }
  }

  /// What to compare with; nil if that was not asked.
  ///
  /// - Throws: if the key cannot be used: that is known before anything is scanned.
  func source() throws -> BaselineSource? {
    guard let baseline else { return nil }
    return BaselineSource(path: baseline, publicKey: try publicKey.map(Keys.publicKey), notBefore: notBefore)
  }
}

extension UTCTime: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

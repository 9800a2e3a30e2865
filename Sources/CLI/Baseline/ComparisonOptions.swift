internal import ArgumentParser
internal import Baseline
internal import Cryptography
internal import KernelModel

/// What a scan is compared with, and how far that is trusted.
struct ComparisonOptions: ParsableArguments {
  @Option(
    help: "Compare with this baseline: a file, or a folder that has one for this kernel build.", completion: .file()
  )
  var baseline: String?

  @Option(help: "Refuse a baseline that this key did not sign.", completion: .file())
  var publicKey: String?

  @Option(
    help: ArgumentHelp(
      "Refuse a baseline that was signed before this time (2026-01-31T12:00:00Z), whatever this host remembers.",
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

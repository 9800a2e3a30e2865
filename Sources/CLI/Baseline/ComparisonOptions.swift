internal import ArgumentParser
internal import Audit
internal import Baseline
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
      "Refuse a baseline that was signed earlier, whatever this host remembers.",
      valueName: "time, 2026-01-31T12:00:00Z"))
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

/// The keys in files that the user names.
enum Keys {
  static func publicKey(_ path: String) throws -> PublicKey {
    do {
      return try PublicKey(file: path)
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }

  static func privateKey(_ path: String) throws -> PrivateKey {
    do {
      return try PrivateKey(file: path)
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }
}

extension UTCTime: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension BaselineSource {
  /// How a verdict compares with the baseline of its kernel; nil if no kernel was looked at.
  func comparison(with verdict: Verdict) -> BaselineComparison? {
    guard verdict.kernel != nil, verdict.obstacles.isEmpty else { return nil }
    let state: RecordedState
    do throws(Withheld) {
      state = try RecordedState(of: verdict)
    } catch {
      return BaselineComparison(source: path, outcome: .refused(error))
    }
    do throws(Failure) {
      let accepted = try baseline(for: state.buildID)
      return BaselineComparison(
        of: state, with: accepted.file.state, source: accepted.path, recordedAt: accepted.since?.description,
        keyID: accepted.keyID, remarks: accepted.remarks)
    } catch {
      switch error {
      case .absent(let withheld): return BaselineComparison(source: path, outcome: .absent(withheld))
      case .refused(let withheld): return BaselineComparison(source: path, outcome: .refused(withheld))
      }
    }
  }
}

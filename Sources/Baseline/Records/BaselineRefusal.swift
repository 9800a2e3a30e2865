package import KernelModel

/// Why a baseline that is there is not to be compared with.
package enum BaselineRefusal: Error, Hashable, Sendable {
  case unreadable(RecordFormatError)
  case signature(SignatureRefusal)
  /// The baseline is for another build of the kernel than the one that runs.
  case otherBuild(BuildID, release: String, running: BuildID)
  /// Signed earlier than a baseline of this kernel that was verified here before.
  case rolledBack(signedAt: UTCTime, newest: UTCTime)
  /// Signed earlier than the user accepts.
  case tooOld(signedAt: UTCTime, notBefore: UTCTime)

  /// What is wrong with it.
  package var reason: String {
    switch self {
    case .unreadable(let error): "is damaged: \(error)"
    case .signature(let refusal): refusal.description
    case .otherBuild(let id, let release, let running):
      "is for another build of the kernel: for \(release), build id \(id), and build id \(running) is running"
    case .rolledBack(let signedAt, let newest):
      "was rolled back: it was signed at \(signedAt), and one signed at \(newest) was verified here before"
    case .tooOld(let signedAt, let notBefore):
      "is too old: it was signed at \(signedAt), and --not-before asks for \(notBefore) or later"
    }
  }

  /// What a person can do.
  package var remedy: String {
    switch self {
    case .unreadable: "record it anew (liveprobe baseline record), and sign it again where the key is"
    case .signature(.unsigned): "sign it where the private key is: liveprobe baseline sign --key NAME.key BASELINE"
    case .signature(.foreignKey): "give the public key that belongs to it (--public-key), or sign it with the right one"
    case .signature(.altered), .rolledBack:
      "treat this host as suspect, and fetch the signed baseline from where it was signed"
    case .otherBuild: "record one of this kernel: liveprobe baseline record"
    case .tooOld: "sign a newer record: liveprobe baseline record, then liveprobe baseline sign"
    }
  }
}

extension BaselineRefusal: CustomStringConvertible {
  package var description: String { "the baseline \(reason); \(remedy)" }
}

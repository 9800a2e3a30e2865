import Cryptography
package import KernelModel

/// A signature that vouches for a package, or would if its key were known.
package struct PackageSignature: Equatable, Sendable {
  /// What is signed.
  package enum Way: String, Sendable {
    /// A repository's `Release`, which has the digest of a list, which has the package's.
    case repository
    /// The package's own header, which has the digests of its files.
    case header
    /// The package's file.
    case file
  }

  package let way: Way
  /// Whether it was verified with a key of a keyring.
  package internal(set) var isVerified = false
  /// The fingerprint of the key that made it; while it is not verified, what it says of its key.
  package internal(set) var key: String
  /// The fingerprint of the primary key; empty while it is not verified.
  package internal(set) var primary = ""
  /// The name that the key gives itself; empty while it is not verified.
  package internal(set) var signer = ""
  package internal(set) var madeAt: UTCTime?
  /// When the key expired, if it had when the signature was verified.
  package internal(set) var keyExpiredAt: UTCTime?
  /// Why it was not verified; empty if it was.
  package internal(set) var obstacle = ""
  /// What it is of: `InRelease of 2026-07-11, suite oldstable`.
  package let document: String
  /// The list that names the package, with its digest, as the signed text names it.
  package internal(set) var index: Item?
  /// What is kept to verify it again: what is signed, and the signature if that stands apart.
  package internal(set) var evidence: [Item] = []

  /// Something with a SHA-256, in lower-case hexadecimal.
  package struct Item: Equatable, Sendable {
    package let name: String
    package let digest: String
    package let byteCount: Int
  }

  init(_ way: Way, key: String, document: String) {
    (self.way, self.key, self.document) = (way, key, document)
  }
}

/// Judges the signatures of one document.
struct SignatureJudge {
  /// Nil if none was given: nothing is verified then.
  let keyring: OpenPGP.Keyring?
  /// Seconds since 1970.
  let now: Int

  /// What each signature is worth, in their order: nothing without a keyring.
  func answers(
    _ signatures: [OpenPGP.Signature?], _ answer: (OpenPGP.Signature, OpenPGP.Keyring) -> OpenPGP.Keyring.Answer
  ) -> [OpenPGP.Keyring.Answer] {
    guard let keyring else { return [] }
    return signatures.map { signature in signature.map { answer($0, keyring) } ?? .unknownKey }
  }

  /// - Parameter answers: what each of them is worth; nothing without a keyring.
  /// - Returns: all of them, at least one verified if there is a keyring.
  /// - Throws: if none is verified, or one was made of something else.
  func judge(
    _ signatures: [OpenPGP.Signature?], _ way: PackageSignature.Way, _ document: String,
    _ answers: [OpenPGP.Keyring.Answer]
  ) throws(VendorFileError) -> [PackageSignature] {
    var judged: [PackageSignature] = []
    for (place, signature) in signatures.enumerated() {
      var result = PackageSignature(way, key: signature?.issuer ?? "", document: document)
      guard let signature else {
        result.obstacle = "it is of another version of OpenPGP than 3 and 4"
        judged.append(result)
        continue
      }
      guard keyring != nil, answers.indices.contains(place) else {
        result.obstacle = "no keyring was given"
        judged.append(result)
        continue
      }
      switch answers[place] {
      case .verified(let signer):
        (result.isVerified, result.key, result.primary, result.signer) = (true, signer.key, signer.primary, signer.name)
        (result.madeAt, result.keyExpiredAt) = (signer.madeAt, signer.expiredAt)
      case .unknownKey: result.obstacle = "the keyring does not have key \(signature.issuer)"
      case .worthless(let why): result.obstacle = why
      case .wrong(let why): throw .wrongSignature("the signature of \(document) is wrong: \(why)")
      }
      judged.append(result)
    }
    guard keyring == nil || judged.contains(where: \.isVerified) else {
      let why = Set(judged.map(\.obstacle)).sorted().joined(separator: "; ")
      throw .unsigned("no signature of \(document) could be verified: \(why)")
    }
    return judged
  }
}

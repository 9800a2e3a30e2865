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

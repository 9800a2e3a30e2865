internal import Crypto

/// An Ed25519 public key, as a PEM file holds it that openssl reads and writes.
package struct PublicKey: Sendable {
  private let key: Curve25519.Signing.PublicKey

  init(_ key: Curve25519.Signing.PublicKey) {
    self.key = key
  }

  /// - Parameter text: a PEM file with a SubjectPublicKeyInfo.
  package init(pem text: String) throws(KeyError) {
    let raw = try KeyFile.publicKey.decode(text)
    do {
      key = try Curve25519.Signing.PublicKey(rawRepresentation: raw)
    } catch {
      throw .notAKey("its bytes are no Ed25519 public key: \(error)")
    }
  }

  package init(file path: String) throws(KeyError) {
    try self.init(pem: try KeyFile.publicKey.text(at: path))
  }

  package var pem: String { KeyFile.publicKey.encode(Array(key.rawRepresentation)) }

  /// What people call the key: the first 16 hexadecimal digits of the SHA-256 of its raw bytes.
  package var id: String {
    String(Array(key.rawRepresentation).withUnsafeBytes { Digest.sha256.of($0) }.prefix(16))
  }

  package func isValid(_ signature: [UInt8], for bytes: [UInt8]) -> Bool {
    key.isValidSignature(signature, for: bytes)
  }
}

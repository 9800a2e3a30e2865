import Cnettle

/// An Ed25519 public key, as a PEM file holds it that openssl reads and writes.
package struct PublicKey: Sendable {
  static let byteCount = Int(ED25519_KEY_SIZE)
  /// Source: RFC 8032, 5.1.6.
  package static let signatureByteCount = Int(ED25519_SIGNATURE_SIZE)

  /// As RFC 8032, 5.1.5, has it: a point's y, the lowest first, and the sign of its x in the highest bit.
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    precondition(bytes.count == Self.byteCount)
    self.bytes = bytes
  }

  /// - Parameter text: a PEM file with a SubjectPublicKeyInfo.
  package init(pem text: String) throws(KeyError) {
    self.init(try KeyFile.publicKey.decode(text))
  }

  package init(file path: String) throws(KeyError) {
    try self.init(pem: try KeyFile.publicKey.text(at: path))
  }

  package var pem: String { KeyFile.publicKey.encode(bytes) }

  /// What people call the key: the first 16 hexadecimal digits of the SHA-256 of its raw bytes.
  package var id: String {
    String(bytes.withUnsafeBytes { Digest.sha256.of($0) }.prefix(16))
  }

  /// Whether the key made `signature` of `bytes`.
  ///
  /// As RFC 8032, 5.1.7, wants it, without the cofactor: of one signature there is no second form, since its number must
  /// be below the group's order, and each point must be written in its one form, and lie on the curve. What is not refused
  /// is a point of small order: a key that is one signs anything, so whose key it is decides, as with any key.
  ///
  /// Source: _nettle_eddsa_verify(), eddsa-verify.c, and _nettle_eddsa_decompress(), eddsa-decompress.c (Nettle 3.8.1).
  package func isValid(_ signature: [UInt8], for bytes: [UInt8]) -> Bool {
    // Nettle is not told how long they are.
    guard signature.count == Self.signatureByteCount else { return false }
    return nettle_ed25519_sha512_verify(self.bytes, bytes.count, bytes, signature) == 1
  }
}

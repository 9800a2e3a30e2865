package import KernelModel

/// The signature at a record's end: who signed, when, and the signature itself.
package struct RecordSignature: Hashable, Sendable {
  /// The first 16 hexadecimal digits of the SHA-256 of the raw public key.
  package var keyID: String
  package var signedAt: UTCTime
  /// 64 bytes.
  ///
  /// Source: RFC 8032, 5.1.6.
  package var bytes: [UInt8]

  package init(keyID: String, signedAt: UTCTime, bytes: [UInt8]) {
    self.keyID = keyID
    self.signedAt = signedAt
    self.bytes = bytes
  }

  /// Whether the text is a key's id in form.
  static func isKeyID(_ text: Substring) -> Bool {
    text.utf8.count == 16 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}

import Cryptography
package import KernelModel

/// Text of one form that may end with a signature: a baseline, a capture's manifest.
package protocol SignedRecord {
  /// All of it without the signature; ends with a newline.
  var text: String { get }
  var signature: RecordSignature? { get set }
}

extension SignedRecord {
  /// The file's bytes.
  package var bytes: [UInt8] {
    guard let signature else { return Array(text.utf8) }
    return signedBytes(by: signature.keyID, at: signature.signedAt) + Array("\(Base64.encode(signature.bytes))\n".utf8)
  }

  /// What a signature is over: all bytes before it, who signs and when included.
  package func signedBytes(by keyID: String, at time: UTCTime) -> [UInt8] {
    Array("\(text)signature\ted25519\t\(keyID)\t\(time)\t".utf8)
  }

  /// Refuses what was decoded from `bytes` unless they are exactly those that it is written as: so nothing can be hidden in
  /// a record from who signs it.
  func requireForm(of bytes: [UInt8]) throws(RecordFormatError) {
    let written = self.bytes
    guard written != bytes else { return }
    let same = zip(written, bytes).prefix { $0 == $1 }
    throw .malformed(
      line: same.count { $0.0 == UInt8(ascii: "\n") } + 1,
      "not as it is written: lines are sorted, each stands once, and each text has one form")
  }
}

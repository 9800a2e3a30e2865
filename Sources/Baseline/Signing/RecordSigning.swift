package import Cryptography
package import KernelModel

extension SignedRecord {
  /// The same record, signed; a signature that it has is replaced.
  package func signed(with key: PrivateKey, at time: UTCTime) -> Self {
    let id = key.publicKey.id
    var signed = self
    signed.signature = RecordSignature(
      keyID: id, signedAt: time, bytes: key.sign(signedBytes(by: id, at: time)))
    return signed
  }

  /// Holds the signature against a key.
  ///
  /// - Returns: the signature, which is the key's, over every other byte of the file.
  @discardableResult
  package func verify(with key: PublicKey) throws(SignatureRefusal) -> RecordSignature {
    guard let signature else { throw .unsigned }
    guard signature.keyID == key.id else { throw .foreignKey(signature.keyID, expected: key.id) }
    guard key.isValid(signature.bytes, for: signedBytes(by: signature.keyID, at: signature.signedAt)) else {
      throw .altered(keyID: signature.keyID)
    }
    return signature
  }
}

/// Why a signature does not hold.
package enum SignatureRefusal: Error, Hashable, Sendable {
  case unsigned
  /// Signed by the key of this id, and another was asked for.
  case foreignKey(String, expected: String)
  /// Not what the key signed.
  case altered(keyID: String)
}

extension SignatureRefusal: CustomStringConvertible {
  /// What is wrong, after the name of what was signed.
  package var description: String {
    switch self {
    case .unsigned: "is not signed"
    case .foreignKey(let id, let expected): "is signed by another key, \(id), and not by \(expected)"
    case .altered(let id): "was changed after it was signed: the signature of key \(id) is not for what it says"
    }
  }
}

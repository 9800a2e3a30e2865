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

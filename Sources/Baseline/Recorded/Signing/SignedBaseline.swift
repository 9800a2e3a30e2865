extension BaselineFile {
  /// The same baseline, signed; a signature that it has is replaced.
  package func signed(with key: PrivateKey, at time: UTCTime) throws(KeyError) -> BaselineFile {
    let id = key.publicKey.id
    let signature = try key.sign(signedBytes(by: id, at: time))
    return BaselineFile(state, signature: BaselineSignature(keyID: id, signedAt: time, bytes: signature))
  }

  /// Holds the signature against a key.
  ///
  /// - Returns: the signature, which is the key's, over every other byte of the file.
  package func verify(with key: PublicKey) throws(BaselineRefusal) -> BaselineSignature {
    guard let signature else { throw .unsigned }
    guard signature.keyID == key.id else { throw .foreignKey(signature.keyID, expected: key.id) }
    guard key.isValid(signature.bytes, for: signedBytes(by: signature.keyID, at: signature.signedAt)) else {
      throw .altered(keyID: signature.keyID)
    }
    return signature
  }
}

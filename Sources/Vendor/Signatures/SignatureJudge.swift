import Cryptography

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

  /// What the signatures in `packets` are worth, which stand apart from the `bytes` that they are of.
  func judge(
    _ packets: [UInt8], of bytes: [UInt8], _ way: PackageSignature.Way, _ document: String
  ) throws(VendorFileError) -> [PackageSignature] {
    let signatures = try Self.read { () throws(OpenPGP.Fault) in try OpenPGP.Signature.all(packets) }
    let answers = answers(signatures) { signature, keyring in
      keyring.answer(signature, now: now) { running in bytes.withUnsafeBytes { running.update($0) } }
    }
    return try judge(signatures, way, document, answers)
  }

  /// What `body` reads of OpenPGP.
  static func read<Value>(_ body: () throws(OpenPGP.Fault) -> Value) throws(VendorFileError) -> Value {
    do throws(OpenPGP.Fault) {
      return try body()
    } catch {
      throw .wrongSignature("its signature cannot be read: \(error)")
    }
  }
}

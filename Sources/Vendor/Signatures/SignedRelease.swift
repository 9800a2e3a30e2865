import Cryptography

/// A repository's `Release` with its signatures.
struct SignedRelease {
  /// Names of files by their SHA-256.
  let names: [String: String]
  /// Or why it vouches for nothing.
  let signatures: Result<[PackageSignature], VendorFileError>
  /// What is kept to verify it again.
  let evidence: [[UInt8]]

  /// `InRelease`, which has its signatures in it.
  init(_ bytes: [UInt8], _ judge: SignatureJudge) throws(VendorFileError) {
    let signed = try SignatureJudge.read { () throws(OpenPGP.Fault) in try OpenPGP.ClearSignedText(bytes) }
    let text = RepositoryRelease(signed.text)
    names = text.names
    evidence = [bytes]
    signatures = Result { () throws(VendorFileError) in
      let answers = judge.answers(signed.signatures) { signed.answer($0, by: $1, now: judge.now) }
      return try judge.judge(signed.signatures, .repository, "InRelease of \(text.description)", answers)
    }
  }

  /// `Release`, and `Release.gpg`.
  init(_ bytes: [UInt8], _ signature: [UInt8], _ judge: SignatureJudge) {
    let text = RepositoryRelease(bytes)
    names = text.names
    evidence = [bytes, signature]
    signatures = Result { () throws(VendorFileError) in
      try judge.judge(signature, of: bytes, .repository, "Release of \(text.description)")
    }
  }

  /// How the text names a list of packages, and by which digest; nil if it does not.
  func name(of list: PackageList) -> (name: String, digest: String)? {
    for digest in list.digests {
      guard let name = names[digest], FileNames.lastComponent(name).hasPrefix("Packages") else { continue }
      return (name, digest)
    }
    return nil
  }
}

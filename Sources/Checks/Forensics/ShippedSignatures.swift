extension SignatureRules {
  /// The rules that come with the program: `signatures.rules`, beside this file.
  ///
  /// - Throws: if the file shipped with the program is wrong, which a test rules out.
  package static func shipped() throws(Malformed) -> SignatureRules {
    try SignatureRules(decoding: PackageResources.signatures_rules, name: "signatures.rules")
  }
}

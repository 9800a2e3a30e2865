extension SignatureRules {
  /// The rules that come with the program: `signatures.rules`, beside this file.
  ///
  /// - Throws: if the file shipped with the program is wrong, which a test rules out.
  package static func shipped() throws(Malformed) -> SignatureRules {
    try SignatureRules(decoding: PackageResources.signatures_rules, name: "signatures.rules")
  }

  /// The shipped rules for a scan that has found something: it must be reported, with or without them.
  package static func shippedOrNone() -> SignatureRules {
    do throws(Malformed) {
      return try shipped()
    } catch {
      return SignatureRules()  // a test rules this out; losing a finding over it would be worse
    }
  }
}

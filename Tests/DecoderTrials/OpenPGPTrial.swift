import Cryptography

/// Keys, signatures and signed texts of OpenPGP.
package enum OpenPGPTrial {
  // gpg 2.2.40: --quick-generate-key Sample ed25519 sign never, --export, --detach-sign, --clear-sign.
  private static let key = decoded(
    """
    mDMEaaQqQBYJKwYBBAHaRw8BAQdAOuFOVH6nBD8iv+BGXmvcNoOVmT/F8xm7duIT4grSDLC0BlNhbXBsZYiQBBMWCAA4FiEEfaSv2rO298BO\
    vDfAxK7jUTHfBEEFAmmkKkACGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQxK7jUTHfBEFJwAD/WSH7tqD3D/CzLfU0w4dPtu/VxUi6\
    DHlKzfX1LoQVsuoBAMKl3NQ+8hybJhAnW9OM4idYHA75xENPVgcZOrhXdJAO
    """)
  private static let signature = decoded(
    """
    iHUEABYIAB0WIQR9pK/as7b3wE68N8DEruNRMd8EQQUCaaQqQAAKCRDEruNRMd8EQWBJAQDCcdSNQL3Pl9A3SNbSNv7aj6IQQUZQqarpREmU\
    8bzICwEAi+pMDLCt0R3n2Jsj+bxtyga0DHhZimQKzzNwOdvW7A0=
    """)
  private static let text = """
    -----BEGIN PGP SIGNED MESSAGE-----
    Hash: SHA256

    a
    - - b
    -----BEGIN PGP SIGNATURE-----

    iHUEARYIAB0WIQR9pK/as7b3wE68N8DEruNRMd8EQQUCaaQqQAAKCRDEruNRMd8E
    QUL6AQCzUO7i6QzvLjXFt/NDsHSj5dvlZKlAp0yO87bcx3x3eAD/XVH8LHAcfin2
    +RVrUUbncYvaytJkV3gqHF8wuhzV6Qk=
    =mio4
    -----END PGP SIGNATURE-----

    """
  private static let document = Array("a\n- b\n".utf8)
  /// 2026-03-15.
  private static let now = 1_773_576_000

  static let dataSamples = [key, signature]
  static let textSamples = [Array(text.utf8)]

  private static func decoded(_ text: String) -> [UInt8] { Base64.decode(text) ?? [] }

  private static func answer(
    _ signature: OpenPGP.Signature, _ keyring: OpenPGP.Keyring, _ document: [UInt8]
  ) -> OpenPGP.Keyring.Answer {
    keyring.answer(signature, now: now) { running in document.withUnsafeBytes { running.update($0) } }
  }

  /// The bytes as keys, to which a good signature is put, and as signatures, of which a good key made none.
  static func data(_ bytes: [UInt8]) -> String? {
    do throws(OpenPGP.Fault) {
      let keyring = try OpenPGP.Keyring(bytes)
      for case let signature? in try OpenPGP.Signature.all(signature) {
        guard case .verified(let signer) = answer(signature, keyring, document) else { continue }
        guard signer.key.utf8.count == 40, signer.primary.utf8.count == 40 else { return "a signer without a key" }
      }
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    do throws(OpenPGP.Fault) {
      let keyring = try OpenPGP.Keyring(key)
      for case let signature? in try OpenPGP.Signature.all(bytes) {
        if case .verified = answer(signature, keyring, document + [0]) { return "a signature of what nobody signed" }
      }
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    return nil
  }

  /// The bytes as a signed text: what is verified is what was signed.
  static func text(_ bytes: [UInt8]) -> String? {
    do throws(OpenPGP.Fault) {
      let text = try OpenPGP.ClearSignedText(bytes)
      guard text.text.count <= bytes.count else { return "more text than there is" }
      let keyring = try OpenPGP.Keyring(key)
      for case let signature? in text.signatures {
        guard case .verified = text.answer(signature, by: keyring, now: now) else { continue }
        guard text.text.elementsEqual("a\n- b".utf8) else { return "a text that nobody signed" }
      }
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    return nil
  }
}

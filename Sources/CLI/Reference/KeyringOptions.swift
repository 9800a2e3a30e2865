internal import ArgumentParser
internal import Cryptography
internal import Glibc
internal import Vendor

/// The keys that somebody trusts to sign packages.
struct KeyringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "OpenPGP keys that you trust, as gpg --export writes them. May be repeated.", valueName: "file"),
    completion: .file())
  var keyring: [String] = []

  /// Tells who signed a package; without a keyring nothing is verified.
  func verifier(_ metadata: [String] = []) throws -> PackageVerifier {
    do {
      let keys = keyring.isEmpty ? nil : try OpenPGP.Keyring(files: keyring)
      return try PackageVerifier(metadata: metadata, keyring: keys, now: time(nil))
    } catch {
      throw CommandFailure("\(error)")
    }
  }
}

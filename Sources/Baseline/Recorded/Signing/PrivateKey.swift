internal import Crypto

/// An Ed25519 private key, as a PEM file holds it that openssl reads and writes.
package struct PrivateKey: Sendable {
  private let key: Curve25519.Signing.PrivateKey

  /// A new key, of the system's random bytes.
  package init() {
    key = Curve25519.Signing.PrivateKey()
  }

  /// - Parameter text: a PEM file with a PKCS #8 private key that no password protects.
  package init(pem text: String) throws(KeyError) {
    let raw = try KeyFile.privateKey.decode(text)
    do {
      key = try Curve25519.Signing.PrivateKey(rawRepresentation: raw)
    } catch {
      throw .notAKey("its bytes are no Ed25519 private key: \(error)")
    }
  }

  package init(file path: String) throws(KeyError) {
    try self.init(pem: try KeyFile.privateKey.text(at: path))
  }

  package var pem: String { KeyFile.privateKey.encode(Array(key.rawRepresentation)) }

  package var publicKey: PublicKey { PublicKey(key.publicKey) }

  package func sign(_ bytes: [UInt8]) throws(KeyError) -> [UInt8] {
    do {
      return Array(try key.signature(for: bytes))
    } catch {
      throw .cannotSign("\(error)")
    }
  }
}

import Cnettle
import Glibc

/// An Ed25519 private key, as a PEM file holds it that openssl reads and writes; erased when nobody holds it any more.
package final class PrivateKey {
  private static let byteCount = Int(ED25519_KEY_SIZE)

  /// Any 32 bytes are a key.
  private let secret: UnsafeMutablePointer<UInt8>

  /// Worked out from the secret, and never taken from elsewhere: what is signed with the public key of another betrays it.
  package let publicKey: PublicKey

  private init(_ fill: (UnsafeMutablePointer<UInt8>) -> Void) {
    secret = .allocate(capacity: Self.byteCount)
    fill(secret)
    var point = [UInt8](repeating: 0, count: PublicKey.byteCount)
    nettle_ed25519_sha512_public_key(&point, secret)
    publicKey = PublicKey(point)
  }

  deinit {
    explicit_bzero(secret, Self.byteCount)
    secret.deallocate()
  }

  /// A new key, of the system's random bytes.
  package convenience init() {
    self.init { arc4random_buf($0, Self.byteCount) }
  }

  /// - Parameter text: a PEM file with a PKCS #8 private key that no password protects.
  package convenience init(pem text: String) throws(KeyError) {
    let bytes = try KeyFile.privateKey.decode(text)
    self.init { $0.initialize(from: bytes, count: Self.byteCount) }
  }

  package convenience init(file path: String) throws(KeyError) {
    try self.init(pem: try KeyFile.privateKey.text(at: path))
  }

  package var pem: String {
    KeyFile.privateKey.encode(Array(UnsafeBufferPointer(start: secret, count: Self.byteCount)))
  }

  /// The one signature that the key makes of `message`: nothing random is in it.
  ///
  /// Source: RFC 8032, 5.1.6.
  package func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: PublicKey.signatureByteCount)
    nettle_ed25519_sha512_sign(publicKey.bytes, secret, message.count, message, &signature)
    return signature
  }
}

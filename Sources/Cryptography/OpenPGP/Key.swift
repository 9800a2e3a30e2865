import KernelModel

extension OpenPGP {
  /// A public key of version 4.
  final class Key: Sendable {
    /// RFC 9580, 9.1 and 5.5.5.
    enum Value: Sendable {
      case rsa(modulus: [UInt8], exponent: [UInt8])
      /// On P-256 or P-384: a byte 4, x, y.
      case ellipticCurve([UInt8])
      case ed25519([UInt8])
      /// Of another algorithm, or too weak, and which.
      case unusable(String)
    }

    let madeAt: Int
    let value: Value
    /// The packet as it is digested: RFC 9580, 5.2.4.
    let digested: [UInt8]
    /// SHA-1 of that, which names the key and proves nothing: RFC 9580, 5.5.4.2.
    let fingerprint: [UInt8]

    static func == (left: Key, right: Key) -> Bool { left.digested == right.digested }

    var id: [UInt8] { fingerprint.suffix(8) }
    var name: String { fingerprint.hexadecimal().uppercased() }

    /// Why it verifies nothing, if it does not.
    var weakness: String? {
      guard case .unusable(let why) = value else { return nil }
      return "key \(name) is \(why)"
    }

    /// Shorter ones were factored, or may soon be.
    private static let leastModulusBits = 2048

    /// - Returns: nil of another version.
    init?(_ body: [UInt8]) throws(Fault) {
      var cursor = Cursor(body)
      guard let version = cursor.byte() else { throw .malformed("a key breaks off") }
      guard version == 4 else { return nil }
      guard body.count <= 0xffff, let made = cursor.number(4), let algorithm = cursor.byte(),
        let value = Self.value(algorithm, &cursor)
      else { throw .malformed("a key breaks off") }
      (madeAt, self.value) = (made, value)
      digested = [0x99, UInt8(body.count >> 8), UInt8(body.count & 0xff)] + body
      fingerprint = digested.withUnsafeBytes { Digest.sha1.bytes(of: $0) }
    }

    private static func value(_ algorithm: UInt8, _ cursor: inout Cursor) -> Value? {
      switch algorithm {
      // 3 signs only; 2 only encrypts.
      case 1, 3:
        guard let modulus = cursor.multiprecision(), let exponent = cursor.multiprecision() else { return nil }
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard bits >= leastModulusBits else {
          return .unusable("RSA of \(bits) bits, and \(leastModulusBits) is the least")
        }
        return .rsa(modulus: modulus, exponent: exponent)
      case 19, 22:
        guard let count = cursor.byte(), let curve = cursor.take(Int(count)), let point = cursor.multiprecision()
        else { return nil }
        switch (algorithm, curve) {
        // 1.2.840.10045.3.1.7, 1.3.132.0.34, 1.3.6.1.4.1.11591.15.1: RFC 9580, 9.2.
        case (19, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]) where point.count == 65 && point[0] == 4,
          (19, [0x2b, 0x81, 0x04, 0x00, 0x22]) where point.count == 97 && point[0] == 4:
          return .ellipticCurve(point)
        case (22, [0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01]) where point.count == 33 && point[0] == 0x40:
          return .ed25519(Array(point.dropFirst()))
        default: return .unusable("on a curve that is not known here")
        }
      case 27: return cursor.take(PublicKey.byteCount).map { .ed25519($0) }
      default: return .unusable("of an algorithm, \(algorithm), that is not known here")
      }
    }

    /// Whether the key made `signature` of `digest`.
    func made(_ signature: Signature, of digest: [UInt8]) -> Bool {
      guard let kind = signature.digest, kind.isStrong, digest.starts(with: signature.digestStart) else { return false }
      var cursor = Cursor(signature.value)
      switch (value, signature.algorithm) {
      case (.rsa(let modulus, let exponent), 1), (.rsa(let modulus, let exponent), 3):
        guard let number = cursor.multiprecision(), cursor.isAtEnd,
          let information = SealVerifier.information(kind, digest)
        else { return false }
        return SealVerifier.isValid(
          Self.padded(number, to: modulus.count), of: information, modulus: modulus, exponent: exponent)
      case (.ellipticCurve(let point), 19):
        guard let r = cursor.multiprecision(), let s = cursor.multiprecision(), cursor.isAtEnd else { return false }
        // A longer number is no signature, and would cost time.
        guard r.count <= point.count / 2, s.count <= point.count / 2 else { return false }
        return SealVerifier.isValid(r: r, s: s, of: digest, point: point)
      case (.ed25519(let key), 22):
        guard let r = cursor.multiprecision(), let s = cursor.multiprecision(), cursor.isAtEnd,
          r.count <= PublicKey.byteCount, s.count <= PublicKey.byteCount
        else { return false }
        let halves = Self.padded(r, to: PublicKey.byteCount) + Self.padded(s, to: PublicKey.byteCount)
        return PublicKey(key).isValid(halves, for: digest)
      case (.ed25519(let key), 27):
        return PublicKey(key).isValid(cursor.takeAll(), for: digest)
      default: return false
      }
    }

    /// With the zeros again that a number is written without.
    private static func padded(_ number: [UInt8], to count: Int) -> [UInt8] {
      [UInt8](repeating: 0, count: max(count - number.count, 0)) + number
    }
  }
}

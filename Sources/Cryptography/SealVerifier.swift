import Cnettle
package import KernelFormats
package import KernelModel

/// Verifies the signatures of modules, by Nettle: RSA as PKCS#1 v1.5 has it, and ECDSA on P-256 and P-384.
///
/// Source: public_key_verify_signature(), crypto/asymmetric_keys/public_key.c (Linux v5.10 to v6.12).
package enum SealVerifier {
  /// Bytes of a modulus: 1024 to 8192 bits.
  private static let modulusByteCounts = 128...1024
  /// Bytes of an exponent at most; a longer one costs time and is nobody's.
  private static let mostExponentBytes = 8

  /// Whether `key` made `seal` of the file that begins with `file`.
  package static func isValid(_ seal: ModuleSignature.Seal, of file: UnsafeRawBufferPointer, by key: TrustedKey.Value)
    -> Bool
  {
    guard seal.contentByteCount <= file.count else { return false }
    let digest: Digest =
      switch seal.digest {
      case .sha256: .sha256
      case .sha384: .sha384
      case .sha512: .sha512
      }
    let value = digest.bytes(of: UnsafeRawBufferPointer(rebasing: file.prefix(seal.contentByteCount)))
    return switch key {
    case .rsa(let modulus, let exponent):
      isValid(seal.value, of: information(seal.digest, value), modulus: modulus, exponent: exponent)
    case .ellipticCurve(let point):
      isValid(seal.value, of: value, point: point)
    }
  }

  /// A `DigestInfo`: RFC 8017, section 9.2; nil of a digest that signs nothing.
  static func information(_ digest: Digest, _ value: [UInt8]) -> [UInt8]? {
    ModuleSignature.Digest(rawValue: digest.rawValue).map { information($0, value) }
  }

  private static func information(_ digest: ModuleSignature.Digest, _ value: [UInt8]) -> [UInt8] {
    let identifier = digest.objectIdentifier
    let algorithm = [0x06, UInt8(identifier.count)] + identifier + [0x05, 0x00]
    let contents = [0x30, UInt8(algorithm.count)] + algorithm + [0x04, UInt8(value.count)] + value
    return [0x30, UInt8(contents.count)] + contents
  }

  static func isValid(
    _ signature: [UInt8], of information: [UInt8], modulus: [UInt8], exponent: [UInt8]
  ) -> Bool {
    let modulus = Array(modulus.drop { $0 == 0 })
    let exponent = Array(exponent.drop { $0 == 0 })
    guard modulusByteCounts.contains(modulus.count), modulus.last.map({ $0 & 1 == 1 }) == true,
      (1...mostExponentBytes).contains(exponent.count), signature.count == modulus.count
    else { return false }
    var key = rsa_public_key()
    nettle_rsa_public_key_init(&key)
    defer { nettle_rsa_public_key_clear(&key) }
    nettle_mpz_set_str_256_u(&key.n, modulus.count, modulus)
    nettle_mpz_set_str_256_u(&key.e, exponent.count, exponent)
    guard nettle_rsa_public_key_prepare(&key) == 1 else { return false }
    return withNumber(signature) { nettle_rsa_pkcs1_verify(&key, information.count, information, $0) == 1 }
  }

  private static func isValid(_ signature: [UInt8], of digest: [UInt8], point: [UInt8]) -> Bool {
    guard let halves = EllipticCurveSignature(der: signature.span) else { return false }
    return isValid(r: halves.r, s: halves.s, of: digest, point: point)
  }

  /// - Parameters:
  ///   - r: and `s`, the signature's numbers, the highest byte first.
  ///   - point: the key: a byte, x, y.
  static func isValid(r: [UInt8], s: [UInt8], of digest: [UInt8], point: [UInt8]) -> Bool {
    guard let curve = point.count == 65 ? nettle_get_secp_256r1() : point.count == 97 ? nettle_get_secp_384r1() : nil
    else { return false }
    let half = point.count / 2
    var key = ecc_point()
    nettle_ecc_point_init(&key, curve)
    defer { nettle_ecc_point_clear(&key) }
    let isOnCurve = withNumber(Array(point[1...half])) { x in
      withNumber(Array(point[(half + 1)...])) { y in nettle_ecc_point_set(&key, x, y) == 1 }
    }
    guard isOnCurve else { return false }
    var numbers = dsa_signature()
    nettle_dsa_signature_init(&numbers)
    defer { nettle_dsa_signature_clear(&numbers) }
    nettle_mpz_set_str_256_u(&numbers.r, r.count, r)
    nettle_mpz_set_str_256_u(&numbers.s, s.count, s)
    return nettle_ecdsa_verify(&key, digest.count, digest, &numbers) == 1
  }

  /// Hands `body` the number that `bytes` write, the highest first.
  private static func withNumber(_ bytes: [UInt8], _ body: (UnsafeMutablePointer<__mpz_struct>) -> Bool) -> Bool {
    var number = __mpz_struct()
    nettle_mpz_init_set_str_256_u(&number, bytes.count, bytes)
    defer { __gmpz_clear(&number) }
    return body(&number)
  }
}

package import KernelModel

/// A certificate, as far as a module's signature needs it: whose key it is, and the key.
///
/// Nothing of it is verified. Source: RFC 5280, section 4.1; RFC 3279, section 2.3; RFC 5480, section 2.1.
package struct X509Certificate: Hashable, Sendable {
  /// The common name of the one it was made out to; empty if it has none.
  package let name: String
  package let key: TrustedKey.Value

  /// A kernel carries a handful; a list that is longer is none.
  private static let most = 256
  /// rsaEncryption, 1.2.840.113549.1.1.1.
  private static let rsa: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]
  /// id-ecPublicKey, 1.2.840.10045.2.1.
  private static let ellipticCurve: [UInt8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]
  /// The object identifier 2.5.4.3, commonName.
  private static let commonName: [UInt8] = [0x55, 0x04, 0x03]

  /// The certificates that lie one behind the other in `bytes`, but those with keys of a kind that is not known.
  package static func all(_ bytes: Span<UInt8>) -> [X509Certificate] {
    guard let list = DERElement.all(bytes, in: 0..<bytes.count, limit: most) else { return [] }
    return list.compactMap { X509Certificate(bytes, $0) }
  }

  private init?(_ bytes: Span<UInt8>, _ element: DERElement) {
    guard element.tag == DERElement.sequence,
      let signed = DERElement.all(bytes, in: element.contents)?.first, signed.tag == DERElement.sequence,
      var parts = DERElement.all(bytes, in: signed.contents)
    else { return nil }
    // The version, which the oldest form does not have.
    if parts.first?.tag == DERElement.firstTagged { parts.removeFirst() }
    // Number, algorithm, issuer, validity, subject, key.
    guard parts.count >= 6, let key = Self.key(bytes, parts[5]) else { return nil }
    name = Self.commonName(bytes, in: parts[4].contents) ?? ""
    self.key = key
  }

  private static func key(_ bytes: Span<UInt8>, _ information: DERElement) -> TrustedKey.Value? {
    guard let parts = DERElement.all(bytes, in: information.contents), parts.count == 2,
      let algorithm = DERElement.all(bytes, in: parts[0].contents)?.first,
      parts[1].tag == DERElement.bitString, parts[1].contents.count > 1, bytes[parts[1].contents.lowerBound] == 0
    else { return nil }
    let value = parts[1].contents.dropFirst()
    switch bytes.copied(algorithm.contents) {
    case rsa: return rsaKey(bytes, in: value.startIndex..<value.endIndex)
    case ellipticCurve: return ellipticCurveKey(bytes.copied(value.startIndex..<value.endIndex))
    default: return nil
    }
  }

  /// An `RSAPublicKey`: RFC 8017, appendix A.1.1.
  package static func rsaKey(_ bytes: Span<UInt8>, in range: Range<Int>) -> TrustedKey.Value? {
    guard let key = DERElement(bytes, at: range.lowerBound, end: range.upperBound), key.tag == DERElement.sequence,
      let numbers = DERElement.all(bytes, in: key.contents), numbers.count == 2,
      numbers.allSatisfy({ $0.tag == DERElement.integer })
    else { return nil }
    return .rsa(modulus: bytes.copied(numbers[0].contents), exponent: bytes.copied(numbers[1].contents))
  }

  /// A point that is not compressed, of P-256 or P-384: their sizes tell them apart.
  package static func ellipticCurveKey(_ point: [UInt8]) -> TrustedKey.Value? {
    point.first == 4 && [65, 97].contains(point.count) ? .ellipticCurve(point: point) : nil
  }

  /// The common name in a `Name`: sets of an attribute's type and its value.
  ///
  /// Source: RFC 5280, section 4.1.2.4.
  static func commonName(_ bytes: Span<UInt8>, in name: Range<Int>) -> String? {
    for set in DERElement.all(bytes, in: name) ?? [] {
      for attribute in DERElement.all(bytes, in: set.contents) ?? [] {
        guard let pair = DERElement.all(bytes, in: attribute.contents), pair.count == 2,
          pair[0].tag == DERElement.objectIdentifier, bytes.copied(pair[0].contents) == commonName
        else { continue }
        return String(decoding: bytes.copied(pair[1].contents), as: UTF8.self)
      }
    }
    return nil
  }
}

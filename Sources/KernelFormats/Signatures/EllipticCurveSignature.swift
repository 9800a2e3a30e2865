/// The two numbers of an ECDSA signature, each with its highest byte first: RFC 3279, section 2.2.3.
package struct EllipticCurveSignature: Hashable, Sendable {
  package let r: [UInt8]
  package let s: [UInt8]

  /// A number is as long as the curve's order, and a byte for its sign.
  private static let mostBytes = 67

  package init?(der bytes: Span<UInt8>) {
    guard let pair = DERElement(bytes, at: 0, end: bytes.count), pair.tag == DERElement.sequence,
      let numbers = DERElement.all(bytes, in: pair.contents), numbers.count == 2,
      numbers.allSatisfy({ $0.tag == DERElement.integer && (1...Self.mostBytes).contains($0.contents.count) })
    else { return nil }
    r = bytes.copied(numbers[0].contents)
    s = bytes.copied(numbers[1].contents)
  }
}

import KernelModel

/// One element of DER, the encoding of certificates and signatures: a tag, a length, and what it holds.
///
/// Only tags below 31 and lengths up to four bytes are decoded, which is all that signatures of modules use. Source: ITU-T
/// X.690, sections 8.1 and 10.1.
struct DERElement {
  let tag: UInt8
  /// Where what it holds lies in the bytes it was decoded from.
  let contents: Range<Int>

  static let integer: UInt8 = 0x02
  static let bitString: UInt8 = 0x03
  static let octetString: UInt8 = 0x04
  static let objectIdentifier: UInt8 = 0x06
  static let sequence: UInt8 = 0x30
  static let set: UInt8 = 0x31
  /// `[0]`, constructed.
  static let firstTagged: UInt8 = 0xa0

  /// The element that begins at `offset`, or nil if there is none that lies wholly before `end`.
  init?(_ bytes: Span<UInt8>, at offset: Int, end: Int) {
    guard end <= bytes.count, offset >= 0, offset + 2 <= end else { return nil }
    tag = bytes[offset]
    guard tag & 0x1f != 0x1f else { return nil }
    var start = offset + 2
    var length = Int(bytes[offset + 1])
    if length >= 0x80 {
      let digits = length & 0x7f
      guard (1...4).contains(digits), start + digits <= end else { return nil }
      length = (0..<digits).reduce(0) { $0 << 8 | Int(bytes[start + $1]) }
      start += digits
    }
    guard length <= end - start else { return nil }
    contents = start..<start + length
  }

  /// The elements that lie side by side in `range`; nil if they do not fill it, or are more than `limit`.
  static func all(_ bytes: Span<UInt8>, in range: Range<Int>, limit: Int = 256) -> [DERElement]? {
    var elements: [DERElement] = []
    var offset = range.lowerBound
    while offset < range.upperBound {
      guard elements.count < limit, let element = DERElement(bytes, at: offset, end: range.upperBound) else {
        return nil
      }
      elements.append(element)
      offset = element.contents.upperBound
    }
    return elements
  }
}

extension Span<UInt8> {
  /// The bytes of `range`; none if it does not lie inside.
  func copied(_ range: Range<Int>) -> [UInt8] {
    copy(at: range.lowerBound, byteCount: range.count) ?? []
  }
}

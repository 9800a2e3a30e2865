import Cryptography
import KernelModel

/// Reads a record's lines in their order.
struct RecordLines {
  private let lines: [Substring]
  /// Lines read.
  private(set) var position = 1

  /// - Parameters:
  ///   - firstLine: what such a record begins with; it is read already.
  ///   - limit: a larger one is none, in bytes.
  init(_ bytes: [UInt8], firstLine: String, limit: Int) throws(RecordFormatError) {
    guard bytes.count <= limit else { throw .tooLarge(byteCount: bytes.count, limit: limit) }
    guard bytes.starts(with: Array("\(firstLine)\n".utf8)) else { throw .unknownForm(firstLine: firstLine) }
    if let foreign = bytes.firstIndex(where: { !(0x20...0x7e).contains($0) && $0 != 0x9 && $0 != 0xa }) {
      throw .malformed(
        line: bytes[..<foreign].count { $0 == 0xa } + 1,
        "it holds the byte \(bytes[foreign].hexadecimal), which is never written")
    }
    var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.popLast()?.isEmpty == true else { throw .truncated(line: lines.count + 1) }
    self.lines = lines
  }

  /// The keyword of the next line, if there is one.
  var peek: Substring? {
    position < lines.count ? lines[position].prefix { $0 != "\t" } : nil
  }

  mutating func next(_ keyword: String, fields count: Int? = nil) throws(RecordFormatError) -> RecordLine {
    guard position < lines.count else { throw .truncated(line: position + 1) }
    let line = RecordLine(lines[position], number: position + 1)
    guard line.keyword == keyword else { throw line.malformed("'\(keyword)' should stand there") }
    if let count { try line.requireFields(count) }
    position += 1
    return line
  }

  /// The signature, if there is one; nothing may follow.
  mutating func end() throws(RecordFormatError) -> RecordSignature? {
    let signature = position < lines.count ? try self.signature() : nil
    guard position == lines.count else { throw .malformed(line: position + 1, "nothing may follow the signature") }
    return signature
  }

  private mutating func signature() throws(RecordFormatError) -> RecordSignature {
    let line = try next("signature", fields: 4)
    guard line.fields[0] == "ed25519" else { throw line.malformed("the only kind of signature is ed25519") }
    guard RecordSignature.isKeyID(line.fields[1]) else { throw line.malformed("field 2 is no key id") }
    guard let time = UTCTime(line.fields[2]) else {
      throw line.malformed("field 3 is no time such as 2026-01-31T12:00:00Z")
    }
    guard let bytes = Base64.decode(line.fields[3]), bytes.count == PublicKey.signatureByteCount else {
      throw line.malformed("field 4 is not \(PublicKey.signatureByteCount) bytes in base 64")
    }
    return RecordSignature(keyID: String(line.fields[1]), signedAt: time, bytes: bytes)
  }
}

import KernelModel

extension OpenPGP {
  /// OpenPGP data as text of lines.
  ///
  /// Source: RFC 9580, 6.2. Its checksum is ignored, as 6.1 there wants it.
  enum Armor {
    private static let begin = Array("-----BEGIN PGP ".utf8)
    private static let end = Array("-----END PGP ".utf8)

    /// Whether `bytes` are such a text, and no packets.
    static func isArmored(_ bytes: [UInt8]) -> Bool { bytes.drop { isBlank($0) || $0 == 0x0a }.starts(with: begin) }

    /// The data in all blocks of `bytes`, one behind another; what stands outside of blocks is ignored.
    static func decode(_ bytes: [UInt8]) throws(Fault) -> [UInt8] {
      var data: [UInt8] = []
      var block: [UInt8]?
      var isInHeaders = false
      for raw in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
        let line = trimmed(raw)
        if line.starts(with: begin) {
          guard block == nil else { throw .malformed("a block of text in it begins within another") }
          (block, isInHeaders) = ([], true)
        } else if line.starts(with: end) {
          guard let text = block, let bytes = Base64.decode(String(decoding: text, as: UTF8.self)) else {
            throw .malformed("a block of text in it is not base 64")
          }
          data += bytes
          block = nil
        } else if isInHeaders {
          // Key and value, up to an empty line.
          if line.isEmpty { isInHeaders = false }
        } else if line.first != UInt8(ascii: "=") {
          block?.append(contentsOf: line)
        }
      }
      guard block == nil else { throw .malformed("a block of text in it has no end") }
      return data
    }

    /// The bytes of a file that may be armored.
    static func data(_ bytes: [UInt8]) throws(Fault) -> [UInt8] { isArmored(bytes) ? try decode(bytes) : bytes }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }

    /// Without blanks at its end.
    static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
      line.prefix((line.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? line.startIndex) - line.startIndex)
    }
  }
}

package import KernelModel

/// Finds printable strings in memory.
package struct PrintableStrings {
  /// A longer run is given in pieces of this many characters, so that no single string is huge.
  package static let longestPiece = 4096

  /// All runs of at least `minimumLength` printable characters in `bytes`, lowest address first.
  ///
  /// Printable is ASCII 0x20 to 0x7e and tab; in bytes, or in UTF-16 little-endian, at even and odd addresses alike.
  ///
  /// - Parameters:
  ///   - address: where the first of `bytes` lies.
  ///   - limit: strings returned at most.
  /// - Returns: the strings, and whether they are all there are.
  package static func find(
    in bytes: Span<UInt8>, at address: KernelAddress, minimumLength: Int = 4, limit: Int
  ) -> (strings: [FoundString], isComplete: Bool) {
    let minimum = max(minimumLength, 1)
    var strings: [FoundString] = []
    let raw = bytes.bytes
    var position = 0
    while position < bytes.count {
      if !isPrintable(bytes[position]) {
        position += 1
        // Most of what is not text is zero.
        while position <= bytes.count - 8, raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self) == 0 {
          position += 8
        }
        continue
      }
      let start = position
      while position < bytes.count, isPrintable(bytes[position]) { position += 1 }
      if position - start >= minimum {
        guard append(bytes, from: start, to: position, step: 1, at: address, limit: limit, &strings) else {
          return (strings, false)
        }
        continue
      }
      // The last character of a run too short to count may be the first of UTF-16 text. Where that text turns out too
      // short as well, nothing in it is long enough: its characters are apart.
      let wideStart = position - 1
      var wideEnd = wideStart
      while wideEnd < bytes.count - 1, bytes[wideEnd + 1] == 0, isPrintable(bytes[wideEnd]) { wideEnd += 2 }
      if (wideEnd - wideStart) / 2 >= minimum {
        guard append(bytes, from: wideStart, to: wideEnd, step: 2, at: address, limit: limit, &strings) else {
          return (strings, false)
        }
      }
      position = max(position, wideEnd)
    }
    return (strings, true)
  }

  private static func isPrintable(_ byte: UInt8) -> Bool {
    byte &- 0x20 < 0x5f || byte == 0x09
  }

  /// Adds the characters at every `step`th byte from `start` up to `end`; false if there is no room for them all.
  private static func append(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, step: Int, at address: KernelAddress, limit: Int,
    _ strings: inout [FoundString]
  ) -> Bool {
    var pieceStart = start
    while pieceStart < end {
      let pieceEnd = min(end, pieceStart + longestPiece * step)
      guard strings.count < limit, let pieceAddress = address.advanced(by: UInt64(pieceStart)) else { return false }
      let text: String
      if step == 1 {
        text = bytes.extracting(pieceStart..<pieceEnd).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
      } else {
        let characters = stride(from: pieceStart, to: pieceEnd, by: step).map { bytes[$0] }
        text = String(decoding: characters, as: UTF8.self)
      }
      strings.append(
        FoundString(address: pieceAddress, encoding: step == 1 ? .ascii : .utf16, text: text))
      pieceStart = pieceEnd
    }
    return true
  }
}

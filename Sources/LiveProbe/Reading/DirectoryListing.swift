import KernelModel

/// One listing of a directory, record by record, and what in it no kernel writes.
struct DirectoryListing {
  enum Size {
    case large
    /// Room for one record with the longest name, so that each call gives few.
    case small

    var byteCount: Int {
      switch self {
      case .large: 32 << 10
      // 19 bytes before the name, 255 of name, a NUL, and up to a multiple of 8.
      case .small: 280
      }
    }
  }

  private(set) var names: Set<String> = []
  private(set) var lies: [(String, Contradiction)] = []
  /// Whether the end came, or the names of processes began where that counts as the end.
  private(set) var isWhole = false

  /// Bytes before the name in a record (`struct linux_dirent64`, include/linux/dirent.h, v6.12).
  private static let nameOffset = 19
  /// Calls at most: a directory may be large, and need not be listed whole.
  private static let mostCalls = 2048

  /// - Parameter next: fills a buffer with the next records, as `getdents64` does; nil is returned if it fails at once.
  init?(_ size: Size, stopsAtNumbers: Bool, _ next: (UnsafeMutableRawBufferPointer) -> Int) {
    let guardByteCount = 64
    let canary = RandomBytes.make(size.byteCount + guardByteCount)
    var buffer = canary
    for call in 0..<Self.mostCalls {
      buffer = canary
      let came = buffer.withUnsafeMutableBytes { next(UnsafeMutableRawBufferPointer(rebasing: $0[..<size.byteCount])) }
      if came < 0 {
        if call == 0 { return nil }
        return
      }
      let behind = (min(came, size.byteCount)..<buffer.count).count { buffer[$0] != canary[$0] }
      if behind > 0 {
        lies.append(
          ("bytes behind the records", Contradiction(expected: "none", observed: "\(behind) bytes were written there")))
      }
      guard came > 0 else {
        isWhole = true
        return
      }
      let begun = takeRecords(buffer, count: min(came, size.byteCount))
      // Whoever edits a list may as well make it endless.
      guard lies.isEmpty else { return }
      if stopsAtNumbers, begun {
        isWhole = true
        return
      }
    }
  }

  static func isNumber(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  /// Takes the records of one call; returns whether one of them was a number's.
  ///
  /// A record is as long as its name needs, up to the next multiple of 8 (filldir64, fs/readdir.c, v6.12).
  private mutating func takeRecords(_ buffer: [UInt8], count: Int) -> Bool {
    var hasNumber = false
    var position = 0
    while position < count {
      guard count - position > Self.nameOffset else {
        lies.append(
          ("the last record", Contradiction(expected: "a whole record", observed: "\(count - position) bytes")))
        return hasNumber
      }
      let length = Int(buffer[position + 16]) | Int(buffer[position + 17]) << 8
      let bytes = buffer[position + Self.nameOffset..<count].prefix { $0 != 0 }
      let name = String(decoding: bytes, as: UTF8.self)
      let expected = (Self.nameOffset + bytes.count + 1 + 7) & ~7
      if length != expected {
        lies.append(
          ("the record of \(name)", Contradiction(expected: "\(expected) bytes", observed: "\(length) bytes")))
      }
      guard length > Self.nameOffset else { return hasNumber }
      if name != ".", name != ".." { names.insert(name) }
      if Self.isNumber(name) { hasNumber = true }
      position += length
    }
    return hasNumber
  }
}

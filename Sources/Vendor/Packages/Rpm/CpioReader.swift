/// The files in a cpio archive, as it lies in an rpm package.
///
/// Before each file stand 110 bytes, the magic and 13 numbers of 8 hexadecimal digits, then its name; name and file are
/// each padded so that the next begins at a multiple of 4. Source: cpio(5), "New ASCII Format".
struct CpioReader {
  private static let headerByteCount = 110
  private static let longestName = 4096
  private static let lastName = "TRAILER!!!"

  private let stream: ArchiveStream
  /// Bytes of the file that is being read, and its padding, which have not been read.
  private var rest = 0
  private var padding = 0

  init(_ stream: ArchiveStream) throws(VendorFileError) {
    self.stream = stream
    guard try stream.next() != nil else { throw .notAPackage("its archive is empty") }
  }

  /// The next file's header, or nil at the end.
  mutating func next() throws(VendorFileError) -> ArchiveStream.Header? {
    try skip()
    let header = try bytes(Self.headerByteCount)
    guard header.starts(with: Array("070701".utf8)) || header.starts(with: Array("070702".utf8)),
      let mode = Self.number(1, in: header), let byteCount = Self.number(6, in: header),
      let nameByteCount = Self.number(11, in: header)
    else { throw .notAPackage("a file in it has a header that is none of cpio's") }
    guard 1...Self.longestName ~= Int(nameByteCount) else {
      throw .notAPackage("a file in it has a name of \(nameByteCount) bytes")
    }
    let name = try bytes(Int(nameByteCount))
    _ = try bytes(Self.padding(after: Self.headerByteCount + name.count))
    let text = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    guard text != Self.lastName else { return nil }
    rest = Int(byteCount)
    padding = Self.padding(after: rest)
    return ArchiveStream.Header(name: text, mode: mode, byteCount: Int64(byteCount))
  }

  /// Fills `bytes` with the next ones of the file; returns how many there were, fewer only at its end.
  mutating func read(into bytes: UnsafeMutableRawBufferPointer) throws(VendorFileError) -> Int {
    let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(rest)))
    rest -= count
    return count
  }

  private mutating func skip() throws(VendorFileError) {
    var left = rest + padding
    while left > 0 { left -= try bytes(min(left, 1 << 20)).count }
    (rest, padding) = (0, 0)
  }

  /// The next `count` bytes of the archive, all of them.
  private func bytes(_ count: Int) throws(VendorFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let came = try bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(VendorFileError) in try stream.read(into: buffer) }
    }.get()
    guard came == count else { throw .notAPackage("its archive ends in the middle") }
    return bytes
  }

  /// The number at `index` among those after the magic, or nil if it is none.
  private static func number(_ index: Int, in header: [UInt8]) -> UInt32? {
    let start = 6 + index * 8
    return UInt32(String(decoding: header[start..<start + 8], as: UTF8.self), radix: 16)
  }

  private static func padding(after count: Int) -> Int {
    (4 - count % 4) % 4
  }
}

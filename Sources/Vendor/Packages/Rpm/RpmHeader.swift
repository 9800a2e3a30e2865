import Cryptography

/// The header of an rpm package: what it is called, and its files.
///
/// Numbers are big-endian: the number of entries, the number of bytes of data, the entries of 16 bytes each (tag, type,
/// offset into the data, count), the data. Source: rpm's docs/manual/format_header.md and include/rpm/rpmtag.h (4.18).
package struct RpmHeader {
  /// The tags that are asked for here.
  package enum Tag: UInt32 {
    /// Of the header with the signatures: OpenPGP signatures of the package's own header, by other algorithms than RSA, and by RSA.
    case otherSignature = 267
    case rsaSignature = 268
    /// All of them, in base 64, since rpm 6.
    case openPGPSignatures = 278
    case name = 1000
    case version = 1001
    case release = 1002
    case vendor = 1011
    case architecture = 1022
    case fileDigests = 1035
    case directoryIndexes = 1116
    case baseNames = 1117
    case directoryNames = 1118
    case fileDigestAlgorithm = 5011
    /// Of what follows the header, as it is in the package.
    case payloadDigests = 5092
    case payloadDigestAlgorithm = 5093
  }

  /// More entries than any package has; rpm's own limits are 64 Ki entries and 256 MiB.
  static let mostEntries = 64 << 10
  static let mostData = 256 << 20
  /// A kernel's modules come in packages of some thousand files.
  private static let mostItems = 1 << 20

  private let entries: [UInt32: (type: UInt32, offset: Int, count: Int)]
  private let data: UnsafeRawBufferPointer

  /// Decodes a header that begins at the first byte of `bytes`, which must outlive this value.
  package init(_ bytes: UnsafeRawBufferPointer) throws(VendorFileError) {
    let (entryCount, dataByteCount) = try Self.sizes(Array(bytes.prefix(8)))
    guard bytes.count - 8 >= entryCount * 16 + dataByteCount else {
      throw .notAPackage("its rpm header has \(bytes.count) bytes, and speaks of more")
    }
    let dataStart = 8 + entryCount * 16
    data = UnsafeRawBufferPointer(rebasing: bytes[dataStart..<dataStart + dataByteCount])
    var entries: [UInt32: (type: UInt32, offset: Int, count: Int)] = [:]
    for index in 0..<entryCount {
      let start = 8 + index * 16
      let offset = Int(Self.number(bytes, at: start + 8))
      let count = Int(Self.number(bytes, at: start + 12))
      // Entries of other tags may be anything.
      guard let tag = Tag(rawValue: Self.number(bytes, at: start)) else { continue }
      guard offset <= dataByteCount, count <= Self.mostItems else {
        throw .notAPackage("its rpm header puts \(tag) at byte \(offset), \(count) items, of \(dataByteCount) bytes")
      }
      entries[tag.rawValue] = (Self.number(bytes, at: start + 4), offset, count)
    }
    self.entries = entries
  }

  /// How many entries a header that begins with `bytes` has, and how many bytes of data.
  static func sizes(_ bytes: [UInt8]) throws(VendorFileError) -> (entries: Int, data: Int) {
    guard bytes.count >= 8 else { throw .notAPackage("its rpm header ends after \(bytes.count) bytes") }
    let (entryCount, dataByteCount) = bytes.withUnsafeBytes { (Int(number($0, at: 0)), Int(number($0, at: 4))) }
    guard entryCount <= mostEntries, dataByteCount <= mostData else {
      throw .notAPackage("its rpm header has \(entryCount) entries and \(dataByteCount) bytes of data")
    }
    return (entryCount, dataByteCount)
  }

  /// The text of `tag` (type 6, STRING), or nil if it is missing or has no end.
  package func text(_ tag: Tag) -> String? {
    guard let entry = entries[tag.rawValue], entry.type == 6 else { return nil }
    return strings(at: entry.offset, count: 1)?.first
  }

  /// The texts of `tag` (type 8, STRING_ARRAY); none if it is missing or one has no end.
  package func texts(_ tag: Tag) -> [String] {
    guard let entry = entries[tag.rawValue], entry.type == 8 else { return [] }
    return strings(at: entry.offset, count: entry.count) ?? []
  }

  /// The numbers of `tag` (type 4, INT32); none if it is missing or they are not all there.
  package func numbers(_ tag: Tag) -> [UInt32] {
    guard let entry = entries[tag.rawValue], entry.type == 4, entry.count * 4 <= data.count - entry.offset else {
      return []
    }
    return (0..<entry.count).map { Self.number(data, at: entry.offset + $0 * 4) }
  }

  /// The bytes of `tag` (type 7, BIN); none if it is missing or they are not all there.
  package func bytes(_ tag: Tag) -> [UInt8] {
    guard let entry = entries[tag.rawValue], entry.type == 7, entry.count <= data.count - entry.offset else {
      return []
    }
    return Array(data[entry.offset..<entry.offset + entry.count])
  }

  /// Name, version and release as rpm prints them.
  package var packageName: String {
    [Tag.name, .version, .release].compactMap { text($0) }.joined(separator: "-")
  }

  /// How the files' digests were computed, or nil if that is not known here.
  var digestAlgorithm: Digest? { algorithm(.fileDigestAlgorithm) }

  /// The digest that `tag` names, 1 if it is missing: RFC 9580, 9.5.
  func algorithm(_ tag: Tag) -> Digest? {
    UInt8(exactly: numbers(tag).first ?? 1).flatMap { Digest(openPGP: $0) }
  }

  /// The digests of the files whose paths are wanted; none for folders, links and ghosts, which have none.
  package func fileDigests(_ isWanted: (String) -> Bool) -> [String: String] {
    let folders = texts(.directoryNames)
    var digests: [String: String] = [:]
    for ((name, folder), digest) in zip(zip(texts(.baseNames), numbers(.directoryIndexes)), texts(.fileDigests)) {
      guard folders.indices.contains(Int(folder)), !digest.isEmpty else { continue }
      let path = folders[Int(folder)] + name
      if isWanted(path) { digests[path] = digest }
    }
    return digests
  }

  private func strings(at offset: Int, count: Int) -> [String]? {
    var strings: [String] = []
    var rest = data[offset...]
    for _ in 0..<count {
      guard let end = rest.firstIndex(of: 0) else { return nil }
      strings.append(String(decoding: rest[..<end], as: UTF8.self))
      rest = rest[(end + 1)...]
    }
    return strings
  }

  private static func number(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
    UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}

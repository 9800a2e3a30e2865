internal import KernelFormats
internal import KernelModel

/// The two headers of a kdump-compressed file.
///
/// Layout: `disk_dump_header` and `kdump_sub_header` in diskdump_mod.h and IMPLEMENTATION, makedumpfile 1.7.2, as
/// compiled for 64 bits; the same in dump.h of QEMU 7.2. Version 6 is the latest.
struct KdumpHeader {
  /// The size of a block, a page; no other is accepted.
  static let blockByteCount = Int(Machine.pageSize)
  /// More page frames than this are not believed: 64 TiB, all that a kernel with four levels of page tables can use
  /// (Documentation/arch/x86/x86_64/mm.rst, Linux v6.12).
  static let mostPageFrames: UInt64 = 1 << 34
  /// `DUMP_DH_COMPRESSED_INCOMPLETE`: whoever wrote it ran out of room.
  static let incomplete: UInt32 = 0x8
  /// All bits of `status` that are known: the compressions, ``incomplete``, and `DUMP_DH_EXCLUDED_VMEMMAP`.
  static let knownStatus: UInt32 = 0x3f

  var version: UInt32
  var status: UInt32
  /// Where the bitmaps are, in bytes from the file's start.
  var bitmapOffset: UInt64
  /// The size of the bitmaps, both together if there are two.
  var bitmapByteCount: UInt64
  /// One more than the number of the highest page frame, `max_mapnr`.
  var pageFrameCount: UInt64
  /// Where VMCOREINFO and the notes are; empty where the version has no such field.
  var vmcoreInfo: (offset: UInt64, byteCount: UInt64) = (0, 0)
  var notes: (offset: UInt64, byteCount: UInt64) = (0, 0)

  /// Where the page descriptors are: after the bitmaps.
  var descriptorOffset: UInt64 { bitmapOffset + bitmapByteCount }
  var isIncomplete: Bool { status & Self.incomplete != 0 }

  /// Whether a file that starts with `start` is of this format: `KDUMP   `, or the older `DISKDUMP`.
  static func recognises(_ start: Span<UInt8>) -> Bool {
    start.starts(with: "KDUMP   ") || start.starts(with: "DISKDUMP")
  }

  /// The headers in `bytes`, which are the first 4096 of the file, and in `subHeader`, the next.
  static func decode(_ bytes: Span<UInt8>, subHeader: Span<UInt8>) throws(DumpError) -> KdumpHeader {
    func field(_ offset: Int) throws(DumpError) -> UInt64 {
      guard let value = bytes.integer(UInt32.self, at: offset) else {
        throw .truncated("the header", needed: 464, available: UInt64(bytes.count))
      }
      return UInt64(value)
    }
    // Their fields are elsewhere, or in another order: what they are comes first.
    if let machine = machine(bytes), machine != Machine.machine {
      throw .unsupported(
        "a dump of \(machine)",
        remedy: "only kernels of \(Machine.machine) can be told; give its console's text with --log")
    }
    let version = try field(8)
    guard version <= 6 else { throw .implausible(field: "header_version", value: version) }
    let blockSize = try field(428)
    guard blockSize == UInt64(blockByteCount) else { throw .implausible(field: "block_size", value: blockSize) }
    let block = UInt64(blockByteCount)
    let subHeaderBlocks = try field(432)
    let bitmapBlocks = try field(436)
    var header = KdumpHeader(
      version: UInt32(version), status: UInt32(try field(424)),
      bitmapOffset: (1 + subHeaderBlocks) * block, bitmapByteCount: bitmapBlocks * block,
      pageFrameCount: try field(440))
    if bytes.starts(with: "KDUMP   ") { try header.take(subHeader) }
    let count = header.pageFrameCount
    guard count > 0, count <= mostPageFrames, (count + 7) / 8 <= header.bitmapByteCount else {
      throw .implausible(field: "max_mapnr", value: count)
    }
    return header
  }

  /// The kernel's machine, as `uname -m` has it, in the header's `struct new_utsname`; nil if there is no sensible name.
  private static func machine(_ bytes: Span<UInt8>) -> String? {
    let (start, longest) = (12 + 4 * 65, 65)
    guard bytes.count >= start + longest else { return nil }
    var name: [UInt8] = []
    for index in start..<(start + longest) {
      guard bytes[index] != 0 else { break }
      name.append(bytes[index])
    }
    let isName = name.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || $0 == 0x5f }
    return name.isEmpty || !isName ? nil : String(decoding: name, as: UTF8.self)
  }

  /// Whether there are two bitmaps: of what memory there is, and of what is in the file.
  ///
  /// A file with one has all the memory there is.
  var hasTwoBitmaps: Bool {
    let block = UInt64(Self.blockByteCount)
    let blocks = ((pageFrameCount + 7) / 8 + block - 1) / block
    return bitmapByteCount >= 2 * blocks * block
  }

  private mutating func take(_ bytes: Span<UInt8>) throws(DumpError) {
    func field(_ offset: Int) throws(DumpError) -> UInt64 {
      guard let value = bytes.integer(UInt64.self, at: offset) else {
        throw .truncated("the sub-header", needed: 104, available: UInt64(bytes.count))
      }
      return value
    }
    if version >= 2, try field(8) >> 32 != 0 {  // split
      let first = try version >= 6 ? field(80) : field(16)
      let end = try version >= 6 ? field(88) : field(24)
      throw .unsupported(
        "one part of a split dump, with page frames \(first) to \(end)",
        remedy: "put the parts together with makedumpfile --reassemble")
    }
    if version >= 3 { vmcoreInfo = (try field(32), try field(40)) }
    if version >= 4 { notes = (try field(48), try field(56)) }
    if version >= 6 { pageFrameCount = try field(96) }
  }
}

extension Span<UInt8> {
  /// Whether the bytes start with those of `text`.
  func starts(with text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { wanted in
      wanted.indices.allSatisfy { self[$0] == wanted[$0] }
    }
  }
}

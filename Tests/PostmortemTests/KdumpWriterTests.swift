import KernelFormats
import KernelModel
import Postmortem
import Testing

@Suite struct KdumpWriterTests {
  private let target = MemoryTarget()
  private let extents = [
    PhysicalRegion(start: PhysicalAddress(0x1000), byteCount: 0x9f000),
    PhysicalRegion(start: PhysicalAddress(0x10_0000), byteCount: 0x2000_0000),
  ]

  private func description(vmcoreInfo: [UInt8] = Array("OSRELEASE=6.1.0-test\n".utf8)) -> KdumpWriter.Description {
    KdumpWriter.Description(
      nodeName: "web17", release: "6.1.0-test", version: "#1 SMP", machine: "x86_64", time: 1_700_000_000,
      processorCount: 2, extents: extents, physicalBase: 0x200_0000, vmcoreInfo: vmcoreInfo)
  }

  /// A page that compresses, one of zeros, one that does not compress, by number.
  private static func page(_ number: UInt64) -> [UInt8] {
    switch number % 3 {
    case 0: return (0..<4096).map { UInt8(truncatingIfNeeded: $0 / 16 + Int(number)) }
    case 1: return [UInt8](repeating: 0, count: 4096)
    default:
      var state = number &+ 0x9e37_79b9_7f4a_7c15
      return (0..<4096).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
      }
    }
  }

  private func write(
    _ frames: [UInt64], _ compression: PageCompression = .lzo, vmcoreInfo: [UInt8]? = nil, room: Int = 0
  ) throws -> KdumpWriter {
    let writer = try KdumpWriter(
      vmcoreInfo.map { description(vmcoreInfo: $0) } ?? description(), compression: compression,
      mostPages: frames.count + room, to: target)
    for frame in frames {
      try Self.page(frame).withUnsafeBytes { try writer.add($0, frame: frame) }
    }
    return writer
  }

  private func opened() throws -> any Dump { try DumpFile.open(BytesSource(target.bytes)) }

  @Test(arguments: PageCompression.allCases)
  func `what was added is read again, and nothing else`(_ compression: PageCompression) throws {
    let frames: [UInt64] = [1, 2, 3, 0x9f, 0x100, 0x101, 0x102, 0x8000, 0x1_7fff, 0x2_00ff]
    let writer = try write(frames, compression)
    try writer.finish()
    let dump = try opened()
    #expect(dump.format == "kdump-compressed")
    #expect(dump.extents == extents)
    #expect(dump.vmcoreInfo == Array("OSRELEASE=6.1.0-test\n".utf8))
    #expect(dump.remarks == [])
    #expect(dump.isFiltered)
    for frame in frames {
      #expect(try dump.bytes(at: PhysicalAddress(frame << 12), count: 4096) == Self.page(frame), "frame \(frame)")
    }
    #expect(try dump.bytes(at: PhysicalAddress(0x1800), count: 0x1000).count == 0x1000)
    for frame: UInt64 in [4, 0x103, 0x7fff, 0x8001] {
      let place = PhysicalAddress(frame << 12)
      #expect(throws: PhysicalFault.leftOut(place)) { _ = try dump.bytes(at: place, count: 1) }
    }
    for frame: UInt64 in [0, 0xa0, 0x2_0100] {
      let place = PhysicalAddress(frame << 12)
      #expect(throws: PhysicalFault.absent(place)) { _ = try dump.bytes(at: place, count: 1) }
    }
  }

  @Test(arguments: PageCompression.allCases)
  func `pages of zeros share one, and a page that does not shrink stays as it is`(
    _ compression: PageCompression
  ) throws {
    let zeros = stride(from: UInt64(0x100), to: 0x100 + 3000, by: 3).map { $0 }
    #expect(zeros[0] % 3 == 1)
    let writer = try write(zeros, compression)
    let before = writer.byteCount
    #expect(writer.zeroPageCount == 1000 && writer.pageCount == 1000)
    try writer.finish()
    #expect(before == UInt64(target.bytes.count))
    let one = MemoryTarget()
    let single = try KdumpWriter(description(), compression: compression, mostPages: 1000, to: one)
    try Self.page(2).withUnsafeBytes { try single.add($0, frame: 2) }
    #expect(single.byteCount == before + 4096)
    // One that is zeros but for its last byte, or its first, is a page of its own.
    for (frame, index) in [(3, 4095), (4, 0)] as [(UInt64, Int)] {
      var page = [UInt8](repeating: 0, count: 4096)
      page[index] = 1
      try page.withUnsafeBytes { try single.add($0, frame: frame) }
    }
    #expect(single.zeroPageCount == 0 && single.pageCount == 3)
    #expect(single.byteCount > before + 4096)
  }

  /// Pages of several kinds: whether they shrink is seen by the file's size, and how by its descriptors.
  @Test(arguments: [(PageCompression.lzo, 0x2), (.zlib, 0x1), (.none, 0)] as [(PageCompression, UInt32)])
  func `a page that shrinks is marked with how, and the header with the same`(
    _ compression: PageCompression, _ flag: UInt32
  ) throws {
    let writer = try write([2, 3], compression)
    try writer.finish()
    func number(_ offset: Int) -> UInt32 {
      target.bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    #expect(number(424) == flag)
    // The bitmaps are ten blocks, behind two of headers; a descriptor's size is at 8, and its flags at 12.
    let descriptors = 12 * 4096
    #expect(number(descriptors + 8) == 4096 && number(descriptors + 12) == 0)
    #expect(number(descriptors + 24 + 12) == flag)
    let size = number(descriptors + 24 + 8)
    #expect(compression == .none ? size == 4096 : size < 2048, "\(size) bytes")
  }

  /// What compresses least grows: no page may be written longer than it is, nor beyond the room for it.
  @Test(arguments: PageCompression.allCases)
  func `whatever a page holds, it is read again`(_ compression: PageCompression) throws {
    // Noise in front, and more and more of one byte behind it.
    let pages: [[UInt8]] = (0..<64).map { number in
      Array(Self.page(UInt64(number) * 3 + 2)[..<(4096 - number * 64)]) + [UInt8](repeating: 7, count: number * 64)
    }
    let writer = try KdumpWriter(description(), compression: compression, mostPages: pages.count, to: target)
    for (index, page) in pages.enumerated() {
      try page.withUnsafeBytes { try writer.add($0, frame: 0x100 + UInt64(index)) }
    }
    try writer.finish()
    let dump = try opened()
    for (index, page) in pages.enumerated() {
      #expect(try dump.bytes(at: PhysicalAddress(frame: 0x100 + UInt64(index)), count: 4096) == page, "page \(index)")
    }
  }

  @Test func `a file with fewer pages than there was room for is whole`() throws {
    let writer = try write([1, 2, 3], room: 500)
    try writer.finish()
    let dump = try opened()
    #expect(dump.remarks == [])
    #expect(try dump.bytes(at: PhysicalAddress(0x3000), count: 4096) == Self.page(3))
  }

  @Test func `a file that was not finished is none`() throws {
    let writer = try write((1..<0x90).map { UInt64($0) })
    _ = writer
    #expect(throws: DumpError.self) { _ = try opened() }
  }

  @Test func `a target that refuses is told`() throws {
    target.limit = 1 << 20
    #expect(throws: TargetFault.self) {
      let writer = try write((0x100..<0x1000).map { UInt64($0) })
      try writer.finish()
    }
  }

  @Test func `the notes of processors are kept`() throws {
    var description = description(vmcoreInfo: Array("OSRELEASE=6.1\n".utf8))
    description.notes = [
      ElfNote(name: "CORE", type: 1, descriptor: [UInt8](repeating: 7, count: 336)),
      ElfNote(name: "VMCOREINFO", type: 0, descriptor: [1]),
      ElfNote(name: "QEMU", type: 0, descriptor: [UInt8](repeating: 9, count: 4400)),
    ]
    let writer = try KdumpWriter(description, compression: .lzo, mostPages: 1, to: target)
    try Self.page(0x100).withUnsafeBytes { try writer.add($0, frame: 0x100) }
    try writer.finish()
    let dump = try opened()
    let last = ElfNote(name: "VMCOREINFO", type: 0, descriptor: description.vmcoreInfo)
    #expect(dump.notes == [description.notes[0], description.notes[2], last])
    #expect(dump.vmcoreInfo == description.vmcoreInfo)
    #expect(try dump.bytes(at: PhysicalAddress(0x10_0000), count: 4096) == Self.page(0x100))
  }

  @Test func `a long text for crash tools takes as many blocks as it needs`() throws {
    let text = [UInt8](repeating: UInt8(ascii: "A"), count: 9000)
    let writer = try write([0x100], vmcoreInfo: text)
    try writer.finish()
    let dump = try opened()
    #expect(dump.vmcoreInfo == text)
    #expect(try dump.bytes(at: PhysicalAddress(0x10_0000), count: 4096) == Self.page(0x100))
  }

  /// The header's fields by their offsets in diskdump_mod.h of makedumpfile 1.7.2.
  @Test func `the headers are makedumpfile's`() throws {
    try write([0x100, 0x101]).finish()
    let bytes = target.bytes
    func number(_ offset: Int, _ count: Int = 4) -> UInt64 {
      bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    #expect(Array(bytes[..<8]) == Array("KDUMP   ".utf8))
    #expect(number(8) == 6)
    for (index, name) in ["Linux", "web17", "6.1.0-test", "#1 SMP", "x86_64", ""].enumerated() {
      let field = bytes[12 + index * 65..<12 + (index + 1) * 65]
      #expect(String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) == name)
    }
    #expect(number(408, 8) == 1_700_000_000)
    #expect(number(424) == 2)  // DUMP_DH_COMPRESSED_LZO
    #expect(number(428) == 4096)
    #expect(number(432) == 1)
    #expect(number(436) == 10)  // two bitmaps of 0x20100 bits, in whole blocks
    #expect(number(440) == 0x2_0100)
    #expect(number(460) == 2)
    #expect(number(4096, 8) == 0x200_0000)
    #expect(number(4096 + 96, 8) == 0x2_0100)
  }
}

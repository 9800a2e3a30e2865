import Files
import KernelFormats
import KernelModel
import LiveProbe
import Testing

@Suite struct ProcKcoreTests {
  let fixture: FixtureRoot

  init() throws { fixture = try FixtureRoot() }

  private func open(_ core: CoreImage) throws -> ProcKcore {
    try fixture.write(core.encoded(), to: "proc/kcore")
    return try ProcKcore(fixture.root)
  }

  private static let low = KernelAddress(0xffff_8880_0000_0000)
  private static let image = KernelAddress(0xffff_ffff_8100_0000)

  private func address(_ start: KernelAddress, _ offset: UInt64) -> KernelAddress {
    KernelAddress(start.rawValue + offset)
  }

  private func twoNeighbours() throws -> ProcKcore {
    var core = CoreImage()
    core.loads = [
      .init(address: 0xffff_8880_0000_1000, physical: 0x1000, bytes: [UInt8](repeating: 2, count: 0x1000)),
      .init(address: 0xffff_8880_0000_0000, physical: 0, bytes: (0..<0x1000).map { UInt8(truncatingIfNeeded: $0) }),
      .init(address: Self.image.rawValue, physical: 0x100_0000, bytes: [UInt8](repeating: 7, count: 64)),
    ]
    return try open(core)
  }

  @Test func `reads inside a segment give its bytes, and are counted`() throws {
    let kcore = try twoNeighbours()
    let before = kcore.bytesRead
    #expect(try kcore.bytes(at: address(Self.low, 0x10), count: 3) == [0x10, 0x11, 0x12])
    #expect(try kcore.bytes(at: address(Self.low, 0xfff), count: 1) == [0xff])
    #expect(try kcore.bytes(at: address(Self.image, 63), count: 1) == [7])
    #expect(kcore.bytesRead - before == 5)
    #expect(kcore.readCount == 3)
    #expect(kcore.shortReadCount == 0)
  }

  @Test func `a read that crosses from one segment into the next is refused whole`() throws {
    let kcore = try twoNeighbours()
    #expect(throws: MemoryFault.absent(address(Self.low, 0x1000))) {
      try kcore.bytes(at: address(Self.low, 0xffc), count: 8)
    }
  }

  @Test func `a read outside all segments is absent, with the first address that is not there`() throws {
    let kcore = try twoNeighbours()
    #expect(throws: MemoryFault.absent(KernelAddress(0x1000))) { try kcore.bytes(at: KernelAddress(0x1000), count: 8) }
    #expect(throws: MemoryFault.absent(address(Self.image, 64))) {
      try kcore.bytes(at: address(Self.image, 60), count: 8)
    }
    #expect(throws: MemoryFault.absent(address(Self.image, 64))) {
      try kcore.bytes(at: address(Self.image, 64), count: 1)
    }
  }

  @Test func `a read past the top of the address space is unreasonable`() throws {
    let kcore = try twoNeighbours()
    #expect(throws: MemoryFault.unreasonable(KernelAddress(.max), byteCount: 2)) {
      try kcore.bytes(at: KernelAddress(.max), count: 2)
    }
    #expect(throws: MemoryFault.absent(KernelAddress(.max))) { try kcore.bytes(at: KernelAddress(.max), count: 1) }
  }

  @Test func `what a segment has in memory and not in the file is absent`() throws {
    var core = CoreImage()
    core.loads = [.init(address: Self.low.rawValue, bytes: [1, 2, 3, 4], memoryByteCount: 4096)]
    let kcore = try open(core)
    #expect(try kcore.bytes(at: Self.low, count: 4) == [1, 2, 3, 4])
    #expect(throws: MemoryFault.absent(address(Self.low, 4))) { try kcore.bytes(at: Self.low, count: 5) }
  }

  @Test func `a file that shrinks under us is truncated, never zeros`() throws {
    var core = CoreImage()
    core.loads = [.init(address: Self.low.rawValue, bytes: [UInt8](repeating: 9, count: 4096))]
    let kcore = try open(core)
    try fixture.cut("proc/kcore", to: core.encoded().count - 96)
    #expect(try kcore.bytes(at: Self.low, count: 4000) == [UInt8](repeating: 9, count: 4000))
    #expect(throws: MemoryFault.truncated(address(Self.low, 4000))) { try kcore.bytes(at: Self.low, count: 4096) }
    #expect(kcore.shortReadCount == 1)
    try fixture.cut("proc/kcore", to: 0)
    #expect(throws: MemoryFault.truncated(Self.low)) { try kcore.bytes(at: Self.low, count: 1) }
  }

  @Test func `a file offset is taken from the header, not worked out`() throws {
    var core = CoreImage()
    core.loads = [
      .init(address: Self.low.rawValue, bytes: [1, 2, 3, 4]), .init(address: Self.image.rawValue, bytes: [5, 6, 7, 8]),
    ]
    let dataStart = UInt64(core.encoded().count - 8)
    core.loads[0].offset = dataStart + 4
    core.loads[1].offset = dataStart
    let kcore = try open(core)
    #expect(try kcore.bytes(at: Self.low, count: 4) == [5, 6, 7, 8])
    #expect(try kcore.bytes(at: Self.image, count: 4) == [1, 2, 3, 4])
  }

  @Test func `a file offset beyond what files can have is a typed error`() throws {
    var core = CoreImage()
    core.loads = [.init(address: Self.low.rawValue, bytes: [1], offset: UInt64(Int64.max) + 10)]
    #expect(throws: KcoreError.self) { try open(core) }
  }

  @Test func `segments that overlap or run past the address space are a typed error`() throws {
    var overlapping = CoreImage()
    overlapping.loads = [
      .init(address: 0x1000, bytes: [UInt8](repeating: 0, count: 32)), .init(address: 0x1010, bytes: [1]),
    ]
    #expect(throws: KcoreError.self) { try open(overlapping) }
    var wrapping = CoreImage()
    wrapping.loads = [.init(address: .max - 3, bytes: [1], memoryByteCount: 1 << 60)]
    #expect(throws: KcoreError.self) { try open(wrapping) }
  }

  @Test func `a file without memory is malformed`() throws {
    var core = CoreImage()
    core.notes = [("CORE", 1, [1])]
    #expect(throws: KcoreError.malformed("none of its 1 segments can be read")) { try open(core) }
  }

  @Test func `a missing file, a pipe and a link in its place are told apart`() throws {
    let missing = #expect(throws: KcoreError.self) { try ProcKcore(fixture.root) }
    guard case .file(let fault) = missing else { throw Unexpected() }
    #expect(fault.isAbsence)
    try fixture.makePipe("proc/kcore")
    let pipe = #expect(throws: KcoreError.self) { try ProcKcore(fixture.root) }
    guard case .file(let refusal) = pipe else { throw Unexpected() }
    #expect(refusal.reason == .notRegular)
    try fixture.remove("proc/kcore")
    try fixture.makeLink("proc/kcore", to: "/dev/zero")
    #expect(throws: KcoreError.self) { try ProcKcore(fixture.root) }
  }

  @Test func `every prefix of a file is opened or refused, and gives no byte it does not have`() throws {
    var core = CoreImage()
    core.loads = [.init(address: Self.low.rawValue, physical: 0, bytes: Array(0..<16))]
    core.notes = [("VMCOREINFO", 0, Array("OSRELEASE=x\n".utf8))]
    let whole = core.encoded()
    for length in 0..<whole.count {
      try fixture.write(Array(whole[..<length]), to: "proc/kcore")
      do throws(KcoreError) {
        let kcore = try ProcKcore(fixture.root)
        #expect(throws: MemoryFault.self, "prefix of \(length) bytes") { try kcore.bytes(at: Self.low, count: 16) }
      } catch {
        #expect(!"\(error)".isEmpty)
      }
    }
  }

  @Test func `any flipped bit in the headers leads to an answer or an error, not to a trap`() throws {
    var core = CoreImage()
    core.loads = [
      .init(address: Self.low.rawValue, physical: 0, bytes: Array(0..<16)),
      .init(address: Self.image.rawValue, physical: 16, bytes: Array(0..<16)),
    ]
    core.notes = [("VMCOREINFO", 0, Array("KERNELOFFSET=0\n".utf8))]
    let whole = core.encoded()
    var opened = 0
    for bit in 0..<(64 + 3 * 56 + 32) * 8 {
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      try fixture.write(bytes, to: "proc/kcore")
      do throws(KcoreError) {
        let kcore = try ProcKcore(fixture.root)
        for segment in kcore.segments {
          _ = Result { () throws(MemoryFault) in try kcore.bytes(at: segment.memory.start, count: 16) }
        }
        _ = kcore.directMap(PhysicalAddress(.max))
        _ = kcore.directMap(PhysicalAddress(3))
        _ = kcore.physicalAddress(ofImage: Self.image)
        opened += 1
      } catch {
        #expect(!"\(error)".isEmpty)
      }
    }
    #expect(opened > 100)
  }

  @Test func `VMCOREINFO is found among the notes`() throws {
    var core = CoreImage()
    core.loads = [.init(address: Self.low.rawValue, bytes: [1])]
    core.notes = [("CORE", 1, [1, 2, 3]), ("VMCOREINFO", 0, Array("OSRELEASE=6.1\nKERNELOFFSET=1c00000\n".utf8))]
    let kcore = try open(core)
    let info = try kcore.vmcoreInfo.get()
    #expect(info.osRelease == "6.1")
    #expect(info.kernelOffset == 0x1c0_0000)
    #expect(kcore.notes.count == 2)
  }

  @Test func `notes that make no sense are left out with a remark, and memory is still read`() throws {
    var core = CoreImage()
    core.loads = [.init(address: Self.low.rawValue, bytes: [1, 2])]
    core.notes = [("VMCOREINFO", 0, Array("KERNELOFFSET=0\n".utf8))]
    core.otherTypes = [0x6fff_0000]
    var bytes = core.encoded()
    let notes = 64 + 3 * 56
    bytes.replaceSubrange(notes..<notes + 4, with: le32(0xffff_fff0))
    try fixture.write(bytes, to: "proc/kcore")
    let kcore = try ProcKcore(fixture.root)
    #expect(try kcore.bytes(at: Self.low, count: 2) == [1, 2])
    #expect(throws: Withheld.self) { try kcore.vmcoreInfo.get() }
    #expect(kcore.remarks.count == 2)
  }

  @Test func `physical addresses are found in the direct map, and only there`() throws {
    let kcore = try twoNeighbours()
    #expect(kcore.directMap(PhysicalAddress(0x1234)) == KernelAddress(0xffff_8880_0000_1234))
    #expect(kcore.directMap(PhysicalAddress(0x1fff)) == KernelAddress(0xffff_8880_0000_1fff))
    #expect(kcore.directMap(PhysicalAddress(0x2000)) == nil)
    #expect(kcore.directMap(PhysicalAddress(0x100_0000)) == nil, "the kernel image is no part of the direct map")
    #expect(kcore.physicalAddress(ofImage: address(Self.image, 5)) == PhysicalAddress(0x100_0005))
    #expect(kcore.physicalAddress(ofImage: address(Self.image, 64)) == nil)
    #expect(kcore.physicalAddress(ofImage: Self.low) == nil)
  }
}

/// What a test did not expect, where there is nothing better to say.
struct Unexpected: Error {}

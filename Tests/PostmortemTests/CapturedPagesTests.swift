import KernelFormats
import KernelModel
import Postmortem
import TestKernel
import Testing

/// What a capture is made with: the set of its pages, the dump that remembers them, the running kernel's memory as a dump.
@Suite struct CapturedPagesTests {
  @Test func `a set of pages counts each once, and gives them lowest first`() {
    var set = PageSet()
    let frames: [UInt64] = [5, 1 << 40, 0, 0x7fff, 0x8000, 5, 63, 64]
    for frame in frames { set.insert(frame) }
    #expect(set.count == 7)
    #expect(set.frames == Set(frames).sorted())
    #expect(frames.allSatisfy(set.contains))
    #expect(!set.contains(6) && !set.contains(1 << 41))
    var other = PageSet()
    other.insert(PhysicalRegion(start: PhysicalAddress(0x4fff), byteCount: 2))
    other.insert(PhysicalRegion(start: PhysicalAddress(0xf_f000), byteCount: 0))
    #expect(other.frames == [4, 5])
    set.formUnion(other)
    #expect(set.count == 8 && set.contains(4))
    #expect(set.frames == (frames + [4]).reduce(into: Set()) { $0.insert($1) }.sorted())
  }

  @Test func `a dump remembers what was read of it, and what it did not have`() throws {
    let base = SampleDeadKernel()
    base.vmcoreInfo = SampleDeadKernel.crashText()
    let recorder = RecordingDump(base)
    _ = try recorder.bytes(at: PhysicalAddress(SampleDeadKernel.root + 8), count: 8)
    #expect(recorder.read.frames == [SampleDeadKernel.root >> 12])
    #expect(throws: PhysicalFault.self) { _ = try recorder.bytes(at: PhysicalAddress(0x500_0000), count: 8) }
    #expect(recorder.read.count == 1 && recorder.leftOut.count == 0)
    #expect(recorder.vmcoreInfo == base.vmcoreInfo && recorder.extents == base.extents)
  }

  /// What was read while a kernel was acquired is enough to acquire it again.
  @Test func `a file with the pages that were read gives the same kernel`() throws {
    let base = SampleDeadKernel()
    base.vmcoreInfo = SampleDeadKernel.crashText()
    let recorder = RecordingDump(base)
    let dead = try DeadKernel(recorder)
    let target = MemoryTarget()
    let writer = try KdumpWriter(
      KdumpWriter.Description(
        nodeName: "web17", release: "", version: "", machine: "x86_64", time: 0, processorCount: 1,
        extents: base.extents, physicalBase: SampleDeadKernel.physicalBase,
        vmcoreInfo: try #require(base.vmcoreInfo)), compression: .lzo, mostPages: recorder.read.count, to: target)
    for frame in recorder.read.frames {
      try recorder.bytes(at: PhysicalAddress(frame: frame), count: 4096).withUnsafeBytes {
        try writer.add($0, frame: frame)
      }
    }
    try writer.finish()
    let again = RecordingDump(try DumpFile.open(BytesSource(target.bytes)))
    let kernel = try DeadKernel(again)
    #expect(kernel.kernel.identity == dead.kernel.identity)
    #expect(kernel.conclusions == dead.conclusions)
    #expect(kernel.nodeName == "web17")
    #expect(again.leftOut.count == 0)
    #expect(again.read.frames == recorder.read.frames)
  }

  // MARK: Pages that are kept

  /// Memory of which each page is read as often as asked for, and is another each time.
  private final class MovingMemory: Dump {
    let format = "moving"
    let extents = [PhysicalAddress(0)..<PhysicalAddress(frame: 1024)]
    let notes: [ElfNote] = []
    let vmcoreInfo: [UInt8]? = nil
    let remarks: [String] = []
    let isFiltered = false
    var unreadable: Set<UInt64> = []
    private(set) var readings: UInt8 = 0

    func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
      for offset in 0..<bytes.byteCount {
        let frame = (address.rawValue + UInt64(offset)) >> 12
        guard frame < 1024, !unreadable.contains(frame) else { throw .leftOut(PhysicalAddress(frame: frame)) }
      }
      readings &+= 1
      bytes.withUnsafeMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: readings) }
    }
  }

  @Test func `a page that is kept is read once, and stays as it was`() throws {
    let memory = MovingMemory()
    let recorder = RecordingDump(memory, keeping: 1000)
    let first = try recorder.bytes(at: PhysicalAddress(0x1ff8), count: 16)
    #expect(first == [UInt8](repeating: 1, count: 16))
    #expect(try recorder.bytes(at: PhysicalAddress(0x1000), count: 0x2000) == [UInt8](repeating: 1, count: 0x2000))
    // The pages on both sides are new, each by itself.
    let around = try recorder.bytes(at: PhysicalAddress(0xff0), count: 0x2020)
    #expect(around.first == 2 && around.last == 3 && Set(around[16..<0x2010]) == [1])
    #expect(recorder.read.frames == [0, 1, 2, 3] && recorder.keepsAll)
    #expect(memory.readings == 3)
  }

  @Test func `pages are kept in one go as far as they can be read`() throws {
    let memory = MovingMemory()
    memory.unreadable = [5, 700]
    let recorder = RecordingDump(memory, keeping: 1000)
    var pages = PageSet()
    for frame: UInt64 in 0..<800 { pages.insert(frame) }
    recorder.keep(pages)
    #expect(recorder.read.count == 798 && recorder.keepsAll)
    #expect(memory.readings < 40)
    let before = memory.readings
    #expect(try recorder.bytes(at: PhysicalAddress(frame: 6), count: 694 << 12).count == 694 << 12)
    #expect(memory.readings == before)
    #expect(throws: PhysicalFault.leftOut(PhysicalAddress(frame: 5))) {
      _ = try recorder.bytes(at: PhysicalAddress(frame: 4), count: 4097)
    }
    #expect(recorder.leftOut.frames == [5])
  }

  @Test func `pages for which there is no room are read anew each time, and that is told`() throws {
    let memory = MovingMemory()
    let recorder = RecordingDump(memory, keeping: 2)
    _ = try recorder.bytes(at: PhysicalAddress(0), count: 0x2000)
    #expect(recorder.keepsAll)
    let third = try recorder.bytes(at: PhysicalAddress(0x2000), count: 1)
    #expect(try recorder.bytes(at: PhysicalAddress(0x2000), count: 1) != third)
    #expect(!recorder.keepsAll && recorder.read.frames == [0, 1, 2])
    #expect(try recorder.bytes(at: PhysicalAddress(0x1000), count: 1) == [1])
  }

  @Test func `a file that lacks a kept page, or has another, is told`() throws {
    let recorder = RecordingDump(MovingMemory(), keeping: 1000)
    var pages = PageSet()
    for frame: UInt64 in 0..<5 { pages.insert(frame) }
    recorder.keep(pages)
    func missing(_ change: (UInt64) -> UInt8?) throws -> Int {
      let target = MemoryTarget()
      let writer = try KdumpWriter(
        KdumpWriter.Description(
          nodeName: "", release: "", version: "", machine: "x86_64", time: 0, processorCount: 1,
          extents: recorder.extents, physicalBase: 0, vmcoreInfo: []), compression: .lzo, mostPages: 5, to: target)
      for frame: UInt64 in 0..<5 {
        var page = try recorder.bytes(at: PhysicalAddress(frame: frame), count: 4096)
        guard let last = change(frame) else { continue }
        page[4095] = last
        try page.withUnsafeBytes { try writer.add($0, frame: frame) }
      }
      try writer.finish()
      return recorder.missing(in: try DumpFile.open(BytesSource(target.bytes)))
    }
    #expect(try missing { _ in 1 } == 0)
    #expect(try missing { $0 == 3 ? 2 : 1 } == 1)
    #expect(try missing { $0 == 0 ? nil : $0 == 4 ? 9 : 1 } == 2)
  }

  // MARK: A running kernel

  private static let directMap: UInt64 = 0xffff_8880_0000_0000
  private static let alias: UInt64 = 0xffff_ffff_c000_0000

  /// 16 pages of memory of which the second is only to be had where it is used.
  private func running(_ memory: SparseMemory) -> RunningMemory {
    for number in 0..<16 {
      let page = [UInt8](repeating: UInt8(number + 1), count: 4096)
      memory.write(page, at: KernelAddress(Self.directMap + UInt64(number) << 12))
    }
    memory.write([UInt8](repeating: 2, count: 4096), at: KernelAddress(Self.alias))
    memory.withheld = [MemoryRegion(start: KernelAddress(Self.directMap + 0x1000), byteCount: 4096)]
    return RunningMemory(
      memory, extents: [PhysicalAddress(0)..<PhysicalAddress(0x10000)],
      notes: [ElfNote(name: "VMCOREINFO", type: 0, descriptor: [1, 2])],
      directMap: { $0.rawValue < 0x10000 ? KernelAddress(Self.directMap + $0.rawValue) : nil },
      alias: { $0.frame == 1 ? KernelAddress(Self.alias | $0.rawValue & 4095) : nil })
  }

  @Test func `a page that the map of all memory lacks is read where it is used`() throws {
    let memory = running(SparseMemory())
    #expect(
      try memory.bytes(at: PhysicalAddress(0x1ff8), count: 16) == [2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3])
    #expect(try memory.bytes(at: PhysicalAddress(0), count: 0x10000).count == 0x10000)
    #expect(memory.vmcoreInfo == [1, 2])
  }

  @Test func `what cannot be read is told by its physical address`() throws {
    let sparse = SparseMemory()
    let memory = running(sparse)
    sparse.withheld.append(MemoryRegion(start: KernelAddress(Self.directMap + 0x5010), byteCount: 4))
    #expect(throws: PhysicalFault.refused(PhysicalAddress(0x5010), errno: 14)) {
      _ = try memory.bytes(at: PhysicalAddress(0x4000), count: 0x3000)
    }
    #expect(throws: PhysicalFault.absent(PhysicalAddress(0x10000))) {
      _ = try memory.bytes(at: PhysicalAddress(0xfff0), count: 32)
    }
  }
}

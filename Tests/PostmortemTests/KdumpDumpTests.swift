import DecoderTrials
import KernelModel
import Postmortem
import TestKernel
import Testing

@Suite struct KdumpDumpTests {
  private let sample = SampleDump.example

  @Test(arguments: SamplePageCompression.allCases)
  func `pages are read however they are compressed`(compression: SamplePageCompression) throws {
    let dump = try DumpFile.open(BytesSource(SampleKdump(sample, compression).file))
    #expect(dump.format == "kdump-compressed")
    #expect(dump.extents == sample.extents)
    #expect(dump.isFiltered)
    #expect(dump.notes == SampleDump.notes)
    #expect(dump.vmcoreInfo == Array("OSRELEASE=6.1.0\n".utf8))
    #expect(dump.remarks == [])
    #expect(sample.problem(reading: dump) == nil)
  }

  @Test(arguments: SamplePageCompression.allCases)
  func `the samples are compressed`(compression: SamplePageCompression) {
    let kdump = SampleKdump(sample, compression)
    #expect(kdump.pages.contains { $0.flags == compression.rawValue })
    #expect(compression == .none || kdump.pages.allSatisfy { $0.flags == 0 || $0.bytes.count < 4096 })
  }

  @Test func `a read may begin and end anywhere, and cross from page to page`() throws {
    let dump = try DumpFile.open(BytesSource(SampleKdump(sample, .zstd).file))
    // Pages 6 to 9 are held, 10 is not there.
    var all: [UInt8] = []
    for number: UInt64 in 6...9 {
      guard case .held(let bytes) = sample.pages[number] else { continue }
      all += bytes
    }
    #expect(all.count == 4 * 4096)
    for (start, count) in [(0, 16384), (1, 16383), (4095, 2), (4090, 8), (100, 9000), (8191, 4098), (16383, 1)] {
      #expect(
        try dump.bytes(at: PhysicalAddress(6 * 4096 + UInt64(start)), count: count) == Array(all[start..<start + count])
      )
    }
    #expect(throws: PhysicalFault.absent(PhysicalAddress(10 * 4096))) {
      try dump.bytes(at: PhysicalAddress(9 * 4096 + 1), count: 4096)
    }
    #expect(throws: PhysicalFault.leftOut(PhysicalAddress(5 * 4096 + 7))) {
      try dump.bytes(at: PhysicalAddress(5 * 4096 + 7), count: 1)
    }
  }

  @Test func `a file with one bitmap has all the memory there is`() throws {
    let whole = sample.withoutLeftOut
    var kdump = SampleKdump(whole, .lzo)
    kdump.known = nil
    let dump = try DumpFile.open(BytesSource(kdump.file))
    #expect(!dump.isFiltered)
    #expect(whole.problem(reading: dump) == nil)
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5, 6] as [UInt32])
  func `each version has the fields it has`(version: UInt32) throws {
    var kdump = SampleKdump(sample, .zlib)
    kdump.version = version
    let dump = try DumpFile.open(BytesSource(kdump.file))
    #expect(dump.notes.isEmpty == (version < 4))
    #expect((dump.vmcoreInfo == nil) == (version < 3))
    #expect(sample.problem(reading: dump) == nil)
  }

  @Test func `the number of page frames of version 6 does not fit in the old field`() throws {
    var kdump = SampleKdump(sample, .zlib)
    var file = kdump.file
    file.replaceSubrange(440..<444, with: little(UInt32(0)))
    #expect(sample.problem(reading: try DumpFile.open(BytesSource(file))) == nil)
    kdump.pageFrameCount = (1 << 34) + 1
    #expect(throws: DumpError.implausible(field: "max_mapnr", value: (1 << 34) + 1)) {
      try DumpFile.open(BytesSource(kdump.file))
    }
  }

  @Test func `a page that does not decompress to a page is damaged, and no other`() throws {
    for compression in SamplePageCompression.allCases {
      let kdump = SampleKdump(sample, compression)
      // The fourth page held is the first that the samples compress to little: page 3 is the third.
      for change in 0..<3 {
        var damaged = kdump
        switch change {
        case 0: damaged.pages[2].flags = 0x3  // two compressions at once
        case 1: damaged.pages[2].bytes.removeLast()
        default: damaged.pages[2] = ([UInt8](repeating: 0, count: 5000), 0)
        }
        let dump = try DumpFile.open(BytesSource(damaged.file))
        let address = PhysicalAddress(3 * 4096)
        #expect(throws: PhysicalFault.damaged(address), "\(compression), change \(change)") {
          try dump.bytes(at: address, count: 4096)
        }
        #expect(throws: PhysicalFault.damaged(PhysicalAddress(3 * 4096 + 8)), "\(compression), change \(change)") {
          try dump.bytes(at: PhysicalAddress(3 * 4096 + 8), count: 8)
        }
        var others = sample
        others.pages[3] = nil
        #expect(others.pages[4] == .held(try dump.bytes(at: PhysicalAddress(4 * 4096), count: 4096)))
      }
    }
  }

  @Test(arguments: SamplePageCompression.allCases)
  func `a page that decompresses to more than a page is damaged`(compression: SamplePageCompression) throws {
    var kdump = SampleKdump(sample, compression)
    let large = [UInt8](repeating: 1, count: 4097)
    kdump.pages[0] = (compression.compress(large) ?? [], compression.rawValue)
    let dump = try DumpFile.open(BytesSource(kdump.file))
    #expect(throws: PhysicalFault.damaged(PhysicalAddress(4096))) {
      try dump.bytes(at: PhysicalAddress(4096), count: 4096)
    }
  }

  @Test func `a file that ends early still has the pages before its end`() throws {
    let kdump = SampleKdump(sample, .zlib)
    let lost = kdump.pages.suffix(3).reduce(0) { $0 + $1.bytes.count }
    let dump = try DumpFile.open(BytesSource(Array(kdump.file.dropLast(lost))))
    #expect(dump.remarks == ["the file ends early: 3 of its \(kdump.pages.count) pages are missing"])
    let held = sample.pages.filter { $0.value != .leftOut }.keys.sorted()
    for number in held.dropLast(3) {
      #expect(sample.pages[number] == .held(try dump.bytes(at: PhysicalAddress(number * 4096), count: 4096)))
    }
    for number in held.suffix(3) {
      let address = PhysicalAddress(number * 4096)
      #expect(throws: PhysicalFault.truncated(address)) { try dump.bytes(at: address, count: 1) }
    }
  }

  @Test func `descriptors past the end of the file are pages past it`() throws {
    let kdump = SampleKdump(sample, .zlib)
    let dump = try DumpFile.open(BytesSource(Array(kdump.file.prefix(kdump.descriptorOffset + 30))))
    #expect(
      dump.remarks.last == "the file ends early: \(kdump.pages.count) of its \(kdump.pages.count) pages are missing")
    #expect(throws: PhysicalFault.truncated(PhysicalAddress(4096))) {
      try dump.bytes(at: PhysicalAddress(4096), count: 1)
    }
  }

  @Test func `a blank descriptor is a page that was not written, or a damaged one`() throws {
    var kdump = SampleKdump(sample, .zlib)
    for (status, fault) in [
      (UInt32(8), PhysicalFault.truncated(PhysicalAddress(4096))), (0, .damaged(PhysicalAddress(4096))),
    ] {
      kdump.status = status
      var file = kdump.file
      file.replaceSubrange(kdump.descriptorOffset..<kdump.descriptorOffset + 24, with: [UInt8](repeating: 0, count: 24))
      let dump = try DumpFile.open(BytesSource(file))
      #expect(throws: fault) { try dump.bytes(at: PhysicalAddress(4096), count: 1) }
      #expect(dump.remarks.isEmpty == (status == 0))
    }
  }

  @Test func `files that cannot be read are refused in words`() {
    func refusal(_ change: (inout SampleKdump) -> Void) -> DumpError? {
      var kdump = SampleKdump(sample, .zlib)
      change(&kdump)
      do throws(DumpError) {
        _ = try DumpFile.open(BytesSource(kdump.file))
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal { $0.version = 7 } == .implausible(field: "header_version", value: 7))
    #expect(refusal { $0.blockByteCount = 65536 } == .implausible(field: "block_size", value: 65536))
    #expect(refusal { $0.pageFrameCount = 1 << 20 } == .implausible(field: "max_mapnr", value: 1 << 20))
    #expect(refusal { $0.held = [UInt8](repeating: 0, count: 4096) } == .noMemory("its bitmap has no page"))
    #expect(
      refusal { $0.split = 1 }
        == .unsupported(
          "one part of a split dump, with page frames 0 to 0",
          remedy: "put the parts together with makedumpfile --reassemble"))
    #expect(refusal { $0.signature = Array("DISKDUMP".utf8) } == nil)
  }
}

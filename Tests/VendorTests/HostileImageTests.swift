import DecoderTrials
import KernelModel
import Testing

@testable import Vendor

/// Images made to hurt whoever reads them.
@Suite struct HostileImageTests {
  private func read(_ bytes: [UInt8]) throws(VendorFileError) -> VendorObject {
    try VendorStore.kernel(in: VendorObject.Contents(copying: bytes), source: "test")
  }

  /// Why a kernel with this damage is refused, or nil if it is not.
  private func reason(_ damage: @escaping (inout SampleObject) -> Void) -> VendorFileError? {
    reason(TestKernelImage(damage: damage, tail: []))
  }

  private func reason(_ kernel: TestKernelImage) -> VendorFileError? {
    do throws(VendorFileError) {
      _ = try read(kernel.vmlinux())
      return nil
    } catch {
      return error
    }
  }

  private func isRefusedAsObject(_ damage: @escaping (inout SampleObject) -> Void) -> Bool {
    if case .notAnObject = reason(damage) { true } else { false }
  }

  @Test func `a kernel for another machine, or no executable, is refused`() {
    #expect(
      reason { $0.type = 3 }
        == .notAnObject("its ELF type is 3 and its machine 62, not 2 and 62 (a kernel for x86_64)"))
    #expect(
      reason { $0.machine = 183 }
        == .notAnObject("its ELF type is 2 and its machine 183, not 2 and 62 (a kernel for x86_64)"))
  }

  @Test func `section headers outside are refused`() {
    for offset in [UInt64(1 << 30), .max, .max - 100] {
      #expect(isRefusedAsObject { $0.headerOffset = offset })
    }
    #expect(isRefusedAsObject { $0.headerCount = 6 })
    #expect(isRefusedAsObject { $0.headerCount = 0xffff })
    #expect(reason { $0.headerCount = 0 } == .notAnObject("it has 0 section headers of 64 bytes"))
    #expect(reason { $0.headerByteCount = 40 } == .notAnObject("it has 5 section headers of 40 bytes"))
  }

  @Test func `a section that lies outside or wraps around is refused`() {
    for (offset, byteCount) in [(UInt64.max, UInt64(4096)), (4096, .max), (0, 1 << 30), (1 << 30, 0), (.max, .max)] {
      #expect(
        isRefusedAsObject {
          $0.sections[0].offset = offset
          $0.sections[0].byteCount = byteCount
        }, "\(offset) \(byteCount)")
    }
    #expect(isRefusedAsObject { $0.sections[0].address = .max - 10 })
    #expect(isRefusedAsObject { $0.sections[2].byteCount = .max })
  }

  @Test func `names outside or without end are refused`() {
    for index in [UInt16(5), 0xff00, 0xffff] {
      #expect(isRefusedAsObject { $0.namesIndex = index })
    }
    // A section without bytes has no names.
    #expect(isRefusedAsObject { $0.namesIndex = 3 })
    #expect(isRefusedAsObject { $0.sections[0].name = String(repeating: "n", count: 600) })
  }

  @Test func `notes without end are refused`() {
    #expect(
      reason(TestKernelImage(notes: [UInt8](repeating: 0, count: 1 << 20)))
        == .tooLarge("its notes", byteCount: 1 << 20, limit: 64 << 10))
    #expect(reason(TestKernelImage(notes: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0])) != nil)
  }

  @Test func `a kernel without build id is refused`() {
    #expect(reason(TestKernelImage(notes: TestKernelImage.note(name: "GNU", type: 4, [1]))) == .buildIDMissing)
    #expect(reason(TestKernelImage(notes: [])) == .buildIDMissing)
  }

  @Test(arguments: Compression.allCases)
  func `a small file that decompresses to very much is refused`(_ compression: Compression) throws {
    let zeroes = [UInt8](repeating: 0, count: 30 << 20)
    let payload = try SampleCompression.compress(zeroes, compression)
    #expect(payload.count < (compression == .none ? 31 << 20 : 400_000))
    let output = try GrowingBytes(limit: 20 << 20)
    #expect(throws: VendorFileError.expandsTooFar(compression, limit: 20 << 20)) {
      try payload.withUnsafeBytes { try compression.decompress($0, into: output) }
    }
  }

  @Test func `a compressor that asks for gigabytes is refused`() {
    // An lzma header with a dictionary of 4 GiB. (Zstandard needs no window here.)
    let lzma: [UInt8] = [0x5d, 0x00, 0x00, 0xff, 0xff] + [UInt8](repeating: 0xff, count: 8) + [0, 0, 0, 0, 0, 0]
    #expect(
      throws: VendorFileError.corrupt(.lzma, "it asks for more than 160 MiB of memory", decompressed: 0)
    ) { try read(TestKernelImage.bzImage(payload: lzma)) }
  }

  @Test func `blocks larger than blocks can be are refused`() {
    let lz4: [UInt8] = [0x02, 0x21, 0x4c, 0x18, 0xff, 0xff, 0xff, 0x7f] + [UInt8](repeating: 0, count: 64)
    #expect(throws: VendorFileError.corrupt(.lz4, "a block of 2147483647 compressed bytes", decompressed: 0)) {
      try read(TestKernelImage.bzImage(payload: lz4))
    }
    let lzo: [UInt8] =
      LzoBlocks.magic + [0x10, 0x30, 0x20, 0xa0, 0x09, 0x40, 3, 9] + [3, 0, 0, 1] + [UInt8](repeating: 0, count: 17)
      + [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    #expect(throws: VendorFileError.corrupt(.lzo, "a block of 4294967295 bytes, compressed 1", decompressed: 0)) {
      try read(TestKernelImage.bzImage(payload: lzo))
    }
  }

  @Test(arguments: Compression.allCases)
  func `random bytes after a true beginning are survived`(_ compression: Compression) throws {
    let start = try SampleCompression.compress(TestKernelImage(tail: []).vmlinux(), compression)
    var generator = SystemRandomNumberGenerator()
    for kept in [4, 9, 16, 40, 200] {
      let noise = (0..<4_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let payload = Array(start.prefix(kept)) + noise
      #expect(throws: VendorFileError.self) { try read(TestKernelImage.bzImage(payload: payload)) }
    }
  }
}

import DecoderTrials
import KernelModel
import Testing

@testable import Baseline

/// Images made to hurt whoever reads them.
@Suite struct HostileImageTests {
  private func read(_ bytes: [UInt8]) throws(BootImageError) -> VendorImage {
    try VendorImage.read([TestKernelImage.table], from: ImageInMemory(bytes))
  }

  private func reason(_ kernel: TestKernelImage) -> BootImageError? {
    do throws(BootImageError) {
      _ = try read(kernel.vmlinux())
      return nil
    } catch {
      return error
    }
  }

  @Test func `a kernel for another machine, or no executable, is refused`() {
    #expect(
      reason(TestKernelImage(type: 3))
        == .notAKernel("its ELF type is 3 and its machine 62, not 2 (executable) and 62 (x86-64)"))
    #expect(
      reason(TestKernelImage(machine: 183))
        == .notAKernel("its ELF type is 2 and its machine 183, not 2 (executable) and 62 (x86-64)"))
  }

  @Test func `program headers outside are refused`() {
    for offset in [UInt64(64 << 10), .max, .max - 100] {
      #expect(
        reason(TestKernelImage(programHeaderOffset: offset))
          == .notAKernel("its program headers lie at byte \(offset), far from its start"))
    }
  }

  @Test func `a segment that wraps around, or lies beyond any kernel, is refused`() {
    let link = TestKernelImage.link.rawValue
    for (address, offset, byteCount) in [(link, UInt64.max, UInt64(4096)), (link, 4096, .max), (.max - 10, 4096, 4096)]
    {
      let reason = self.reason(TestKernelImage(loadProgramHeader: (address, offset, byteCount)))
      guard case .notAKernel = reason else {
        Issue.record("\(String(describing: reason))")
        continue
      }
    }
    #expect(
      reason(TestKernelImage(loadProgramHeader: (link, 4096, 600 << 20)))
        == .tooLarge("the file that its program header 0 speaks of", byteCount: 4096 + 600 << 20, limit: 512 << 20))
  }

  @Test func `a segment beyond the end of the kernel is refused`() {
    let kernel = TestKernelImage(loadProgramHeader: (TestKernelImage.link.rawValue, 500_000, 200_000))
    #expect(reason(kernel) == .endsEarly(decompressed: 504_096, promised: 651_280))
  }

  @Test func `notes without end are refused`() {
    #expect(
      reason(TestKernelImage(notesProgramHeader: (4096, 1 << 20)))
        == .tooLarge("its notes", byteCount: 1 << 20, limit: 64 << 10))
    #expect(reason(TestKernelImage(notes: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0])) != nil)
  }

  @Test func `a kernel without build id is refused`() {
    #expect(reason(TestKernelImage(notes: TestKernelImage.note(name: "GNU", type: 4, [1]))) == .buildIDMissing)
    #expect(reason(TestKernelImage(notes: [])) == .buildIDMissing)
  }

  @Test func `a small file that decompresses to very much is left where its own headers end`() throws {
    // Its notes are 30 MB away, all zeroes.
    var kernel = TestKernelImage(notesProgramHeader: (30_000_000, 100))
    kernel.tail = [UInt8](repeating: 0, count: 40_000_000)
    let file = try kernel.bzImage(.zstd)
    #expect(file.count < 300_000)
    #expect(throws: BootImageError.buildIDMissing) { try read(file) }
  }

  @Test func `a compressor that asks for gigabytes is refused`() {
    // A frame header with a window of 2 GiB; an lzma header with a dictionary of 4 GiB.
    let zstd: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00, 0, 0, 0]
    let lzma: [UInt8] = [0x5d, 0x00, 0x00, 0xff, 0xff] + [UInt8](repeating: 0xff, count: 8) + [0, 0, 0, 0, 0, 0]
    #expect(
      throws: BootImageError.corrupt(.zstd, "Frame requires too much memory for decoding", decompressed: 0)
    ) { try read(TestKernelImage.bzImage(payload: zstd)) }
    #expect(
      throws: BootImageError.corrupt(.lzma, "it asks for more than 160 MiB of memory", decompressed: 0)
    ) { try read(TestKernelImage.bzImage(payload: lzma)) }
  }

  @Test func `blocks larger than blocks can be are refused`() {
    let lz4: [UInt8] = [0x02, 0x21, 0x4c, 0x18, 0xff, 0xff, 0xff, 0x7f] + [UInt8](repeating: 0, count: 64)
    #expect(throws: BootImageError.corrupt(.lz4, "a block of 2147483647 compressed bytes", decompressed: 0)) {
      try read(TestKernelImage.bzImage(payload: lz4))
    }
    let lzo: [UInt8] =
      LzoBlocks.magic + [0x10, 0x30, 0x20, 0xa0, 0x09, 0x40, 3, 9] + [3, 0, 0, 1] + [UInt8](repeating: 0, count: 17)
      + [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    #expect(throws: BootImageError.corrupt(.lzo, "a block of 4294967295 bytes, compressed 1", decompressed: 0)) {
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
      #expect(throws: BootImageError.self) { try read(TestKernelImage.bzImage(payload: payload)) }
    }
  }
}

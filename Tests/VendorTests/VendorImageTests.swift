import DecoderTrials
import KernelModel
import Testing

@testable import Vendor

@Suite struct VendorImageTests {
  private func read(_ bytes: [UInt8]) throws(VendorFileError) -> VendorObject {
    try VendorStore.kernel(in: VendorObject.Contents(copying: bytes), source: "test")
  }

  private func table(_ object: VendorObject) -> [UInt8]? {
    object.bytes(at: TestKernelImage.table).map { Array($0) }
  }

  private func tableBytes(_ image: TestKernelImage) -> [UInt8] {
    image.pointers.flatMap { SampleCompression.littleEndian($0) }
  }

  @Test(arguments: Compression.allCases)
  func `all of the kernel comes out of every compression`(_ compression: Compression) throws {
    let kernel = TestKernelImage()
    let image = try read(try kernel.bzImage(compression))
    #expect(image.buildID == BuildID(bytes: kernel.buildID))
    #expect(table(image) == tableBytes(kernel))
    // What follows the ELF file is there too; only an uncompressed payload ends with the size that was appended to it.
    let vmlinux = kernel.vmlinux()
    #expect(image.contents.bytes.prefix(vmlinux.count).elementsEqual(vmlinux))
    #expect(image.contents.bytes.count == vmlinux.count + (compression == .none ? 4 : 0))
  }

  @Test func `the sections are those of the file`() throws {
    let image = try read(TestKernelImage().vmlinux())
    #expect(image.sections.map(\.name) == ["", ".text", ".notes", ".bss", ".shstrtab"])
    let text = try #require(image.section(named: ".text"))
    #expect(text.isExecutable && text.isAllocated && !text.isWritable)
    #expect(text.address == TestKernelImage.link.rawValue)
    #expect(text.fileRange.count == TestKernelImage.textByteCount)
    let bss = try #require(image.section(named: ".bss"))
    #expect(bss.isNoBits && bss.byteCount == 1 << 20 && image.bytes(of: bss).isEmpty)
  }

  @Test func `the kernel may stand there without a boot loader`() throws {
    let kernel = TestKernelImage()
    #expect(table(try read(kernel.vmlinux())) == tableBytes(kernel))
  }

  @Test func `the small samples that are damaged elsewhere are sound`() throws {
    let samples = SampleBootImage.samples
    #expect(samples.count == Compression.allCases.count + 2)
    for (index, sample) in samples.enumerated() {
      let isWhole = index == 0 || index >= samples.count - 2
      let image = try read(isWhole ? sample : SampleBootImage.file(payload: sample))
      #expect(image.buildID == BuildID(bytes: Array(1...20)))
    }
  }

  @Test func `a header that says no setup sectors means four`() throws {
    let kernel = TestKernelImage()
    let payload = try SampleCompression.compress(kernel.vmlinux(), .gzip)
    #expect(table(try read(TestKernelImage.bzImage(payload: payload, setupSectors: 0))) == tableBytes(kernel))
  }

  @Test func `bytes are had by address where one section has them all`() throws {
    let image = try read(TestKernelImage().vmlinux())
    let end = KernelAddress(TestKernelImage.link.rawValue + 199_996)
    #expect(image.bytes(at: MemoryRegion(start: end, byteCount: 4))?.count == 4)
    #expect(image.bytes(at: MemoryRegion(start: end, byteCount: 8)) == nil)
    #expect(image.bytes(at: MemoryRegion(start: KernelAddress(0x1000), byteCount: 8)) == nil)
    #expect(image.bytes(at: MemoryRegion(start: KernelAddress(0xffff_ffff_8105_0000), byteCount: 8)) == nil)
  }

  @Test(arguments: [Compression.gzip, .bzip2, .xz, .zstd])
  func `damage anywhere is noticed by the checksum`(_ compression: Compression) throws {
    var payload = try SampleCompression.compress(TestKernelImage().vmlinux(), compression)
    // The sample's zstd frame carries no checksum of its own, nor do lzma, lz4 and lzo as the kernel has them.
    if compression == .zstd { payload.removeLast(3) } else { payload[payload.count / 2] ^= 0x10 }
    #expect(throws: VendorFileError.self) { try read(TestKernelImage.bzImage(payload: payload)) }
  }

  @Test func `a file that is no image is refused`() {
    #expect(throws: VendorFileError.notABootImage) { try read([]) }
    #expect(throws: VendorFileError.notABootImage) { try read(Array("#!/bin/sh\n".utf8)) }
    #expect(throws: VendorFileError.notABootImage) { try read([UInt8](repeating: 0, count: 10_000)) }
  }

  @Test func `a boot protocol that does not tell where the kernel lies is refused`() {
    #expect(throws: VendorFileError.protocolTooOld(0x0207)) {
      try read(TestKernelImage.bzImage(payload: [0x1f, 0x8b], version: 0x0207))
    }
  }

  @Test func `a compression nobody knows is refused`() {
    #expect(throws: VendorFileError.unknownCompression([1, 2, 3, 4, 5, 6, 7, 8, 9])) {
      try read(TestKernelImage.bzImage(payload: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
    }
  }

  @Test func `a payload beyond the file is refused`() throws {
    var file = try TestKernelImage().bzImage(.gzip)
    let offset = 3 * 512 + 0x2cc
    let byteCount = file.count - offset + 1
    file.replaceSubrange(0x24c..<0x250, with: SampleCompression.littleEndian(UInt32(byteCount)))
    #expect(
      throws: VendorFileError.payloadOutside(offset: offset, byteCount: byteCount, fileByteCount: file.count)
    ) { try read(file) }
    file.replaceSubrange(0x248..<0x24c, with: [0xff, 0xff, 0xff, 0xff])
    #expect(throws: VendorFileError.self) { try read(file) }
    file.replaceSubrange(0x24c..<0x250, with: [0xff, 0xff, 0xff, 0xff])
    #expect(throws: VendorFileError.self) { try read(file) }
  }

  @Test(arguments: Compression.allCases)
  func `a payload that breaks off is refused, wherever it does`(_ compression: Compression) throws {
    let kernel = TestKernelImage(tail: [])
    let payload = try SampleCompression.compress(kernel.vmlinux(), compression)
    for count in Array(1..<40) + stride(from: 40, to: 150_000, by: 9_973) where count < payload.count {
      let file = TestKernelImage.bzImage(payload: Array(payload.prefix(count)))
      #expect(throws: VendorFileError.self, "\(count) bytes") { try read(file) }
    }
  }

  @Test(arguments: Compression.allCases)
  func `any flipped bit is survived`(_ compression: Compression) throws {
    let kernel = TestKernelImage(tail: [])
    let file = try kernel.bzImage(compression)
    let payloadStart = 3 * 512 + 0x2cc
    // The boot header's fields, the compressed data's headers, and some places further on.
    let places =
      Array(0x1f1..<0x1f2) + Array(0x1fe..<0x208) + Array(0x248..<0x250)
      + Array(payloadStart..<payloadStart + 48) + stride(from: payloadStart + 48, to: file.count, by: 80_021)
    for place in places {
      for bit in stride(from: place % 4, to: 8, by: 4) {
        var damaged = file
        damaged[place] ^= 1 << bit
        // It may be refused, or read; it must return.
        _ = try? read(damaged)
      }
    }
  }
}

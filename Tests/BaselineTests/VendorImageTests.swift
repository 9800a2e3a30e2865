import DecoderTrials
import KernelModel
import Testing

@testable import Baseline

@Suite struct VendorImageTests {
  private static let table = TestKernelImage.table

  private func read(_ bytes: [UInt8], _ regions: [MemoryRegion] = [table]) throws(BootImageError) -> VendorImage {
    try VendorImage.read(regions, from: ImageInMemory(bytes))
  }

  private func tableBytes(_ image: TestKernelImage) -> [UInt8] {
    image.pointers.flatMap { SampleCompression.littleEndian($0) }
  }

  @Test(arguments: Compression.allCases)
  func `pointers and build id come out of every compression`(_ compression: Compression) throws {
    let kernel = TestKernelImage()
    let image = try read(try kernel.bzImage(compression))
    #expect(image.buildID == BuildID(bytes: kernel.buildID))
    #expect(image.contents == [tableBytes(kernel)])
    #expect(image.tables == [VendorImage.Table(start: Self.table.start, pointers: kernel.pointers)])
  }

  @Test func `the kernel may stand there without a boot loader`() throws {
    let kernel = TestKernelImage()
    #expect(try read(kernel.vmlinux()).contents == [tableBytes(kernel)])
  }

  @Test func `the small samples that are damaged elsewhere are sound`() throws {
    let samples = SampleBootImage.samples
    #expect(samples.count == Compression.allCases.count + 1)
    for (index, sample) in samples.enumerated() {
      let isWhole = index == 0 || index == samples.count - 1
      let image = try read(isWhole ? sample : SampleBootImage.file(payload: sample), [])
      #expect(image.buildID == BuildID(bytes: Array(1...20)))
      #expect(image.tables.map(\.pointers.count) == [128])
    }
  }

  @Test func `a header that says no setup sectors means four`() throws {
    let kernel = TestKernelImage()
    let payload = try SampleCompression.compress(kernel.vmlinux(), .gzip)
    #expect(try read(TestKernelImage.bzImage(payload: payload, setupSectors: 0)).contents == [tableBytes(kernel)])
  }

  @Test func `several regions come in the order asked for, and what the image lacks is nil`() throws {
    let kernel = TestKernelImage()
    let first = MemoryRegion(start: TestKernelImage.link, byteCount: 16)
    let end = MemoryRegion(start: KernelAddress(TestKernelImage.link.rawValue + 199_996), byteCount: 8)
    let nowhere = MemoryRegion(start: KernelAddress(0x1000), byteCount: 8)
    let image = try read(try kernel.bzImage(.zstd), [Self.table, end, first, nowhere])
    let vmlinux = kernel.vmlinux()
    #expect(image.contents == [tableBytes(kernel), nil, Array(vmlinux[4096..<4112]), nil])
  }

  @Test func `nothing is read beyond what is wanted`() throws {
    // A tail that does not compress: damaged, it does not matter.
    var kernel = TestKernelImage()
    kernel.tail = TestKernelImage.noise(700_000)
    for compression in Compression.allCases where compression != .bzip2 && compression != .lz4 {
      var file = try kernel.bzImage(compression)
      for index in file.count - 60_000..<file.count { file[index] = 0xa5 }
      #expect(throws: Never.self, "\(compression)") { try read(file) }
    }
  }

  @Test func `a file that is no image is refused`() {
    #expect(throws: BootImageError.notABootImage) { try read([]) }
    #expect(throws: BootImageError.notABootImage) { try read(Array("#!/bin/sh\n".utf8)) }
    #expect(throws: BootImageError.notABootImage) { try read([UInt8](repeating: 0, count: 10_000)) }
  }

  @Test func `a boot protocol that does not tell where the kernel lies is refused`() {
    #expect(throws: BootImageError.protocolTooOld(0x0207)) {
      try read(TestKernelImage.bzImage(payload: [0x1f, 0x8b], version: 0x0207))
    }
  }

  @Test func `a compression nobody knows is refused`() {
    #expect(throws: BootImageError.unknownCompression([1, 2, 3, 4, 5, 6, 7, 8, 9])) {
      try read(TestKernelImage.bzImage(payload: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
    }
  }

  @Test func `a payload beyond the file is refused`() throws {
    var file = try TestKernelImage().bzImage(.gzip)
    let offset = UInt64(3 * 512 + 0x2cc)
    let byteCount = UInt64(file.count) - offset + 1
    file.replaceSubrange(0x24c..<0x250, with: SampleCompression.littleEndian(UInt32(byteCount)))
    #expect(
      throws: BootImageError.payloadOutside(offset: offset, byteCount: byteCount, fileByteCount: UInt64(file.count))
    ) { try read(file) }
    file.replaceSubrange(0x248..<0x24c, with: [0xff, 0xff, 0xff, 0xff])
    #expect(throws: BootImageError.self) { try read(file) }
    file.replaceSubrange(0x24c..<0x250, with: [0xff, 0xff, 0xff, 0xff])
    #expect(throws: BootImageError.tooLarge("its compressed kernel", byteCount: 0xffff_ffff, limit: 256 << 20)) {
      try read(file)
    }
  }

  @Test(arguments: Compression.allCases)
  func `a payload that breaks off is refused, wherever it does`(_ compression: Compression) throws {
    let kernel = TestKernelImage()
    let payload = try SampleCompression.compress(kernel.vmlinux(), compression)
    for count in Array(1..<40) + stride(from: 40, to: 150_000, by: 9_973) where count < payload.count {
      let file = TestKernelImage.bzImage(payload: Array(payload.prefix(count)))
      #expect(throws: BootImageError.self, "\(count) bytes") { try read(file) }
    }
  }

  @Test func `a file that shrinks while it is read is refused`() throws {
    let whole = try TestKernelImage().bzImage(.gzip)
    let source = ShrunkenFile(byteCount: UInt64(whole.count), contents: ImageInMemory(Array(whole.prefix(20_000))))
    #expect(throws: BootImageError.self) { try VendorImage.read([Self.table], from: source) }
  }

  private struct ShrunkenFile: ByteSource {
    let byteCount: UInt64
    let contents: ImageInMemory

    func read(at offset: UInt64, into bytes: inout [UInt8]) throws(BootImageError) -> Int {
      try contents.read(at: offset, into: &bytes)
    }
  }

  @Test(arguments: Compression.allCases)
  func `any flipped bit is survived`(_ compression: Compression) throws {
    var kernel = TestKernelImage()
    kernel.tail = []
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

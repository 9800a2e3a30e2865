import DecoderTrials
import KernelModel
import Testing

@testable import Vendor

@Suite struct ModuleObjectTests {
  private func read(_ bytes: [UInt8]) throws(VendorFileError) -> VendorObject {
    try VendorStore.module(in: VendorObject.Contents(copying: bytes), source: "/lib/modules/sample.ko")
  }

  @Test(arguments: [Compression.none, .xz, .zstd, .gzip])
  func `a module is read in every compression`(_ compression: Compression) throws {
    let module = try read(try SampleCompression.compress(SampleModule.object, compression))
    #expect(module.source == "/lib/modules/sample.ko")
    #expect(module.buildID == BuildID(bytes: Array(21...40)))
    #expect(module.contents.bytes.elementsEqual(SampleModule.object))
    let info = try #require(module.section(named: ".modinfo"))
    #expect(String(decoding: module.bytes(of: info), as: UTF8.self) == "license=GPL\0name=sample\0")
  }

  @Test func `a module without build id is read`() throws {
    let object = SampleObject(type: 1, sections: [SampleObject.Section(".text", [0xc3])])
    #expect(try read(object.file).buildID == nil)
  }

  @Test func `a kernel is no module, and a text no ELF file`() throws {
    #expect(
      throws: VendorFileError.notAnObject(
        "its ELF type is 2 and its machine 62, not 1 and 62 (a module for x86_64)")
    ) { try read(SampleBootImage.vmlinux) }
    #expect(throws: VendorFileError.notAnObject("its first bytes are not those of an ELF file")) {
      try read([UInt8](repeating: 0x20, count: 100))
    }
    #expect(throws: VendorFileError.notAnObject("it ends after 0 bytes")) { try read([]) }
  }

  @Test func `a module that decompresses without end is refused`() throws {
    let bomb = try SampleCompression.compress([UInt8](repeating: 0, count: 65 << 20), .zstd)
    #expect(bomb.count < 100_000)
    #expect(throws: VendorFileError.expandsTooFar(.zstd, limit: 64 << 20)) { try read(bomb) }
  }
}

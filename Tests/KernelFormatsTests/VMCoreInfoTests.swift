import KernelFormats
import KernelModel
import Testing

@Suite struct VMCoreInfoTests {
  private func decode(_ text: String) throws -> VMCoreInfo {
    let bytes = Array(text.utf8)
    return try VMCoreInfo.decode(bytes.span)
  }

  @Test func `release, build id and KASLR offset are decoded`() throws {
    let info = try decode("OSRELEASE=6.1.0-56-amd64\nBUILD-ID=00a1ff\nKERNELOFFSET=1c000000\nCRASHTIME=0\n")
    #expect(info.osRelease == "6.1.0-56-amd64")
    #expect(info.buildID == BuildID(bytes: [0x00, 0xa1, 0xff]))
    #expect(info.kernelOffset == 0x1c00_0000)
  }

  @Test func `symbols are hexadecimal without a prefix`() throws {
    let info = try decode("SYMBOL(init_top_pgt)=ffffffff82a10000\nSYMBOL(odd)=0xff\nSYMBOL(signed)=+ff\n")
    #expect(info.symbol("init_top_pgt") == KernelAddress(0xffff_ffff_82a1_0000))
    #expect(info.symbol("odd") == nil)
    #expect(info.symbol("signed") == nil)
    #expect(info.symbol("absent") == nil)
  }

  @Test func `numbers are decimal, or hexadecimal with a prefix`() throws {
    let info = try decode(
      "NUMBER(phys_base)=-16777216\nNUMBER(mask)=0x800000000000\nNUMBER(top)=0xffffffffffffffff\nNUMBER(bad)=twelve\n")
    #expect(info.number("phys_base") == -16_777_216)
    #expect(info.number("mask") == 1 << 47)
    #expect(info.number("top") == -1)
    #expect(info.number("bad") == nil)
  }

  @Test func `offsets, sizes and lengths are decimal`() throws {
    let info = try decode("OFFSET(page.flags)=8\nSIZE(list_head)=16\nLENGTH(mem_section)=2048\n")
    #expect(info.offset("page.flags") == 8)
    #expect(info.size("list_head") == 16)
    #expect(info.length("mem_section") == 2048)
  }

  @Test func `the text ends at the first NUL`() throws {
    let info = try decode("OSRELEASE=a\n\0KERNELOFFSET=1\n")
    #expect(info.osRelease == "a")
    #expect(info.kernelOffset == nil)
  }

  @Test func `of a key that stands twice the first counts`() throws {
    #expect(try decode("KERNELOFFSET=1\nKERNELOFFSET=2").kernelOffset == 1)
  }

  @Test func `a build id of half bytes is none`() throws {
    #expect(try decode("BUILD-ID=abc\n").buildID == nil)
    #expect(try decode("BUILD-ID=\n").buildID == nil)
    #expect(try decode("BUILD-ID=zz\n").buildID == nil)
  }

  @Test func `a text without any value is refused`() {
    #expect(throws: VMCoreInfoError.noValues(byteCount: 6)) { try decode("hello\n") }
    #expect(throws: VMCoreInfoError.noValues(byteCount: 0)) { try decode("") }
  }

  @Test func `a text far beyond the kernel's own is refused`() {
    let bytes = [UInt8](repeating: 0x41, count: VMCoreInfo.largestText + 1)
    #expect(throws: VMCoreInfoError.tooLong(byteCount: bytes.count)) { try VMCoreInfo.decode(bytes.span) }
  }
}

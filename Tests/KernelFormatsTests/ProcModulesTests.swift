import KernelFormats
import KernelModel
import Testing

@Suite struct ProcModulesTests {
  private func decode(_ text: String) throws -> [ModuleClaim] {
    let bytes = Array(text.utf8)
    return try ProcModules.decode(bytes.span)
  }

  @Test func `lines of every shape the kernel writes are decoded`() throws {
    let claims = try decode(
      """
      ext4 987136 1 - Live 0xffffffffc0a31000
      jbd2 167936 1 ext4, Live 0xffffffffc0a00000
      hooked 16384 0 [permanent], Loading 0xffffffffc0b31000 (OE+)
      leaving 4096 -1 - Unloading 0xffffffffc0b41000 (-)
      noversion 4096 - - Live 0xffffffffc0b51000 (PO)

      """)
    #expect(
      claims == [
        ModuleClaim(name: "ext4", byteCount: 987_136, base: KernelAddress(0xffff_ffff_c0a3_1000)),
        ModuleClaim(name: "jbd2", byteCount: 167_936, base: KernelAddress(0xffff_ffff_c0a0_0000)),
        ModuleClaim(
          name: "hooked", byteCount: 16384, base: KernelAddress(0xffff_ffff_c0b3_1000), state: "Loading", taints: "OE"),
        ModuleClaim(
          name: "leaving", byteCount: 4096, base: KernelAddress(0xffff_ffff_c0b4_1000), state: "Unloading"),
        ModuleClaim(name: "noversion", byteCount: 4096, base: KernelAddress(0xffff_ffff_c0b5_1000), taints: "PO"),
      ])
  }

  @Test func `an address of zeros is no address`() throws {
    #expect(try decode("ext4 987136 1 - Live 0x0000000000000000\n").map(\.base) == [nil])
  }

  @Test func `no modules are no error`() throws {
    #expect(try decode("").isEmpty)
  }

  @Test func `a last line without a newline counts`() throws {
    #expect(try decode("a 1 0 - Live 0x1\nb 2 0 - Live 0x2").map(\.name) == ["a", "b"])
  }

  @Test func `spaces and escapes in a name are part of the name`() throws {
    let claims = try decode("\u{1b}[2J my module 4096 0 - Live 0xffffffffc0b51000\n")
    #expect(claims.map(\.name) == ["\u{1b}[2J my module"])
  }

  @Test(arguments: [
    ("", "name"), ("ext4", "address"), ("ext4 987136 1 - Live c0a31000", "address"),
    ("ext4 987136 1 - Live 0x", "address"), ("ext4 987136 1 - Live 0xffffffffc0a31000ff", "address"),
    ("(OE)", "address"), ("ext4 987136 1 - Dead 0x1", "state"), ("987136 1 - Live 0x1", "name"),
    ("1 - Live 0x1", "size"), ("- Live 0x1", "references"), ("Live 0x1", "references"), ("0x1", "state"),
    ("ext4 -5 1 - Live 0x1", "size"), ("ext4 99999999999999999999 1 - Live 0x1", "size"),
  ])
  func `a line that makes no sense is refused, and says why`(line: String, field: String) {
    #expect(throws: ProcModulesError.malformedLine(number: 2, field: field, text: line)) {
      try decode("a 1 0 - Live 0x1\n\(line)\n")
    }
  }
}

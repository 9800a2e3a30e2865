import Lab
import Testing

@Suite("What ways of making a dump are called")
struct DumpMethodTests {
  @Test(arguments: [
    ("qemu", "elf"), ("qemu-note", "elf"), ("qemu-note-kdump-zlib", "flat"), ("kdump-31-zstd", "kdump"),
    ("kdump-0", "kdump"), ("kdump-1-elf", "elf"), ("kdump-raw", "elf"),
  ])
  func `a name is that of one method`(name: String, ending: String) throws {
    let method = try #require(DumpMethod(name))
    #expect(method.name == name)
    #expect(method.ending == ending)
  }

  @Test(arguments: ["", "qemu-", "qemu-gzip", "kdump", "kdump-32", "kdump-31-gzip", "kdump-31-zstd-lzo", "lime"])
  func `other names are refused`(name: String) {
    #expect(DumpMethod(name) == nil)
  }
}

import Checks
import KernelModel
import TestKernel
import Testing

struct SiteQueryTests {
  private let start = TestKernel.textStart.rawValue

  private func kernel() -> Kernel {
    let test = TestKernel()
    test.add("vfs_read", KernelAddress(start + 0x40))
    test.add("twice", KernelAddress(start + 0x80))
    test.add("twice", KernelAddress(start + 0x90), module: "loop")
    test.add("feed", KernelAddress(start + 0xa0))
    return test.kernel
  }

  @Test(
    arguments: [
      ("vfs_read", 0x40), ("vfs_read+0x4", 0x44), ("vfs_read+4", 0x44), ("vfs_read+1f", 0x5f),
      ("0xffffffff81000123", 0x123), ("ffffffff81000123", 0x123), ("0xffffffff81000123+0x10", 0x133),
      ("twice [loop]", 0x90), ("twice+0x4 [loop]", 0x94), ("twice+0x4[loop]", 0x94), ("feed", 0xa0),
    ] as [(String, UInt64)])
  func `a place is found as findings name it`(_ text: String, _ offset: UInt64) throws {
    let query = try #require(SiteQuery(text))
    #expect(query.description == text)
    #expect(try query.address(in: kernel()).rawValue == start + offset)
  }

  @Test func `what is no name is a number`() throws {
    #expect(try SiteQuery("beef")?.address(in: kernel()) == KernelAddress(0xbeef))
    #expect(try SiteQuery("0xfeed")?.address(in: kernel()) == KernelAddress(0xfeed))
  }

  @Test(arguments: ["", "+4", "vfs_read+", "vfs_read+xyz", "vfs_read+-4", "vfs read", "twice []", "[loop]", " "])
  func `what is no place is refused`(_ text: String) {
    #expect(SiteQuery(text) == nil)
  }

  @Test func `a name for several places lists them`() throws {
    let query = try #require(SiteQuery("twice+0x4"))
    let failure = #expect(throws: SiteQuery.Unresolved.self) { try query.address(in: kernel()) }
    #expect(
      failure?.description == """
        twice stands for 2 places; ask for one of them by its address: 0xffffffff81000080, 0xffffffff81000090 [loop]
        """)
  }

  @Test(arguments: [
    ("nothing_of_the_kind", "kallsyms names no nothing_of_the_kind"),
    ("vfs_read [loop]", "kallsyms names no vfs_read of module loop"),
    ("vfs_read+0xffffffffffffffff", "is past the top of the address space"),
  ])
  func `what leads nowhere says so`(_ text: String, _ complaint: String) throws {
    let query = try #require(SiteQuery(text))
    let failure = #expect(throws: SiteQuery.Unresolved.self) { try query.address(in: kernel()) }
    #expect(failure?.description.contains(complaint) == true)
  }

  @Test func `withheld addresses are no addresses`() throws {
    let test = TestKernel()
    test.symbols = test.symbols.map { Symbol(name: $0.name, address: KernelAddress(0), type: $0.type) }
    let failure = #expect(throws: SiteQuery.Unresolved.self) { try SiteQuery("_text")?.address(in: test.kernel) }
    #expect(failure?.description.contains("kptr_restrict") == true)
  }

  @Test func `nothing is explained without the vendor's image, or on another machine`() {
    let test = TestKernel()
    #expect(throws: CannotCheck.withheld(Withheld("the vendor's kernel image", why: "this test has none"))) {
      try SiteExplanation(of: TestKernel.textStart, in: test.kernel)
    }
    test.machine = "aarch64"
    #expect(throws: CannotCheck.self) { try SiteExplanation(of: TestKernel.textStart, in: test.kernel) }
  }
}

import TestKernel
import Testing

@testable import Checks

@Suite struct NopsTests {
  /// As Linux v6.12 has them, up to 11 bytes; up to v6.4 they end at 8.
  private let nops = Nops(
    byLength: [[]] + TestVendorKernel.nops, atomic5: TestVendorKernel.nops[4], isChosenAtBoot: false
  )
  private let older = Nops(
    byLength: [[]] + TestVendorKernel.nops.prefix(8), atomic5: TestVendorKernel.nops[4],
    isChosenAtBoot: false)

  /// What `body` makes of some bytes.
  private func changed(_ bytes: [UInt8], _ body: (UnsafeMutableRawPointer) -> Void) -> [UInt8] {
    var bytes = bytes
    bytes.withUnsafeMutableBytes { raw in raw.baseAddress.map(body) ?? () }
    return bytes
  }

  private func filled(_ count: Int, with fill: (UnsafeMutableRawPointer) -> Void) -> [UInt8] {
    changed([UInt8](repeating: 0xee, count: count), fill)
  }

  @Test func `a chain takes the longest first`() {
    #expect(filled(0) { nops.chain($0, count: 0) } == [])
    #expect(filled(3) { nops.chain($0, count: 3) } == hex("0f 1f 00"))
    #expect(
      filled(13) { nops.chain($0, count: 13) } == hex("66 66 2e 0f 1f 84 00 00 00 00 00 66 90"))
    #expect(filled(10) { older.chain($0, count: 10) } == hex("0f 1f 84 00 00 00 00 00 66 90"))
  }

  @Test func `one instruction for all, or a jump over breakpoints`() {
    #expect(filled(1) { nops.single($0, count: 0) } == [0xee])
    #expect(filled(11) { nops.single($0, count: 11) } == hex("66 66 2e 0f 1f 84 00 00 00 00 00"))
    #expect(
      filled(12) { nops.single($0, count: 12) } == hex("eb 0a")
        + [UInt8](repeating: 0xcc, count: 10))
    #expect(
      filled(127) { nops.single($0, count: 127) } == hex("eb 7d")
        + [UInt8](repeating: 0xcc, count: 125))
    #expect(
      filled(128) { nops.single($0, count: 128) } == hex("e9 7b 00 00 00")
        + [UInt8](repeating: 0xcc, count: 123))
  }

  @Test(arguments: [
    ("48 89 c3 90 90 90 c3", "48 89 c3 0f 1f 00 c3"),
    ("90 c3", "90 c3"),  // a single one stays
    ("b8 90 90 90 90 90 90", "b8 90 90 90 90 66 90"),  // an operand is no instruction
    ("66 90 90 c3", "66 90 90 c3"),  // only single bytes are joined
    ("c3 90 90", "c3 66 90"),
    ("06 90 90 90", "06 90 90 90"),  // no instruction: the kernel stops there
  ])
  func `up to Linux 6.2 runs of single bytes are joined`(_ before: String, _ after: String) {
    let bytes = hex(before)
    #expect(
      changed(bytes) { older.joinSingleBytes($0, count: bytes.count, readable: bytes.count) }
        == hex(after))
  }

  @Test func `single bytes behind the site are not joined, but an instruction may reach there`() {
    let bytes = hex("90 90 90 90")
    #expect(
      changed(bytes) { older.joinSingleBytes($0, count: 2, readable: 4) } == hex("66 90 90 90"))
    // mov $0x90909090, %eax begins inside and ends outside.
    let longer = hex("90 90 b8 90 90 90 90")
    #expect(
      changed(longer) { older.joinSingleBytes($0, count: 3, readable: 7) }
        == hex("66 90 b8 90 90 90 90"))
  }

  @Test(arguments: [
    ("90 90 90 c3", "0f 1f 00 c3"),
    ("66 90 90 c3", "0f 1f 00 c3"),
    ("0f 1f 00 66 90 c3", "0f 1f 44 00 00 c3"),
    ("c3 90", "c3 90"),  // one that ends the site was joined before
    ("c3 90 90", "c3 66 90"),
    ("f3 90 90 90 c3", "f3 90 66 90 c3"),  // pause does something
    ("48 89 c0 90 c3", "48 89 c0 90 c3"),  // mov %rax, %rax is not known yet
    ("90 90 90 90 90 90 90 90 90 90 90 90 c3", "eb 0a cc cc cc cc cc cc cc cc cc cc c3"),
    ("06 90 90", "06 90 90"),
  ])
  func `since Linux 6.5 instructions that do nothing are joined`(_ before: String, _ after: String) {
    let bytes = hex(before)
    #expect(
      changed(bytes) { nops.join($0, count: bytes.count, recognisesMore: false) } == hex(after))
  }

  @Test(arguments: [
    ("48 89 c0 90 c3", "0f 1f 40 00 c3"),  // mov %rax, %rax
    ("48 89 c1 90 c3", "48 89 c1 90 c3"),  // mov %rax, %rcx
    ("89 c0 90 c3", "89 c0 90 c3"),  // mov %eax, %eax clears the upper half
    ("48 8d 76 00 90 c3", "0f 1f 44 00 00 c3"),  // lea 0(%rsi), %rsi
    ("48 8d 76 01 90 c3", "48 8d 76 01 90 c3"),
    ("48 8d 64 24 00 90 c3", "66 0f 1f 44 00 00 c3"),  // lea 0(%rsp), %rsp
    ("eb 00 90 c3", "0f 1f 00 c3"),
    ("eb 01 90 c3", "eb 01 90 c3"),
    ("41 90 90 c3", "41 90 90 c3"),  // xchg %r8d, %eax
  ])
  func `since Linux 6.17 more of them are known`(_ before: String, _ after: String) {
    let bytes = hex(before)
    #expect(
      changed(bytes) { nops.join($0, count: bytes.count, recognisesMore: true) } == hex(after))
  }
}

import KernelModel
import TestKernel
import Testing

@testable import Checks

@Suite("Symbols that the kernel exports")
struct KernelExportsTests {
  private static let table = TestVendorKernel.link(0x1000)
  private static let names = TestVendorKernel.link(0x2000)

  private static func entry(_ index: UInt64, _ target: UInt64, _ name: UInt64) -> [UInt8] {
    let place = table + index * 12
    return little(UInt32(truncatingIfNeeded: target &- place))
      + little(UInt32(truncatingIfNeeded: names &+ name &- (place + 4))) + little(UInt32(0))
  }

  private func exports(_ table: [UInt8], _ names: [UInt8]) -> KernelExports {
    let file = TestVendorFile(
      source: "vmlinux",
      sections: [
        .init("__ksymtab", at: Self.table, table), .init("__ksymtab_strings", at: Self.names, names),
      ])
    return KernelExports(of: file.object, offset: 0x1200_0000)
  }

  @Test func `what lies in the image moves with it, and what each processor has does not`() {
    let function = TestVendorKernel.link(0x40)
    let exports = exports(
      Self.entry(0, function, 0) + Self.entry(1, 0x2_1000, 5), Array("open\0cpu_number\0".utf8))
    #expect(exports["open"] == function + 0x1200_0000)
    #expect(exports["cpu_number"] == 0x2_1000)
    #expect(exports["close"] == nil)
  }

  @Test func `names outside of their section, without an end, and a part of an entry are passed over`() {
    let exports = exports(
      Self.entry(0, Self.table, 400) + Self.entry(1, Self.table, 0) + [1, 2, 3], Array("endless".utf8))
    #expect(exports["endless"] == nil)
  }
}

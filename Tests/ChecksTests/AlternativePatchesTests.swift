import KernelModel
import TestKernel
import Testing

@testable import Checks

@Suite struct AlternativePatchesTests {
  /// What becomes of code that is copied from 0x2000 to 0x1000.
  private func moved(_ text: String, to destination: UInt64 = 0x1000, from source: UInt64 = 0x2000)
    -> [UInt8]
  {
    var bytes = hex(text)
    let count = bytes.count
    bytes.withUnsafeMutableBytes { raw in
      guard let place = raw.baseAddress else { return }
      AlternativePatches.relocate(
        place, count: count, at: destination, from: source, sourceByteCount: count)
    }
    return bytes
  }

  @Test func `a call that leads out leads to the same place`() {
    // 0x40 less 0x9615, and less 0x125.
    #expect(moved("e8 2b 6a ff ff", to: 0x120, from: 0x9610) == hex("e8 1b ff ff ff"))
  }

  @Test(arguments: [
    ("e9 1b f0 ff ff", "eb 1e cc cc cc"),  // to 0x1020
    ("e9 7c f0 ff ff", "eb 7f cc cc cc"),  // to 0x1081: 127 bytes behind a short jump
    ("e9 7d f0 ff ff", "e9 7d 00 00 00"),  // to 0x1082
    ("e9 7d ef ff ff", "eb 80 cc cc cc"),  // to 0xf82: 128 bytes before
    ("e9 7c ef ff ff", "e9 7c ff ff ff"),  // to 0xf81
  ])
  func `a jump that can be short becomes short`(_ before: String, _ after: String) {
    #expect(moved(before) == hex(after))
  }

  @Test func `what leads inside stays, and its end counts as inside`() {
    #expect(moved("74 03 0f 1f 00 c3") == hex("74 03 0f 1f 00 c3"))
    #expect(moved("eb 03 90 90 90") == hex("eb 03 90 90 90"))
    #expect(moved("0f 84 01 00 00 00 c3") == hex("0f 84 01 00 00 00 c3"))
  }

  @Test func `a conditional jump that leads out is mended`() {
    #expect(moved("0f 84 1a f0 ff ff c3") == hex("0f 84 1a 00 00 00 c3"))
  }

  @Test func `an operand that is counted from the instruction is mended`() {
    // mov 0x5000, %rax, and with a byte of immediate behind the distance: cmpb $7, 0x5000.
    #expect(moved("48 8b 05 f9 2f 00 00") == hex("48 8b 05 f9 3f 00 00"))
    #expect(moved("80 3d f9 2f 00 00 07") == hex("80 3d f9 3f 00 00 07"))
  }

  @Test func `what is no code is left as it is`() {
    #expect(moved("06 e8 00 00 00 00") == hex("06 e8 00 00 00 00"))
    #expect(moved("e8 00 00") == hex("e8 00 00"))
    #expect(moved("") == [])
  }

  @Test func `a table as kernels up to 6.2 have it is applied entry by entry`() throws {
    let kernel = TestTextKernel()
    typealias Vendor = TestVendorKernel
    // stac; NOPs joined; a call for an absent feature; clac; and a jump to 0x160, which becomes short.
    let entries: [(site: UInt64, replacement: UInt64, feature: UInt16, lengths: [UInt8])] = [
      (0x100, 0x9600, 3, [5, 3]), (0x108, 0x9600, 4, [5, 3]), (0x120, 0x9610, 4 | 0x8000, [5, 5]),
      (0x140, 0x9604, 3, [5, 3]), (0x150, 0x9630, 3, [5, 5]),
    ]
    var table: [UInt8] = []
    for (index, entry) in entries.enumerated() {
      let place = 0x9400 + UInt64(index) * 12
      table += Vendor.distance(from: place, to: entry.site)
      table += Vendor.distance(from: place + 4, to: entry.replacement)
      table += little(entry.feature) + entry.lengths
    }
    kernel.vendor.file[".altinstructions"] = table
    kernel.vendor.file[".altinstr_replacement"] += hex("e9 2b 6b ff ff")
    kernel.vendor.file[".text"].replaceSubrange(0x150..<0x155, with: hex("0f 1f 44 00 00"))
    kernel.write(hex("eb 0e 0f 1f 00"), at: 0x150)
    // A call through a pointer is no alternative there.
    kernel.write(hex("ff 15 ca 9f 00 00"), at: 0x130)
    let examination = try KernelText().examine(kernel.kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.accounts.first?.rows.first { $0.mechanism == "alternatives" }?.sites == 5)
  }

  @Test func `a replacement without bytes may lie behind the last one`() throws {
    let kernel = TestTextKernel()
    var table = TestVendorKernel.distance(from: 0x9400, to: 0x100)
    table += TestVendorKernel.distance(from: 0x9404, to: 0x9630)
    table += little(UInt16(3)) + little(UInt16(0)) + [5, 0]
    kernel.vendor.file[".altinstructions"].replaceSubrange(0..<14, with: table)
    kernel.write(hex("0f 1f 44 00 00"), at: 0x100)
    kernel.vendor.file[".text"].replaceSubrange(0x100..<0x105, with: hex("0f 01 cb 0f 0b"))
    #expect(try KernelText().examine(kernel.kernel).findings.isEmpty)
  }
}

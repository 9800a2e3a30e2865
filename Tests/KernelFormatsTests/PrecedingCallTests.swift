import KernelFormats
import KernelModel
import TestKernel
import Testing

/// Calls, by the bytes that end at a return address.
@Suite struct PrecedingCallTests {
  private let end = KernelAddress(0xffff_ffff_8100_1000)

  private func preceding(_ code: String, isCode: (KernelAddress) -> Bool = { _ in true }) -> PrecedingCall? {
    PrecedingCall(endingAt: end, hex(code), isCode: isCode)
  }

  @Test func `a direct call and where it leads`() throws {
    let call = try #require(preceding("90 90 90 90 e8 00 01 00 00"))
    #expect(call.byteCount == 5)
    #expect(call.target == KernelAddress(0xffff_ffff_8100_1100))
  }

  @Test func `a direct call with a prefix, as call thunks are padded`() {
    // cs call: the shorter one is taken, and it leads to the same place.
    #expect(preceding("90 90 90 2e e8 00 01 00 00")?.target == KernelAddress(0xffff_ffff_8100_1100))
  }

  @Test func `a direct call that leads to no code is none`() {
    #expect(preceding("90 90 90 90 e8 00 01 00 00") { $0.rawValue < 0xffff_ffff_8100_1000 } == nil)
  }

  @Test(arguments: [
    ("ff d0", 2), ("41 ff d3", 2), ("ff 10", 2), ("ff 50 18", 3), ("ff 90 00 01 00 00", 6), ("ff 15 00 01 00 00", 6),
    ("ff 14 c5 00 20 00 82", 7), ("ff 54 24 08", 4), ("65 ff 14 25 00 01 00 00", 7),
  ])
  func `an indirect call, however long`(_ code: String, _ byteCount: Int) throws {
    let call = try #require(preceding("90 90 90 90 90 90 90 90 " + code) { _ in false })
    #expect(call.target == nil)
    #expect(call.byteCount == byteCount)
  }

  @Test(arguments: ["ff e0", "ff 25 00 00 00 00", "e9 00 01 00 00", "c3", "90", "ff 18", ""])
  func `what is no near call is none`(_ code: String) {
    #expect(preceding("90 90 90 90 90 90 90 90 " + code) { _ in false } == nil)
  }

  @Test func `few bytes are enough, or nothing`() {
    #expect(preceding("ff d0")?.byteCount == 2)
    #expect(preceding("d0") == nil)
    #expect(PrecedingCall(endingAt: KernelAddress(1), [0xff, 0xd0]) { _ in true } == nil)
  }
}

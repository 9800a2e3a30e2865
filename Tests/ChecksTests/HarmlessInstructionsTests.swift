import KernelModel
import KernelObjects
import TestKernel
import Testing

@testable import Checks

@Suite struct HarmlessInstructionsTests {
  /// A page of breakpoints with `code` at `offset`.
  private func page(_ code: String, at offset: Int) -> [UInt8] {
    var page = [UInt8](repeating: 0xcc, count: 4096)
    let bytes = hex(code)
    page.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    return page
  }

  @Test(arguments: [
    // jmp *%rax, jmp *%r11, and the bytes of FineIBT before one: in the upper half of a cache line.
    ("ff e0", 32), ("41 ff e3", 96), ("d6 75 fd ff e1", 160), ("ff e0", 4094),
  ])
  func `jumps to where a register says do no harm where the kernel puts them`(code: String, offset: Int) {
    #expect(Machine.isHarmless(page(code, at: offset)))
    #expect(!Machine.isTrapping(page(code, at: offset)))
  }

  @Test(arguments: [
    ("ff e0", 0), ("ff e0", 64), ("c3", 32), ("ff d0", 32), ("ff 20", 32), ("41", 4095), ("d6 75 fd", 4093), ("00", 40),
    ("90", 40),
  ])
  func `nothing else is harmless, nor are these elsewhere`(code: String, offset: Int) {
    #expect(!Machine.isHarmless(page(code, at: offset)))
  }

  @Test func `breakpoints trap, and fill memory as zeros do`() {
    #expect(Machine.isTrapping(page("cc", at: 0)) && Machine.isHarmless(page("cc", at: 0)))
    #expect(!Machine.isTrapping([0xcc, 0]))
    #expect((UInt8.min...UInt8.max).filter(Machine.isFiller) == [0, 0xcc])
  }
}

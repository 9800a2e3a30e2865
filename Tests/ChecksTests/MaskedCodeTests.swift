import TestKernel
import Testing

@testable import Checks

@Suite struct MaskedCodeTests {
  private func masked(_ code: [UInt8]) -> [UInt8] { code.withUnsafeBytes { MaskedCode($0).bytes } }

  @Test(arguments: [
    // call, jmp and a conditional jump to elsewhere
    ("e8 11 22 33 44 c3", "e8 00 00 00 00 c3"), ("e9 11 22 33 44", "e9 00 00 00 00"),
    ("0f 84 11 22 33 44 c3", "0f 84 00 00 00 00 c3"),
    // lea rdi, [rip + …]
    ("48 8d 3d 11 22 33 44 c3", "48 8d 3d 00 00 00 00 c3"),
    // mov rax, [rax*8 + 0xffffffff82000280]; mov rdi, 0xffffffffc0a40000; movabs rax, 0xffff888012345678
    ("48 8b 04 c5 80 02 00 82 c3", "48 8b 04 c5 00 00 00 00 c3"),
    ("48 c7 c7 00 00 a4 c0 c3", "48 c7 c7 00 00 00 00 c3"),
    ("48 b8 78 56 34 12 80 88 ff ff c3", "48 b8 00 00 00 00 00 00 00 00 c3"),
  ])
  func `addresses, and distances to them, are taken out`(code: String, expected: String) {
    #expect(masked(hex(code)) == hex(expected))
  }

  @Test(arguments: [
    // mov rax, [rbp - 0x200]; mov eax, 0x12345678; movabs rax, 0x0807060504030201; add rsp, -128; je over a nop
    "48 8b 85 00 fe ff ff c3", "b8 78 56 34 12 c3", "48 b8 01 02 03 04 05 06 07 08 c3", "48 83 c4 80 c3", "74 01 90 c3",
  ])
  func `numbers stay`(code: String) {
    #expect(masked(hex(code)) == hex(code))
  }

  @Test func `a function ends where nothing leads past`() {
    // ret; the next function
    #expect(masked(hex("c3 90 c3")) == hex("c3"))
    // je +2; ret; nop; ret; int3
    #expect(masked(hex("74 02 c3 90 c3 cc")) == hex("74 02 c3 90 c3"))
    // jmp rax, ud2, jmp -2
    for end in ["ff e0", "0f 0b", "eb fe"] { #expect(masked(hex(end + " 90")) == hex(end)) }
    // call [rax] and push [rax] go on
    #expect(masked(hex("ff 10 ff 30 c3")) == hex("ff 10 ff 30 c3"))
  }

  @Test func `bytes that are no code, or end in the middle, are left out`() {
    #expect(masked(hex("90 06 c3")) == hex("90"))
    #expect(masked(hex("90 e8 11 22")) == hex("90"))
    #expect(masked([]) == [])
    #expect(masked([UInt8](repeating: 0x90, count: 10_000)).count == MaskedCode.longest)
  }
}

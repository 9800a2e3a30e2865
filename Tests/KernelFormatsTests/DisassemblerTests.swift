import KernelFormats
import KernelModel
import Testing

@Suite struct DisassemblerTests {
  private let start = KernelAddress(0xffff_ffff_8100_0000)

  private func decode(_ bytes: [UInt8], limit: Int = 100) throws -> [MachineInstruction] {
    try X86_64.Disassembler().decode(bytes.span, at: start, limit: limit)
  }

  @Test func `instructions are decoded one after another in Intel syntax`() throws {
    // endbr64; push rbp; mov rbp, rsp; ret
    let decoded = try decode([0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0xc3])
    #expect(decoded.map(\.instruction.mnemonic) == ["endbr64", "push", "mov", "ret"])
    #expect(decoded.map(\.instruction.operands) == ["", "rbp", "rbp, rsp", ""])
    #expect(decoded.map(\.instruction.address.rawValue) == [0, 4, 5, 8].map { start.rawValue + $0 })
    #expect(decoded[2].instruction.bytes == [0x48, 0x89, 0xe5])
    #expect(decoded.map(\.isReturn) == [false, false, false, true])
    #expect(decoded.allSatisfy { !$0.isCall && !$0.isJump && $0.memory == nil })
  }

  @Test func `a direct call and a direct jump lead somewhere`() throws {
    // call +0x10; jmp -5; je +2
    let decoded = try decode([0xe8, 0x10, 0, 0, 0, 0xe9, 0xfb, 0xff, 0xff, 0xff, 0x74, 0x02])
    #expect(decoded.map(\.isCall) == [true, false, false])
    #expect(decoded.map(\.isJump) == [false, true, true])
    #expect(
      decoded.map(\.instruction.branchTarget) == [0x15, 0x05, 0x0e].map { KernelAddress(start.rawValue + $0) })
    #expect(decoded.allSatisfy { $0.immediates.isEmpty })
  }

  @Test func `the bound of a dispatcher is an immediate`() throws {
    // cmp edi, 0x1c5; cmp rax, -1
    let decoded = try decode([0x81, 0xff, 0xc5, 0x01, 0, 0, 0x48, 0x83, 0xf8, 0xff])
    #expect(decoded.map(\.immediates) == [[0x1c5], [-1]])
  }

  @Test func `a table that is called through is named by the displacement, sign-extended`() throws {
    // call qword ptr [rax*8 - 0x7dffe000]; mov rax, qword ptr [rax*8 - 0x7dffe000]
    for bytes: [UInt8] in [
      [0xff, 0x14, 0xc5, 0x00, 0x20, 0x00, 0x82], [0x48, 0x8b, 0x04, 0xc5, 0x00, 0x20, 0x00, 0x82],
    ] {
      let memory = try #require(try decode(bytes).first?.memory)
      #expect(memory.displacement == -0x7dff_e000)
      #expect(memory.scale == 8)
      #expect(memory.hasIndex)
      #expect(!memory.hasBase)
      #expect(!memory.isInstructionRelative)
      #expect(memory.target == KernelAddress(0xffff_ffff_8200_2000))
    }
  }

  @Test func `an indirect call is a call without a target`() throws {
    let decoded = try decode([0xff, 0x14, 0xc5, 0x00, 0x20, 0x00, 0x82, 0xff, 0xe0])
    #expect(decoded.map(\.isCall) == [true, false])
    #expect(decoded.map(\.isJump) == [false, true])
    #expect(decoded.allSatisfy { $0.instruction.branchTarget == nil })
  }

  @Test func `a RIP-relative operand is an address`() throws {
    // lea rax, [rip + 0x10]
    let memory = try #require(try decode([0x48, 0x8d, 0x05, 0x10, 0, 0, 0]).first?.memory)
    #expect(memory.isInstructionRelative)
    #expect(!memory.hasBase)
    #expect(memory.target == KernelAddress(start.rawValue + 0x17))
  }

  @Test func `an operand that depends on a register has no target`() throws {
    // mov rax, qword ptr [rbx + 8]
    let memory = try #require(try decode([0x48, 0x8b, 0x43, 0x08]).first?.memory)
    #expect(memory.hasBase)
    #expect(!memory.hasIndex)
    #expect(memory.displacement == 8)
    #expect(memory.target == nil)
  }

  @Test func `a per-CPU operand has no target`() throws {
    // mov rax, qword ptr gs:[0x1fbc0]; mov rax, qword ptr gs:[rip + 0x10]
    for bytes: [UInt8] in [
      [0x65, 0x48, 0x8b, 0x04, 0x25, 0xc0, 0xfb, 0x01, 0x00], [0x65, 0x48, 0x8b, 0x05, 0x10, 0, 0, 0],
    ] {
      let memory = try #require(try decode(bytes).first?.memory)
      #expect(memory.hasSegmentBase)
      #expect(memory.target == nil)
    }
  }

  @Test func `an absolute jump through a register is followed by its immediate`() throws {
    // movabs rax, 0xffffffffc0a31000; jmp rax
    let decoded = try decode([0x48, 0xb8, 0x00, 0x10, 0xa3, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe0])
    #expect(decoded.map(\.immediates) == [[Int64(bitPattern: 0xffff_ffff_c0a3_1000)], []])
    #expect(decoded[1].isJump)
  }

  @Test func `decoding stops at what is no instruction, and at the limit`() throws {
    // nop; nop; (06 is not valid in 64-bit mode); nop
    #expect(try decode([0x90, 0x90, 0x06, 0x90]).count == 2)
    #expect(try decode([0x90, 0xe8, 0x00]).count == 1)
    #expect(try decode([0x90, 0x90, 0x90], limit: 2).count == 2)
    #expect(try decode([0x90], limit: 0).isEmpty)
    #expect(try decode([]).isEmpty)
  }

  @Test func `decoding ends with the address space`() throws {
    let bytes: [UInt8] = [0x90, 0x90, 0x90, 0x90]
    let decoded = try X86_64.Disassembler().decode(bytes.span, at: KernelAddress(.max - 1), limit: 10)
    #expect(decoded.count <= 2)
    #expect(decoded.first?.instruction.address == KernelAddress(.max - 1))
  }

  @Test func `one disassembler serves many calls`() throws {
    let disassembler = try X86_64.Disassembler()
    let bytes: [UInt8] = [0xc3]
    for _ in 0..<100 {
      #expect(disassembler.decode(bytes.span, at: start, limit: 1).count == 1)
    }
  }
}

import KernelFormats
import KernelModel
import Testing

@Suite struct InstructionShapeTests {
  private func decode(_ bytes: [UInt8]) -> X86_64.InstructionShape? {
    bytes.withUnsafeBytes { X86_64.InstructionShape($0) }
  }

  /// Bytes of one instruction, and what its parts are.
  struct Sample: CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]
    /// Where the opcode is, the displacement, and the immediate.
    var opcode: Int
    var displacement = 0..<0
    var immediate = 0..<0
    var map = X86_64.InstructionShape.Map.oneByte
    var isRIPRelative = false

    init(
      _ description: String, _ bytes: [UInt8], opcode: Int, displacement: Range<Int> = 0..<0,
      immediate: Range<Int> = 0..<0, map: X86_64.InstructionShape.Map = .oneByte, isRIPRelative: Bool = false
    ) {
      testDescription = description
      self.bytes = bytes
      self.opcode = opcode
      self.displacement = displacement
      self.immediate = immediate
      self.map = map
      self.isRIPRelative = isRIPRelative
    }
  }

  static let samples = [
    Sample("nop", [0x90], opcode: 0),
    Sample("ret", [0xc3], opcode: 0),
    Sample("push r15", [0x41, 0x57], opcode: 1),
    Sample("endbr64", [0xf3, 0x0f, 0x1e, 0xfa], opcode: 2, map: .escape0F),
    Sample("call rel32", [0xe8, 1, 2, 3, 4], opcode: 0, immediate: 1..<5),
    Sample("jmp rel32 with an operand size prefix", [0x66, 0xe9, 1, 2, 3, 4], opcode: 1, immediate: 2..<6),
    Sample("jne rel32", [0x0f, 0x85, 1, 2, 3, 4], opcode: 1, immediate: 2..<6, map: .escape0F),
    Sample("mov rbp,rsp", [0x48, 0x89, 0xe5], opcode: 1),
    Sample("mov rax,[rsp+8]", [0x48, 0x8b, 0x44, 0x24, 0x08], opcode: 1, displacement: 4..<5),
    Sample(
      "mov rax,[rip+0x10]", [0x48, 0x8b, 0x05, 0x10, 0, 0, 0], opcode: 1, displacement: 3..<7, isRIPRelative: true),
    Sample("call [rax*8+disp32]", [0xff, 0x14, 0xc5, 0, 0x20, 0, 0x82], opcode: 0, displacement: 3..<7),
    Sample("call *pv_ops(%rip)", [0xff, 0x15, 1, 2, 3, 4], opcode: 0, displacement: 2..<6, isRIPRelative: true),
    Sample(
      "mov qword [rip+4],imm32", [0x48, 0xc7, 0x05, 4, 0, 0, 0, 1, 2, 3, 4], opcode: 1, displacement: 3..<7,
      immediate: 7..<11, isRIPRelative: true),
    Sample("mov word [rax+1],imm16", [0x66, 0xc7, 0x40, 1, 2, 3], opcode: 1, displacement: 3..<4, immediate: 4..<6),
    Sample("movabs r11,imm64", [0x49, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8], opcode: 1, immediate: 2..<10),
    Sample("mov eax,imm32", [0xb8, 1, 2, 3, 4], opcode: 0, immediate: 1..<5),
    Sample("mov ax,imm16", [0x66, 0xb8, 1, 2], opcode: 1, immediate: 2..<4),
    Sample("REX.W wins over 66", [0x66, 0x48, 0x81, 0xc0, 1, 2, 3, 4], opcode: 2, immediate: 4..<8),
    Sample("REX before another prefix is void", [0x48, 0x66, 0xb8, 1, 2], opcode: 2, immediate: 3..<5),
    Sample("test al,imm8 has an immediate", [0xf6, 0xc0, 1], opcode: 0, immediate: 2..<3),
    Sample("not al has none", [0xf6, 0xd0], opcode: 0),
    Sample("movabs al,moffs64", [0xa0, 1, 2, 3, 4, 5, 6, 7, 8], opcode: 0, displacement: 1..<9),
    Sample("addr32 mov al,moffs32", [0x67, 0xa0, 1, 2, 3, 4], opcode: 1, displacement: 2..<6),
    Sample("enter", [0xc8, 1, 2, 3], opcode: 0, immediate: 1..<4),
    Sample("mov rax,cr3, mod 0", [0x0f, 0x20, 0x1d], opcode: 1, map: .escape0F),
    Sample(
      "nopw cs:[rax+rax+0]", [0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0], opcode: 3, displacement: 6..<10,
      map: .escape0F),
    Sample("ud1 ecx,esp, as after __SCT__", [0x0f, 0xb9, 0xcc], opcode: 1, map: .escape0F),
    Sample("ud1, as __WARN_trap", [0x67, 0x48, 0x0f, 0xb9, 0x3a], opcode: 3, map: .escape0F),
    Sample("pshufb", [0x66, 0x0f, 0x38, 0x00, 0xc1], opcode: 3, map: .escape0F38),
    Sample("palignr", [0x66, 0x0f, 0x3a, 0x0f, 0xc1, 8], opcode: 3, immediate: 5..<6, map: .escape0F3A),
    Sample("vzeroupper", [0xc5, 0xf8, 0x77], opcode: 2, map: .escape0F),
    Sample(
      "vmovdqa ymm0,[rip+1]", [0xc5, 0xfd, 0x6f, 0x05, 1, 0, 0, 0], opcode: 2, displacement: 4..<8, map: .escape0F,
      isRIPRelative: true),
    Sample("rorx (VEX, map 3)", [0xc4, 0xe3, 0xfb, 0xf0, 0xc1, 5], opcode: 3, immediate: 5..<6, map: .escape0F3A),
    Sample("vpshufb (VEX, map 2)", [0xc4, 0xe2, 0x7d, 0x00, 0xc1], opcode: 3, map: .escape0F38),
    Sample(
      "vpternlogd (EVEX, map 3)", [0x62, 0xf3, 0x7d, 0x48, 0x25, 0x40, 1, 0x96], opcode: 4, displacement: 6..<7,
      immediate: 7..<8, map: .escape0F3A),
    Sample("vmovdqa32 zmm (EVEX, map 1)", [0x62, 0xf1, 0x7d, 0x48, 0x6f, 0xc1], opcode: 4, map: .escape0F),
    Sample("vmread", [0x0f, 0x78, 0xc1], opcode: 1, map: .escape0F),
    Sample("extrq", [0x66, 0x0f, 0x78, 0xc1, 1, 2], opcode: 2, immediate: 4..<6, map: .escape0F),
  ]

  @Test(arguments: samples) func `the parts of an instruction are found`(_ sample: Sample) throws {
    let trailing = sample.bytes + [0xcc, 0xcc]
    let shape = try #require(decode(trailing))
    #expect(Int(shape.length) == sample.bytes.count)
    #expect(Int(shape.opcodeOffset) == sample.opcode)
    #expect(shape.opcode == sample.bytes[sample.opcode])
    #expect(shape.map == sample.map)
    #expect(Int(shape.displacementByteCount) == sample.displacement.count)
    #expect(Int(shape.displacementOffset) == sample.displacement.lowerBound)
    #expect(Int(shape.immediateByteCount) == sample.immediate.count)
    #expect(Int(shape.immediateOffset) == sample.immediate.lowerBound)
    #expect(shape.isRIPRelative == sample.isRIPRelative)
  }

  @Test(arguments: samples) func `the beginning of an instruction is none`(_ sample: Sample) {
    for count in 0..<sample.bytes.count {
      #expect(decode(Array(sample.bytes.prefix(count))) == nil, "\(count) bytes")
    }
  }

  @Test(
    arguments: [
      [0x06], [0x27], [0x60], [0x82, 0xc0, 1], [0x9a, 0, 0, 0, 0, 0, 0], [0xd4, 1], [0xea, 0, 0, 0, 0, 0, 0],
      [0x0f, 0x04], [0x0f, 0x26, 0xc0], [0xff, 0xff], [0xfe, 0xd0], [0x8f, 0xe8, 0x78, 0xc0, 0xc0],
      [0x66, 0xc5, 0xf8, 0x77], [0x48, 0xc5, 0xf8, 0x77], [0xc4, 0xe0, 0x7d, 0x00, 0xc1],
      [0x62, 0xf0, 0x7d, 0x48, 0x6f, 0xc1],
    ] as [[UInt8]])
  func `what is no instruction in 64-bit mode is refused`(_ bytes: [UInt8]) {
    #expect(decode(bytes + [0, 0, 0, 0]) == nil)
  }

  @Test func `fifteen bytes are an instruction, and sixteen are not`() {
    #expect(decode([UInt8](repeating: 0x2e, count: 14) + [0x90])?.length == 15)
    #expect(decode([UInt8](repeating: 0x2e, count: 15) + [0x90]) == nil)
  }

  @Test func `relative branches are told from other instructions`() {
    #expect(decode([0xe8, 0, 0, 0, 0])?.isCallRel32 == true)
    #expect(decode([0xe9, 0, 0, 0, 0])?.isJumpRel32 == true)
    #expect(decode([0xeb, 0])?.isJumpRel8 == true)
    #expect(decode([0x74, 0])?.isConditionalJump == true)
    #expect(decode([0x0f, 0x84, 0, 0, 0, 0])?.isConditionalJump == true)
    #expect(decode([0xe3, 0])?.isLoop == true)
    #expect(decode([0x2e, 0xe8, 0, 0, 0, 0])?.branchDisplacement == 2..<6)
    // The same opcode bytes in other maps: psubsb, seto's neighbour, and a move.
    for bytes: [UInt8] in [
      [0x0f, 0xe8, 0xc0], [0x0f, 0x70, 0xc0, 1], [0x0f, 0xe3, 0xc0], [0x80, 0xc0, 1], [0x89, 0xc0],
    ] {
      let shape = decode(bytes)
      #expect(shape?.isRelativeBranch == false && shape?.branchDisplacement == nil, "\(bytes)")
    }
  }

  @Test(
    arguments: [
      ([0xe8, 0, 0, 0, 0], true), ([0xe9, 0, 0, 0, 0], true), ([0x0f, 0x84, 0, 0, 0, 0], true), ([0xeb, 0], false),
      ([0x74, 0], false), ([0xe3, 0], false),
      // Four bytes of an immediate, or of a distance to data, are no branch.
      ([0x48, 0x3d, 1, 0, 0, 0], false), ([0x48, 0x8b, 0x05, 0x10, 0, 0, 0], false),
    ] as [([UInt8], Bool)])
  func `what branches further than 128 bytes may leave its function`(bytes: [UInt8], isFar: Bool) {
    #expect(decode(bytes)?.isFarBranch == isFar)
  }

  @Test func `targets count from the next instruction`() {
    func target(_ bytes: [UInt8], at address: UInt64) -> [UInt64?] {
      bytes.withUnsafeBytes { raw in
        let shape = X86_64.InstructionShape(raw)
        return [shape?.branchTarget(in: raw, at: address), shape?.operandTarget(in: raw, at: address)]
      }
    }
    #expect(target([0xe8, 0x10, 0, 0, 0], at: 0x1000) == [0x1015, nil])
    #expect(target([0xeb, 0xfe], at: 0x1000) == [0x1000, nil])
    #expect(target([0x0f, 0x85, 0xfa, 0xff, 0xff, 0xff], at: 0x1000) == [0x1000, nil])
    #expect(target([0xe9, 0xff, 0xff, 0xff, 0x7f], at: .max) == [0x8000_0003, nil])
    // mov qword [rip+4], imm32: the immediate lies between the displacement and the next instruction.
    #expect(target([0x48, 0xc7, 0x05, 4, 0, 0, 0, 1, 2, 3, 4], at: 0x1000) == [nil, 0x100f])
    #expect(target([0x48, 0x8b, 0x44, 0x24, 0x08], at: 0x1000) == [nil, nil])
  }
}

import Ccapstone
package import KernelModel

/// Decodes single instructions to what they do.
extension X86_64.Disassembler {
  /// What the instruction at the start of `bytes` does, or nil if they hold none, or only the beginning of one.
  ///
  /// - Parameter address: where the first of `bytes` lies.
  package func operation(_ bytes: Span<UInt8>, at address: KernelAddress) -> Operation? {
    withDecoded(bytes, at: address) { raw, handle in Self.operation(raw, handle: handle) }
  }

  private static func operation(_ raw: UnsafePointer<cs_insn>, handle: csh) -> Operation? {
    guard let detail = raw.pointee.detail?.pointee else { return nil }
    let byteCount = Int(raw.pointee.size)
    let x86 = detail.x86
    let end = raw.pointee.address &+ UInt64(byteCount)
    var operands = withUnsafeBytes(of: x86.operands) { bytes in
      bytes.bindMemory(to: cs_x86_op.self).prefix(Int(x86.op_count)).map { operand($0, end: end) }
    }
    let isRepeated = x86.prefix.0 == 0xf3 || x86.prefix.0 == 0xf2
    var kind = kind(of: x86_insn(raw.pointee.id), opcode: x86.opcode)
    if kind == .copySigned, operands.isEmpty { (kind, operands) = widening(x86_insn(raw.pointee.id)) }
    // `repne` before a branch means nothing (MPX); before anything else it may repeat it.
    if isRepeated, kind == .copy { kind = .other }
    var written: UInt16 = 0
    var writesFlags = false
    if kind == .other { (written, writesFlags) = effects(raw, handle: handle) }
    return Operation(
      kind: kind, operands: operands, byteCount: byteCount, written: written, writesFlags: writesFlags)
  }

  private static func operand(_ raw: cs_x86_op, end: UInt64) -> Operation.Operand {
    switch raw.type {
    case X86_OP_REG:
      return GeneralRegister.decode(raw.reg).map { .register($0) } ?? .opaque
    case X86_OP_IMM:
      return .immediate(UInt64(bitPattern: raw.imm))
    case X86_OP_MEM:
      let isRIPRelative = raw.mem.base == X86_REG_RIP
      let base = isRIPRelative ? nil : GeneralRegister.decode(raw.mem.base)
      let index = GeneralRegister.decode(raw.mem.index)
      // A 32-bit address (prefix 67) is never made by a compiler of 64-bit kernels: not followed.
      let isWide = [base, index].allSatisfy { $0 == nil || $0?.byteCount == 8 } && raw.mem.base != X86_REG_EIP
      guard isWide else { return .opaque }
      return .memory(
        Operation.Memory(
          base: base?.number, index: index?.number, scale: UInt64(max(raw.mem.scale, 0)),
          displacement: UInt64(bitPattern: raw.mem.disp) &+ (isRIPRelative ? end : 0),
          hasSegmentBase: raw.mem.segment == X86_REG_FS || raw.mem.segment == X86_REG_GS,
          byteCount: Int(raw.size)))
    default:
      return .opaque
    }
  }

  /// cdqe, cwde and cbw name no operands: each widens the low half of rax into the whole.
  private static func widening(_ id: x86_insn) -> (Operation.Kind, [Operation.Operand]) {
    let byteCount = id == X86_INS_CDQE ? 8 : id == X86_INS_CWDE ? 4 : 2
    return (
      .copySigned,
      [
        .register(Operation.Register(0, byteCount: byteCount)),
        .register(Operation.Register(0, byteCount: byteCount / 2)),
      ]
    )
  }

  private static func kind(of id: x86_insn, opcode: (UInt8, UInt8, UInt8, UInt8)) -> Operation.Kind {
    switch id {
    case X86_INS_NOP, X86_INS_ENDBR64, X86_INS_ENDBR32, X86_INS_LFENCE, X86_INS_MFENCE, X86_INS_SFENCE,
      X86_INS_PAUSE:
      return .nothing
    case X86_INS_MOV, X86_INS_MOVABS, X86_INS_MOVZX: return .copy
    case X86_INS_MOVSX, X86_INS_MOVSXD, X86_INS_CDQE, X86_INS_CWDE, X86_INS_CBW: return .copySigned
    case X86_INS_LEA: return .address
    case X86_INS_ADD: return .add
    case X86_INS_SUB: return .subtract
    case X86_INS_SBB: return .subtractWithBorrow
    case X86_INS_AND: return .and
    case X86_INS_OR: return .or
    case X86_INS_XOR: return .xor
    case X86_INS_SHL, X86_INS_SAL: return .shiftLeft
    case X86_INS_SHR: return .shiftRight
    case X86_INS_CMP: return .compare
    case X86_INS_TEST: return .test
    case X86_INS_PUSH: return .push
    case X86_INS_POP: return .pop
    case X86_INS_JMP: return .jump
    case X86_INS_CALL: return .call
    case X86_INS_RET: return .returns
    case X86_INS_INT3: return .breakpoint
    case X86_INS_UD2, X86_INS_UD0, X86_INS_UD2B, X86_INS_HLT, X86_INS_IRET, X86_INS_IRETD, X86_INS_IRETQ,
      X86_INS_SYSRET, X86_INS_SYSEXIT, X86_INS_LJMP, X86_INS_LCALL, X86_INS_RETF, X86_INS_RETFQ:
      return .stops
    default:
      // Conditional jumps are `7x` and `0f 8x`; loop and jrcxz are neither, and no compiler makes them.
      let code = opcode.0 == 0x0f ? opcode.1 : opcode.0
      let isConditional = opcode.0 == 0x0f ? code & 0xf0 == 0x80 : code & 0xf0 == 0x70
      guard isConditional, let condition = Operation.Condition(rawValue: code & 0x0f) else { return .other }
      return .jumpIf(condition)
    }
  }

  /// The general registers that an instruction changes, one bit each, and whether it changes the flags.
  private static func effects(_ raw: UnsafePointer<cs_insn>, handle: csh) -> (UInt16, Bool) {
    var read = [UInt16](repeating: 0, count: 64)
    var written = [UInt16](repeating: 0, count: 64)
    var readCount: UInt8 = 0
    var writtenCount: UInt8 = 0
    guard cs_regs_access(handle, raw, &read, &readCount, &written, &writtenCount) == CS_ERR_OK else {
      return (.max, true)
    }
    var mask: UInt16 = 0
    var writesFlags = false
    for register in written.prefix(Int(writtenCount)).map({ x86_reg(UInt32($0)) }) {
      if register == X86_REG_EFLAGS { writesFlags = true }
      if let number = GeneralRegister.number(touchedBy: register) { mask |= 1 << UInt16(number) }
    }
    return (mask, writesFlags)
  }
}

/// capstone's names of the general registers.
private enum GeneralRegister {
  private static let wide = [
    X86_REG_RAX, X86_REG_RCX, X86_REG_RDX, X86_REG_RBX, X86_REG_RSP, X86_REG_RBP, X86_REG_RSI, X86_REG_RDI, X86_REG_R8,
    X86_REG_R9, X86_REG_R10, X86_REG_R11, X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15,
  ]
  private static let double = [
    X86_REG_EAX, X86_REG_ECX, X86_REG_EDX, X86_REG_EBX, X86_REG_ESP, X86_REG_EBP, X86_REG_ESI, X86_REG_EDI,
    X86_REG_R8D, X86_REG_R9D, X86_REG_R10D, X86_REG_R11D, X86_REG_R12D, X86_REG_R13D, X86_REG_R14D, X86_REG_R15D,
  ]
  private static let word = [
    X86_REG_AX, X86_REG_CX, X86_REG_DX, X86_REG_BX, X86_REG_SP, X86_REG_BP, X86_REG_SI, X86_REG_DI, X86_REG_R8W,
    X86_REG_R9W, X86_REG_R10W, X86_REG_R11W, X86_REG_R12W, X86_REG_R13W, X86_REG_R14W, X86_REG_R15W,
  ]
  private static let byte = [
    X86_REG_AL, X86_REG_CL, X86_REG_DL, X86_REG_BL, X86_REG_SPL, X86_REG_BPL, X86_REG_SIL, X86_REG_DIL, X86_REG_R8B,
    X86_REG_R9B, X86_REG_R10B, X86_REG_R11B, X86_REG_R12B, X86_REG_R13B, X86_REG_R14B, X86_REG_R15B,
  ]
  private static let highByte = [X86_REG_AH, X86_REG_CH, X86_REG_DH, X86_REG_BH]

  private static let known: [UInt32: Operation.Register] = {
    var known: [UInt32: Operation.Register] = [:]
    for (registers, byteCount) in [(wide, 8), (double, 4), (word, 2), (byte, 1)] {
      for (number, register) in registers.enumerated() {
        known[register.rawValue] = Operation.Register(number, byteCount: byteCount)
      }
    }
    return known
  }()

  static func decode(_ register: x86_reg) -> Operation.Register? {
    known[register.rawValue]
  }

  /// The number of the general register that `register` is a part of.
  static func number(touchedBy register: x86_reg) -> Int? {
    known[register.rawValue]?.number ?? highByte.firstIndex(of: register)
  }
}

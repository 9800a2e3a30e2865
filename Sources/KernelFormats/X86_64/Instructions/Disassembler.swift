import Ccapstone
package import KernelModel

extension X86_64 {
  /// Decodes x86-64 instructions, with capstone.
  package final class Disassembler: InstructionDisassembler {
    private let handle: csh
    /// One instruction that capstone decodes into, over and over.
    private let scratch: UnsafeMutablePointer<cs_insn>

    /// - Throws: if capstone was built without x86, or there is no memory.
    package convenience init() throws(DisassemblerError) {
      _ = Self.tablesAreSorted
      try self.init(opening: ())
    }

    /// Whether capstone was made to sort its tables, once and before anybody decodes.
    ///
    /// capstone 4 sorts its table of implied registers when it first needs it, without a lock (`X86_insn_reg_intel`,
    /// arch/X86/X86Mapping.c): whoever decodes meanwhile misses the `rax` of `cmp rax, 119`.
    private static let tablesAreSorted: Bool = {
      // If there is no capstone, whoever asks for one hears why.
      guard let first = try? Disassembler(opening: ()) else { return false }
      let comparison: [UInt8] = [0x48, 0x3d, 119, 0, 0, 0]
      return first.decode(comparison.span, at: KernelAddress(0), limit: 1).count == 1
    }()

    private init(opening: Void) throws(DisassemblerError) {
      var handle: csh = 0
      var status = cs_open(CS_ARCH_X86, CS_MODE_64, &handle)
      guard status == CS_ERR_OK else { throw DisassemblerError(code: status.rawValue) }
      // Intel syntax is capstone's default; it is asked for so that no build of the library can differ.
      for (option, value) in [(CS_OPT_DETAIL, CS_OPT_ON), (CS_OPT_SYNTAX, CS_OPT_SYNTAX_INTEL)] {
        status = cs_option(handle, option, Int(value.rawValue))
        guard status == CS_ERR_OK else {
          cs_close(&handle)
          throw DisassemblerError(code: status.rawValue)
        }
      }
      guard let scratch = cs_malloc(handle) else {
        cs_close(&handle)
        throw DisassemblerError(code: CS_ERR_MEM.rawValue)
      }
      self.handle = handle
      self.scratch = scratch
    }

    deinit {
      cs_free(scratch, 1)
      var handle = handle
      cs_close(&handle)
    }

    /// The instructions that `bytes` hold one after another, at most `limit` of them.
    ///
    /// Stops at bytes that are no instruction, or only the beginning of one.
    ///
    /// - Parameter address: where the first of `bytes` lies.
    package func decode(_ bytes: Span<UInt8>, at address: KernelAddress, limit: Int) -> [MachineInstruction] {
      bytes.withUnsafeBufferPointer { buffer in
        var instructions: [MachineInstruction] = []
        var code = buffer.baseAddress
        var remaining = buffer.count
        var position = address.rawValue
        while instructions.count < limit, remaining > 0,
          cs_disasm_iter(handle, &code, &remaining, &position, scratch), scratch.pointee.size > 0
        {
          instructions.append(Self.instruction(scratch.pointee, bytes: buffer))
          // capstone counts on past the top of the address space; nothing lies there.
          guard position > instructions[instructions.count - 1].instruction.address.rawValue else { break }
        }
        return instructions
      }
    }

    /// Decodes the instruction at the start of `bytes` and hands it to `body`; nil if there is none.
    ///
    /// For decoders of other things than text in this module; what `body` is given ends with it.
    func withDecoded<Value>(
      _ bytes: Span<UInt8>, at address: KernelAddress, _ body: (UnsafePointer<cs_insn>, csh) -> Value?
    ) -> Value? {
      bytes.withUnsafeBufferPointer { buffer in
        var code = buffer.baseAddress
        var remaining = buffer.count
        var position = address.rawValue
        guard remaining > 0, cs_disasm_iter(handle, &code, &remaining, &position, scratch), scratch.pointee.size > 0
        else {
          return nil
        }
        return body(scratch, handle)
      }
    }

    private static func instruction(_ raw: cs_insn, bytes: UnsafeBufferPointer<UInt8>) -> MachineInstruction {
      let address = KernelAddress(raw.address)
      let byteCount = Int(raw.size)
      var decoded = MachineInstruction(
        instruction: Instruction(
          address: address, bytes: withUnsafeBytes(of: raw.bytes) { Array($0.prefix(byteCount)) },
          mnemonic: withUnsafeBytes(of: raw.mnemonic, text), operands: withUnsafeBytes(of: raw.op_str, text)),
        isCall: false, isJump: false, isReturn: false, immediates: [], memory: nil)
      guard let detail = raw.detail?.pointee else { return decoded }
      withUnsafeBytes(of: detail.groups) { groups in
        for group in groups.prefix(Int(detail.groups_count)) {
          switch UInt32(group) {
          case CS_GRP_JUMP.rawValue: decoded.isJump = true
          case CS_GRP_CALL.rawValue: decoded.isCall = true
          case CS_GRP_RET.rawValue, CS_GRP_IRET.rawValue: decoded.isReturn = true
          default: break
          }
        }
      }
      let x86 = detail.x86
      withUnsafeBytes(of: x86.operands) { raw in
        let operands = raw.bindMemory(to: cs_x86_op.self)
        for operand in operands.prefix(Int(x86.op_count)) {
          switch operand.type {
          case X86_OP_IMM where decoded.isCall || decoded.isJump:
            decoded.instruction.branchTarget = KernelAddress(UInt64(bitPattern: operand.imm))
          case X86_OP_IMM:
            decoded.immediates.append(operand.imm)
          case X86_OP_MEM where decoded.memory == nil:
            decoded.memory = memory(operand.mem, end: address.rawValue &+ UInt64(byteCount))
          default: break
          }
        }
      }
      return decoded
    }

    /// - Parameter end: the address of the next instruction, which RIP holds.
    private static func memory(_ operand: x86_op_mem, end: UInt64) -> MachineInstruction.MemoryOperand {
      let isRIPRelative = operand.base == X86_REG_RIP
      let hasBase = operand.base != X86_REG_INVALID && !isRIPRelative
      let hasSegmentBase = operand.segment == X86_REG_FS || operand.segment == X86_REG_GS
      var target: KernelAddress?
      if !hasBase, !hasSegmentBase {
        target = KernelAddress((isRIPRelative ? end : 0) &+ UInt64(bitPattern: operand.disp))
      }
      return MachineInstruction.MemoryOperand(
        displacement: operand.disp, scale: Int(operand.scale), hasBase: hasBase,
        // capstone writes "no index" of some encodings as the register riz.
        hasIndex: operand.index != X86_REG_INVALID && operand.index != X86_REG_RIZ && operand.index != X86_REG_EIZ,
        isInstructionRelative: isRIPRelative, hasSegmentBase: hasSegmentBase, target: target)
    }

    /// The text up to the NUL in a fixed array of C characters.
    private static func text(_ characters: UnsafeRawBufferPointer) -> String {
      String(decoding: characters.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

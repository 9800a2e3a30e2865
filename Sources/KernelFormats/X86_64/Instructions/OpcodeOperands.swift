internal import KernelModel

/// What follows an opcode in 64-bit mode: whether a ModRM byte does, and what immediate.
///
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A; AMD64 Architecture
/// Programmer's Manual, volume 3, for `0f 0f` (3DNow!) and the `extrq` and `insertq` of `0f 78`.
struct OpcodeOperands {
  let hasModRM: Bool
  let immediate: Immediate

  /// How many bytes an immediate has, some of which depends on prefixes.
  enum Immediate {
    case none
    case byte
    case word
    /// A word with the operand size prefix, else 4 bytes.
    case wordOrDouble
    /// As ``wordOrDouble``, and 8 bytes with REX.W.
    case upToQuad
    /// 4 bytes whatever the prefixes: the operand size of branches is always 64 bits (volume 2, table A-2, `f64`).
    case branch
    /// The word and the byte of `enter`.
    case wordAndByte
    /// The two bytes of `extrq` and `insertq`, which only their prefix tells from `vmread`.
    case twoBytesIfPrefixed
    /// An address of 8 bytes, or 4 with the address size prefix; counted as a displacement.
    case absoluteAddress

    func byteCount(_ prefixes: Prefixes) -> UInt8 {
      switch self {
      case .none, .absoluteAddress: 0
      case .byte: 1
      case .word: 2
      case .wordOrDouble: prefixes.operandsAre16Bits ? 2 : 4
      case .upToQuad: prefixes.operandsAre64Bits ? 8 : prefixes.operandsAre16Bits ? 2 : 4
      case .branch: 4
      case .wordAndByte: 3
      case .twoBytesIfPrefixed: prefixes.operandSize || prefixes.repeatNotEqual ? 2 : 0
      }
    }
  }

  private init(modRM hasModRM: Bool, _ immediate: Immediate = .none) {
    self.hasModRM = hasModRM
    self.immediate = immediate
  }

  /// - Parameters:
  ///   - isVector: whether a VEX or EVEX prefix came before it.
  ///   - modRM: the byte after the opcode, if there is one; some opcodes mean several things.
  /// - Returns: nil if no instruction has this opcode.
  init?(opcode: UInt8, map: X86_64.InstructionShape.Map, isVector: Bool, modRM: UInt8?) {
    let operands =
      switch (map, isVector) {
      case (.oneByte, _): Self.oneByte(opcode, modRM)
      case (.escape0F, false): Self.escape0F(opcode)
      case (.escape0F, true): Self.vector0F(opcode)
      case (.escape0F38, _): Self(modRM: true)
      case (.escape0F3A, _): Self(modRM: true, .byte)
      }
    guard let operands else { return nil }
    self = operands
  }

  private static func oneByte(_ opcode: UInt8, _ modRM: UInt8?) -> Self? {
    /// Which of eight instructions an opcode of a group is; 0 if the bytes end before it, which is found out later.
    let group = (modRM ?? 0) >> 3 & 7
    switch opcode {
    case 0x00...0x3f:
      // Eight arithmetic instructions in the same six forms; the other two forms and `27` are gone in 64-bit mode.
      return switch opcode & 7 {
      case 0...3: Self(modRM: true)
      case 4: Self(modRM: false, .byte)
      case 5: Self(modRM: false, .wordOrDouble)
      default: nil
      }
    case 0x50...0x5f: return Self(modRM: false)  // push, pop
    case 0x63: return Self(modRM: true)  // movsxd
    case 0x68: return Self(modRM: false, .wordOrDouble)
    case 0x69: return Self(modRM: true, .wordOrDouble)
    case 0x6a: return Self(modRM: false, .byte)
    case 0x6b: return Self(modRM: true, .byte)
    case 0x6c...0x6f: return Self(modRM: false)  // ins, outs
    case 0x70...0x7f: return Self(modRM: false, .byte)  // jumps on a condition
    case 0x80, 0x83: return Self(modRM: true, .byte)
    case 0x81: return Self(modRM: true, .wordOrDouble)
    case 0x84...0x8e: return Self(modRM: true)
    case 0x8f: return group == 0 ? Self(modRM: true) : nil  // pop; the others are XOP, which no kernel has
    case 0x90...0x99, 0x9b...0x9f: return Self(modRM: false)
    case 0xa0...0xa3: return Self(modRM: false, .absoluteAddress)
    case 0xa4...0xa7: return Self(modRM: false)
    case 0xa8: return Self(modRM: false, .byte)
    case 0xa9: return Self(modRM: false, .wordOrDouble)
    case 0xaa...0xaf: return Self(modRM: false)
    case 0xb0...0xb7: return Self(modRM: false, .byte)
    case 0xb8...0xbf: return Self(modRM: false, .upToQuad)
    case 0xc0, 0xc1: return Self(modRM: true, .byte)
    case 0xc2: return Self(modRM: false, .word)
    case 0xc3: return Self(modRM: false)
    // mov, and with ModRM f8 xabort and xbegin.
    case 0xc6: return group == 0 || modRM == 0xf8 ? Self(modRM: true, .byte) : nil
    case 0xc7: return group == 0 || modRM == 0xf8 ? Self(modRM: true, .wordOrDouble) : nil
    case 0xc8: return Self(modRM: false, .wordAndByte)
    case 0xc9, 0xcb, 0xcc, 0xcf: return Self(modRM: false)
    case 0xca: return Self(modRM: false, .word)
    case 0xcd: return Self(modRM: false, .byte)
    case 0xd0...0xd3: return Self(modRM: true)
    case 0xd7: return Self(modRM: false)
    case 0xd8...0xdf: return Self(modRM: true)
    case 0xe0...0xe7: return Self(modRM: false, .byte)
    case 0xe8, 0xe9: return Self(modRM: false, .branch)
    case 0xeb: return Self(modRM: false, .byte)
    case 0xec...0xef, 0xf1, 0xf4, 0xf5, 0xf8...0xfd: return Self(modRM: false)
    case 0xf6: return Self(modRM: true, group < 2 ? .byte : .none)  // test has an immediate, not and neg have none
    case 0xf7: return Self(modRM: true, group < 2 ? .wordOrDouble : .none)
    case 0xfe: return group < 2 ? Self(modRM: true) : nil
    case 0xff: return group < 7 ? Self(modRM: true) : nil
    default: return nil
    }
  }

  private static func escape0F(_ opcode: UInt8) -> Self? {
    switch opcode {
    case 0x05...0x09, 0x0b, 0x0e: return Self(modRM: false)  // syscall … wbinvd, ud2, femms
    case 0x0f: return Self(modRM: true, .byte)  // 3DNow!, whose opcode comes last
    case 0x00...0x03, 0x0d, 0x10...0x23, 0x28...0x2f: return Self(modRM: true)
    case 0x30...0x35, 0x37: return Self(modRM: false)  // wrmsr … sysexit, getsec
    case 0x40...0x6f, 0x74...0x76, 0x79...0x7f: return Self(modRM: true)
    case 0x70...0x73: return Self(modRM: true, .byte)
    case 0x77: return Self(modRM: false)  // emms
    case 0x78: return Self(modRM: true, .twoBytesIfPrefixed)
    case 0x80...0x8f: return Self(modRM: false, .branch)
    case 0xa0...0xa2, 0xa8...0xaa: return Self(modRM: false)  // push and pop fs and gs, cpuid, rsm
    case 0xa4, 0xac, 0xba, 0xc2, 0xc4...0xc6: return Self(modRM: true, .byte)
    case 0xc8...0xcf: return Self(modRM: false)  // bswap
    case 0x90...0xff: return Self(modRM: true)
    default: return nil
    }
  }

  private static func vector0F(_ opcode: UInt8) -> Self? {
    switch opcode {
    case 0x70...0x73, 0xc2, 0xc4...0xc6: Self(modRM: true, .byte)
    case 0x77: Self(modRM: false)  // vzeroupper, vzeroall
    case 0x80...0x8f: nil
    default: Self(modRM: true)
    }
  }
}

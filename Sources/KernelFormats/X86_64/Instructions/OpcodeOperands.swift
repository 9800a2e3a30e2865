internal import KernelModel

/// What follows an opcode in 64-bit mode: whether a ModRM byte does, and what immediate.
///
/// A letter says both, a capital one that a ModRM byte follows: `b` an immediate of a byte, `w` of a word, `z` of a word
/// with the operand size prefix, else of 4 bytes, `v` the same and of 8 bytes with REX.W, `j` of 4 bytes whatever the
/// prefixes (the operand size of branches is always 64 bits: volume 2, table A-2, `f64`), `e` the word and the byte of
/// `enter`, `S` the two bytes of `extrq` and `insertq`, which only their prefix tells from `vmread`; `o` an address of 8
/// bytes, or 4 with the address size prefix, counted as a displacement; `-` and `M` none. `P` is a prefix, `X` the beginning
/// of a longer opcode or of VEX or EVEX, `G` one of several instructions, as ModRM says; `.` is none.
///
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A; AMD64 Architecture
/// Programmer's Manual, volume 3, for `0f 0f` (3DNow!) and the `extrq` and `insertq` of `0f 78`.
struct OpcodeOperands {
  let letter: UInt8

  /// Of an opcode of one byte, or of what stands in its place: prefixes, escapes.
  @inline(__always)
  init(_ opcode: UInt8) { letter = Self.oneByte.utf8Start[Int(opcode)] }

  /// Of a longer opcode's last byte.
  ///
  /// - Parameter isVector: whether a VEX or EVEX prefix came before it.
  @inline(__always)
  init(_ opcode: UInt8, map: X86_64.InstructionShape.Map, isVector: Bool) {
    letter =
      switch map {
      case .oneByte: Self.oneByte.utf8Start[Int(opcode)]
      case .escape0F: (isVector ? Self.vector0F : Self.escape0F).utf8Start[Int(opcode)]
      case .escape0F38: UInt8(ascii: "M")
      case .escape0F3A: UInt8(ascii: "B")
      }
  }

  private init(letter: Unicode.Scalar) { self.letter = UInt8(ascii: letter) }

  @inline(__always) var isPrefix: Bool { letter == UInt8(ascii: "P") }
  @inline(__always) var isEscape: Bool { letter == UInt8(ascii: "X") }
  @inline(__always) var isGroup: Bool { letter == UInt8(ascii: "G") }
  /// Whether no instruction has this opcode.
  @inline(__always) var isNone: Bool { letter == UInt8(ascii: ".") }
  @inline(__always) var hasModRM: Bool { letter & 0x20 == 0 }
  @inline(__always) var hasAbsoluteAddress: Bool { letter == UInt8(ascii: "o") }

  /// Bytes of the immediate, some of which depend on prefixes.
  @inline(__always)
  func immediateByteCount(_ prefixes: Prefixes) -> UInt8 {
    switch letter | 0x20 {
    case UInt8(ascii: "b"): 1
    case UInt8(ascii: "w"): 2
    case UInt8(ascii: "z"): prefixes.operandsAre16Bits ? 2 : 4
    case UInt8(ascii: "v"): prefixes.operandsAre64Bits ? 8 : prefixes.operandsAre16Bits ? 2 : 4
    case UInt8(ascii: "j"): 4
    case UInt8(ascii: "e"): 3
    case UInt8(ascii: "s"): prefixes.operandSize || prefixes.repeatNotEqual ? 2 : 0
    default: 0
    }
  }

  /// Of an opcode of one byte that is several instructions.
  ///
  /// - Parameter modRM: the byte after the opcode; 0 if the bytes end before it, which is found out later.
  static func group(_ opcode: UInt8, _ modRM: UInt8) -> Self {
    let number = modRM >> 3 & 7
    return switch opcode {
    case 0x8f: Self(letter: number == 0 ? "M" : ".")  // pop; the others are XOP, which no kernel has
    // mov, and with ModRM f8 xabort and xbegin.
    case 0xc6: Self(letter: number == 0 || modRM == 0xf8 ? "B" : ".")
    case 0xc7: Self(letter: number == 0 || modRM == 0xf8 ? "Z" : ".")
    case 0xf6: Self(letter: number < 2 ? "B" : "M")  // test has an immediate, not and neg have none
    case 0xf7: Self(letter: number < 2 ? "Z" : "M")
    case 0xfe: Self(letter: number < 2 ? "M" : ".")
    default: Self(letter: number < 7 ? "M" : ".")  // ff
    }
  }

  /// Sixteen opcodes a line.
  private static var oneByte: StaticString {
    """
    MMMMbz..MMMMbz.X\
    MMMMbz..MMMMbz..\
    MMMMbzP.MMMMbzP.\
    MMMMbzP.MMMMbzP.\
    PPPPPPPPPPPPPPPP\
    ----------------\
    ..XMPPPPzZbB----\
    bbbbbbbbbbbbbbbb\
    BZ.BMMMMMMMMMMMG\
    ----------.-----\
    oooo----bz------\
    bbbbbbbbvvvvvvvv\
    BBw-XXGGe-w--b.-\
    MMMM...-MMMMMMMM\
    bbbbbbbbjj.b----\
    P-PP--GG------GG
    """
  }

  /// Behind `0f`; `0f 38` and `0f 3a` have more bytes.
  private static var escape0F: StaticString {
    """
    MMMM.-----.-.M-B\
    MMMMMMMMMMMMMMMM\
    MMMM....MMMMMMMM\
    ------.-........\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    BBBBMMM-SMMMMMMM\
    jjjjjjjjjjjjjjjj\
    MMMMMMMMMMMMMMMM\
    ---MBMMM---MBMMM\
    MMMMMMMMMMBMMMMM\
    MMBMBBBM--------\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM
    """
  }

  /// The map 1 of VEX and EVEX.
  private static var vector0F: StaticString {
    """
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    BBBBMMM-MMMMMMMM\
    ................\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMBMBBBMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM\
    MMMMMMMMMMMMMMMM
    """
  }
}

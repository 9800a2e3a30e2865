/// What one machine instruction does, as far as code that chooses where to go next needs it.
///
/// Enough to follow a dispatcher: moves, arithmetic on numbers, comparisons, and every kind of branch. What else there
/// is only says which registers it leaves changed.
package struct Operation: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// Changes nothing that is followed: nop, endbr64, lfence, pause.
    case nothing
    /// Second operand to first, the rest of the register filled with zeros: mov, movzx.
    case copy
    /// The same, filled with the sign: movsx, movsxd, cdqe.
    case copySigned
    /// The address of the second operand to the first: lea.
    case address
    case add, subtract, subtractWithBorrow, and, or, xor, shiftLeft, shiftRight
    /// First minus second operand, for the flags only.
    case compare
    /// First and second operand, for the flags only.
    case test
    case push, pop
    case jump
    case jumpIf(Condition)
    case call
    case returns
    /// int3, ud2 and what else never goes on.
    case stops
    /// A breakpoint: int3.
    case breakpoint
    /// Anything else; see ``written`` and ``writesFlags``.
    case other
  }

  /// When a conditional jump is taken: the low four bits of its opcode.
  ///
  /// Source: Intel SDM volume 2, appendix B.1, "condition test (tttn) field".
  package enum Condition: UInt8, Hashable, Sendable {
    case overflow, notOverflow, below, notBelow, equal, notEqual, notAbove, above
    case sign, notSign, parity, notParity, less, notLess, notGreater, greater
  }

  /// A general register, or its low part.
  package struct Register: Hashable, Sendable {
    /// As the machine numbers them: rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, rsi 6, rdi 7, r8 to r15.
    package var number: Int
    /// 1, 2, 4 or 8.
    package var byteCount: Int

    package init(_ number: Int, byteCount: Int = 8) {
      self.number = number
      self.byteCount = byteCount
    }
  }

  /// An operand in memory.
  package struct Memory: Hashable, Sendable {
    /// 64-bit, or nil.
    package var base: Int?
    package var index: Int?
    package var scale: UInt64
    /// Added to base and index; the whole address if the operand is relative to RIP.
    package var displacement: UInt64
    /// Whether it is relative to a segment's base, which is not followed.
    package var hasSegmentBase: Bool
    package var byteCount: Int
  }

  package enum Operand: Hashable, Sendable {
    case register(Register)
    case immediate(UInt64)
    case memory(Memory)
    /// A register that is not followed: of a vector, a segment, or bits 8 to 15 of a general register.
    case opaque
  }

  package var kind: Kind
  package var operands: [Operand]
  /// Bytes of the instruction: 1 to 15.
  package var byteCount: Int
  /// General registers whose value it changes, one bit each; only said of ``Kind/other``.
  package var written: UInt16
  /// Whether it changes the flags; only said of ``Kind/other``.
  package var writesFlags: Bool
}

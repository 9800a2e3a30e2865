package import KernelModel

/// One machine instruction, decoded far enough to follow where it leads.
package struct MachineInstruction: Hashable, Sendable {
  /// Address, bytes and text.
  package var instruction: Instruction
  package var isCall: Bool
  /// Whether it is a jump of any kind, conditional or not.
  package var isJump: Bool
  /// Whether it returns from a function or an interrupt.
  package var isReturn: Bool
  /// Its immediate operands in their order, sign-extended to 64 bits; a direct branch's target is not one of them.
  package var immediates: [Int64]
  package var memory: MemoryOperand?

  /// An operand in memory.
  package struct MemoryOperand: Hashable, Sendable {
    /// Bytes added to base and index, sign-extended.
    package var displacement: Int64
    /// What the index register is multiplied by: 1, 2, 4 or 8.
    package var scale: Int
    package var hasBase: Bool
    package var hasIndex: Bool
    package var isRIPRelative: Bool
    /// Whether the address is relative to the base of `fs` or `gs`, as that of a per-CPU variable is.
    package var hasSegmentBase: Bool
    /// The address that the operand names by itself: of the operand if it is RIP-relative; the displacement, to which
    /// an index may be added, if it has no base register; nil if it depends on a base register or a segment's base.
    package var target: KernelAddress?

    package init(
      displacement: Int64, scale: Int, hasBase: Bool, hasIndex: Bool, isRIPRelative: Bool, hasSegmentBase: Bool,
      target: KernelAddress?
    ) {
      self.displacement = displacement
      self.scale = scale
      self.hasBase = hasBase
      self.hasIndex = hasIndex
      self.isRIPRelative = isRIPRelative
      self.hasSegmentBase = hasSegmentBase
      self.target = target
    }
  }
}

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
    /// Whether it counts from where the instruction lies, or the next one.
    package var isInstructionRelative: Bool
    /// Whether the address is relative to a base that no general register holds, as that of a per-CPU variable may be.
    package var hasSegmentBase: Bool
    /// The address that the operand names by itself: of the operand if it counts from the instruction; the displacement, to
    /// which an index may be added, if it has no base register; nil if it depends on a base register or another base.
    package var target: KernelAddress?

    package init(
      displacement: Int64, scale: Int, hasBase: Bool, hasIndex: Bool, isInstructionRelative: Bool,
      hasSegmentBase: Bool, target: KernelAddress?
    ) {
      self.displacement = displacement
      self.scale = scale
      self.hasBase = hasBase
      self.hasIndex = hasIndex
      self.isInstructionRelative = isInstructionRelative
      self.hasSegmentBase = hasSegmentBase
      self.target = target
    }
  }
}

package import KernelModel

/// One block of registers, as the kernel printed it.
package struct OopsRegisters: Hashable, Sendable {
  /// Whether they are a program's.
  package var isUserMode: Bool
  /// Where the next instruction is.
  package var instruction: OopsPlace?
  /// By the names that are printed.
  package var values: [String: UInt64] = [:]
  package var code: OopsCode?

  init(isUserMode: Bool, instruction: OopsPlace?) {
    self.isUserMode = isUserMode
    self.instruction = instruction
  }
}

/// The bytes around the instruction, as `Code:` gives them.
package enum OopsCode: Hashable, Sendable {
  /// - instruction: which of the bytes the instruction begins at.
  case bytes([UInt8], instruction: Int)
  /// The kernel could not read its own code there; the address where the bytes would have begun.
  case unreadable(KernelAddress?)
}

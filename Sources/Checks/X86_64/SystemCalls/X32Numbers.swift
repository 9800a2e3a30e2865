internal import KernelFormats

/// Which registers hold the number of a system call of x32 programs without the bit that marks it as one.
///
/// An entry function that serves x32 programs compares two numbers, each with its own limit: the number as it came, and
/// the number less that bit. Followed from one instruction to the next, which is how the code is laid out: the bit is taken
/// off right before the comparison.
///
/// Source: do_syscall_x32 in arch/x86/entry/common.c (Linux v5.11 to v6.12), do_syscall_64 in the same file (v5.10);
/// `__X32_SYSCALL_BIT`, arch/x86/include/uapi/asm/unistd.h.
struct X32Numbers {
  private static let bit: UInt64 = 0x4000_0000
  private static let low: UInt64 = 0xffff_ffff

  private var registers: Set<Int> = []

  func contains(_ operand: Operation.Operand?) -> Bool {
    if case .register(let register)? = operand { registers.contains(register.number) } else { false }
  }

  /// What they are after `operation`.
  mutating func pass(_ operation: Operation) {
    switch operation.kind {
    case .compare, .test, .nothing, .push, .jumpIf: return
    case .call, .jump, .returns, .stops: registers = []
    case .other:
      registers = registers.filter { operation.written >> UInt16($0 & 15) & 1 == 0 }
    default:
      guard case .register(let target)? = operation.operands.first else { return }
      if takesBitOff(operation) { registers.insert(target.number) } else { registers.remove(target.number) }
    }
  }

  private func takesBitOff(_ operation: Operation) -> Bool {
    switch (operation.kind, operation.operands.last) {
    case (.copy, .register(let source)), (.copySigned, .register(let source)): registers.contains(source.number)
    case (.address, .memory(let memory)): memory.displacement & Self.low == Self.low - Self.bit + 1
    case (.add, .immediate(let value)): value & Self.low == Self.low - Self.bit + 1
    case (.subtract, .immediate(let value)), (.xor, .immediate(let value)): value & Self.low == Self.bit
    case (.and, .immediate(let value)): value & Self.low == Self.low - Self.bit || contains(operation.operands.first)
    // Of a number that is kept in bounds, `sbb` makes a mask: array_index_nospec().
    default: false
    }
  }
}

/// How to find the caller's frame from one place in the code: `struct orc_entry`, arch/x86/include/asm/orc_types.h (Linux
/// v5.10 to v7.2).
struct OrcEntry: Hashable {
  /// What the caller's stack pointer, or its frame pointer, is counted from.
  enum Register: Hashable {
    case undefined, stackPointer, framePointer, stackPointerIndirect, framePointerIndirect
    /// The caller's stack pointer, of which a frame pointer's place is counted.
    case previousStackPointer
    case ax, dx, di, r10, r13
    case unknown(UInt64)
  }

  enum Kind: Hashable {
    /// The code is not understood.
    case undefined
    case endOfStack
    case call
    /// All registers lie there: `struct pt_regs`.
    case registers
    /// Only what the processor itself saves lies there.
    case partialRegisters
  }

  var stackPointer: Register
  /// Bytes.
  var stackPointerOffset: Int16
  var framePointer: Register
  /// Bytes.
  var framePointerOffset: Int16
  var kind: Kind
  /// Whether what it leads to was interrupted at exactly that instruction, and is no return address.
  var isInterrupted: Bool

  /// Of code that keeps a frame pointer: `orc_fp_entry`, arch/x86/kernel/unwind_orc.c (Linux v6.12).
  static let withFramePointer = OrcEntry(
    stackPointer: .framePointer, stackPointerOffset: 16, framePointer: .previousStackPointer, framePointerOffset: -16,
    kind: .call, isInterrupted: false)

  /// Of a jump to address 0, nearly always a call: `null_orc_entry` in the same file.
  static let null = OrcEntry(
    stackPointer: .stackPointer, stackPointerOffset: 8, framePointer: .undefined, framePointerOffset: 0, kind: .call,
    isInterrupted: false)
}

extension X86_64 {
  /// The general registers, as `struct pt_regs` and `struct user_regs_struct` name them.
  ///
  /// Source: arch/x86/include/asm/user_64.h (Linux v6.12).
  package struct Registers: Hashable, Sendable {
    package var r15: UInt64 = 0
    package var r14: UInt64 = 0
    package var r13: UInt64 = 0
    package var r12: UInt64 = 0
    package var bp: UInt64 = 0
    package var bx: UInt64 = 0
    package var r11: UInt64 = 0
    package var r10: UInt64 = 0
    package var r9: UInt64 = 0
    package var r8: UInt64 = 0
    package var ax: UInt64 = 0
    package var cx: UInt64 = 0
    package var dx: UInt64 = 0
    package var si: UInt64 = 0
    package var di: UInt64 = 0
    package var originalAX: UInt64 = 0
    package var ip: UInt64 = 0
    package var cs: UInt64 = 0
    package var flags: UInt64 = 0
    package var sp: UInt64 = 0
    package var ss: UInt64 = 0

    package init() {}
  }
}

package import KernelModel

extension X86_64 {
  /// Where the kernel is built for FRED, 16 bytes are left free: TOP_OF_KERNEL_STACK_PADDING in
  /// arch/x86/include/asm/thread_info.h (Linux v6.12).
  package static var topOfStackPaddings: [UInt64] { [0, 16] }

  /// A code and a stack segment of user space (arch/x86/include/asm/segment.h), interrupts on, the flag that is always set, and
  /// both pointers in the lower half.
  package static func areProgramRegisters(_ registers: Registers) -> Bool {
    [userCode64, userCode32, 0xe033].contains(registers.cs) && [0x2b, 0xe02b].contains(registers.ss)
      && registers.flags & 0x202 == 0x202 && registers.ip < 1 << 56 && registers.sp < 1 << 56
  }

  /// `__USER_CS` and `__USER32_CS`, arch/x86/include/asm/segment.h (Linux v5.10 to v7.2).
  private static let userCode64: UInt64 = 0x33
  private static let userCode32: UInt64 = 0x23
  /// `__X32_SYSCALL_BIT`, arch/x86/include/uapi/asm/unistd.h (Linux v5.10 to v7.2).
  private static let x32Bit: UInt64 = 1 << 30

  /// The number is in `orig_ax`, which is negative after another event; numbers of the x32 ABI have a bit of their own.
  package static func interfaceAndNumber(of program: Registers) -> (SystemCallInterface, Int)? {
    let value = program.originalAX
    guard value < 1 << 31 else { return nil }
    let interface: SystemCallInterface = program.cs == userCode32 ? .ia32 : value & x32Bit != 0 ? .x32 : .x86_64
    return (interface, Int(truncatingIfNeeded: value & ~x32Bit))
  }

  /// Those of a 64-bit system call.
  ///
  /// Source: arch/x86/entry/entry_64.S (Linux v5.10 to v7.2).
  package static func arguments(of program: Registers) -> [UInt64] {
    [program.di, program.si, program.dx, program.r10, program.r8, program.r9]
  }
}

package import KernelModel
package import KernelObjects

/// How a task came into the kernel: the registers it had in user space, which lie at the top of its stack.
package struct UserEntry: Hashable, Sendable {
  /// Where they lie.
  package var address: KernelAddress
  package var registers: X86_64.Registers

  /// The number of the system call, or nil if it was another event: then `orig_ax` is negative.
  ///
  /// Numbers of the x32 ABI have bit 30 set: __X32_SYSCALL_BIT, arch/x86/include/uapi/asm/unistd.h.
  package var systemCall: UInt64? {
    registers.originalAX < 1 << 31 ? registers.originalAX : nil
  }

  /// `__X32_SYSCALL_BIT`, arch/x86/include/uapi/asm/unistd.h (Linux v5.10 to v7.2).
  private static let x32Bit: UInt64 = 1 << 30

  /// Through which interface the system call was made, and its number there; nil if it was another event.
  var interfaceAndNumber: (X86_64.SystemCallInterface, Int)? {
    guard let value = systemCall else { return nil }
    let interface: X86_64.SystemCallInterface = is32Bit ? .ia32 : value & Self.x32Bit != 0 ? .x32 : .x86_64
    return (interface, Int(truncatingIfNeeded: value & ~Self.x32Bit))
  }

  /// The six arguments of a 64-bit system call, first to last.
  ///
  /// Source: arch/x86/entry/entry_64.S (Linux v5.10 to v7.2).
  package var arguments: [UInt64] {
    [registers.di, registers.si, registers.dx, registers.r10, registers.r8, registers.r9]
  }

  /// Whether the task runs 32-bit code: __USER32_CS, arch/x86/include/asm/segment.h.
  package var is32Bit: Bool { registers.cs == 0x23 }

  /// Finds them below `tops`, the first that are believable.
  ///
  /// Where the kernel is built for FRED, 16 bytes above them are left free: TOP_OF_KERNEL_STACK_PADDING in
  /// arch/x86/include/asm/thread_info.h (Linux v6.12).
  package init?(below tops: [UInt64], on stack: MemoryRegion, _ reader: Snapshot) {
    for top in tops {
      let address = top &- X86_64.Registers.savedByteCount
      let region = MemoryRegion(
        start: KernelAddress(address), byteCount: X86_64.Registers.savedByteCount)
      guard stack.contains(region),
        let registers = X86_64.Registers(savedAt: address, reader), Self.areBelievable(registers)
      else { continue }
      self.address = KernelAddress(address)
      self.registers = registers
      return
    }
    return nil
  }

  /// Whether a program can have had these: a code and a stack segment of user space, interrupts on, the flag that is always
  /// set, and both pointers in the lower half.
  private static func areBelievable(_ registers: X86_64.Registers) -> Bool {
    [0x33, 0x23, 0xe033].contains(registers.cs) && [0x2b, 0xe02b].contains(registers.ss)
      && registers.flags & 0x202 == 0x202 && registers.ip < 1 << 56 && registers.sp < 1 << 56
  }
}

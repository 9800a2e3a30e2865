extension X86_64 {
  /// Where one CPU says that it enters the kernel for system calls: its model-specific registers.
  ///
  /// Source of the registers: arch/x86/include/asm/msr-index.h (Linux v6.12); who sets them:
  /// arch/x86/kernel/cpu/common.c, `syscall_init`, and arch/x86/kernel/fred.c.
  package struct EntryPoints: Hashable, Sendable {
    /// The CPU's number, as in `/dev/cpu/0`.
    package var cpu: Int
    /// MSR_LSTAR: `syscall` of 64-bit code.
    package var syscall: KernelAddress
    /// MSR_CSTAR: `syscall` of 32-bit code; zero where the kernel leaves it alone, as Intel CPUs have no such thing.
    package var compatibilitySyscall: KernelAddress
    /// MSR_IA32_SYSENTER_EIP: `sysenter`; zero without 32-bit system calls.
    package var sysenter: KernelAddress
    /// MSR_IA32_FRED_CONFIG, whose upper 52 bits say where FRED enters; nil on a CPU that has no FRED.
    package var fredConfiguration: UInt64?

    package init(
      cpu: Int, syscall: KernelAddress, compatibilitySyscall: KernelAddress, sysenter: KernelAddress,
      fredConfiguration: UInt64?
    ) {
      self.cpu = cpu
      self.syscall = syscall
      self.compatibilitySyscall = compatibilitySyscall
      self.sysenter = sysenter
      self.fredConfiguration = fredConfiguration
    }
  }
}

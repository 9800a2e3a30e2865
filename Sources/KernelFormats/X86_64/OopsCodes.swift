internal import KernelModel

extension OopsText {
  /// Whether the processor was to run what lies at ``faultAddress``: by the kernel's words, by bit 4 of the error code
  /// (X86_PF_INSTR, arch/x86/include/asm/trap_pf.h), or because it is where the processor was.
  package var isInstructionFetch: Bool {
    guard let faultAddress else { return false }
    return access?.contains("instruction fetch") == true || errorCode.map { $0 & 0x10 != 0 } ?? false
      || forbiddenExecution != nil || instructionPointer?.address?.rawValue == faultAddress
  }

  /// Whether a page was there, and only its permissions were against it: bit 0 of the error code (X86_PF_PROT).
  package var isPermissionFault: Bool {
    errorCode.map { $0 & 1 != 0 } ?? false || forbiddenExecution != nil
      || errorWords == "permissions violation"
  }

  /// Whether the kernel wrote to a page that was there, and was not to be written to: the lowest bits of the error code
  /// (X86_PF_PROT, X86_PF_WRITE), and neither X86_PF_USER nor X86_PF_INSTR.
  package var isForbiddenWrite: Bool { !isInstructionFetch && errorCode.map { $0 & 0x17 == 3 } ?? false }

  /// The number of the system call, by the program's registers; nil if it was none, or nothing is said.
  package var systemCall: UInt64? {
    userRegisters?.values["ORIG_RAX"].flatMap { $0 < 1 << 31 ? $0 : nil }
  }
}

package import KernelModel

extension X86_64 {
  /// The error code of a page fault: X86_PF_*, arch/x86/include/asm/trap_pf.h.
  package struct FaultCode: PageFaultCode {
    private let bits: UInt64

    package init(_ bits: UInt64) { self.bits = bits }

    /// Bit 4, X86_PF_INSTR.
    package var isInstructionFetch: Bool { bits & 0x10 != 0 }
    /// Bit 0, X86_PF_PROT.
    package var isPermissionFault: Bool { bits & 1 != 0 }
    /// Bit 1, X86_PF_WRITE.
    package var isWrite: Bool { bits & 2 != 0 }
    /// X86_PF_PROT and X86_PF_WRITE, and neither X86_PF_USER nor X86_PF_INSTR.
    package var isForbiddenWrite: Bool { bits & 0x17 == 3 }
  }

  /// It is negative where the program made none.
  package static func systemCall(of program: OopsRegisters) -> UInt64? {
    program.values["ORIG_RAX"].flatMap { $0 < 1 << 31 ? $0 : nil }
  }
}

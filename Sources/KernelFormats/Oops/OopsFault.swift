internal import KernelModel

extension OopsText {
  private var fault: Machine.FaultCode? { errorCode.map { Machine.FaultCode($0) } }

  /// Whether the processor was to run what lies at ``faultAddress``: by the kernel's words, by the error code, or because it is
  /// where the processor was.
  package var isInstructionFetch: Bool {
    guard let faultAddress else { return false }
    return access?.contains("instruction fetch") == true || fault?.isInstructionFetch ?? false
      || forbiddenExecution != nil || instructionPointer?.address?.rawValue == faultAddress
  }

  /// Whether a page was there, and only its permissions were against it.
  package var isPermissionFault: Bool {
    fault?.isPermissionFault ?? false || forbiddenExecution != nil || errorWords == "permissions violation"
  }

  /// Whether the kernel wrote to a page that was there, and was not to be written to.
  package var isForbiddenWrite: Bool { !isInstructionFetch && fault?.isForbiddenWrite ?? false }

  /// The number of the system call, by the program's registers; nil if it was none, or nothing is said.
  package var systemCall: UInt64? { userRegisters.flatMap(Machine.systemCall(of:)) }
}

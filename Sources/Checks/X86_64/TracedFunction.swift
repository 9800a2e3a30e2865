internal import KernelFormats
internal import KernelModel
internal import KernelObjects

extension X86_64 {
  /// An ENDBR64, and the call behind it.
  static let tracedStartByteCount: UInt64 = 9

  /// It does if it loads the address to return to from the registers that it handed over.
  ///
  /// Source: `ftrace_regs_caller` in arch/x86/kernel/ftrace_64.S (Linux v5.10 to v7.2); `ftrace_caller` there since Linux kernel
  /// commit 2860cd8a2353 ("livepatch: Use the default ftrace_ops instead of REGS when ARGS is available") (in v5.11).
  static func maySteer(_ operations: FtraceState.Operations, _ reader: Snapshot) -> Bool {
    let call = operations.savesRegisters ? "ftrace_regs_call" : "ftrace_call"
    guard let start = reader.symbols[call], let place = reader.types.offsetIfAny(of: "ip", in: "pt_regs"),
      let end = reader.symbols[operations.savesRegisters ? "ftrace_regs_caller_end" : "ftrace_caller_end"],
      end > start, end - start <= 4096, let code = reader.live.bytes(at: start, count: Int(end - start))
    else { return false }
    // mov ip(%rsp), %rax
    let load = [0x48, 0x8b, 0x84, 0x24] + (0..<4).map { UInt8(truncatingIfNeeded: place >> (UInt64($0) * 8)) }
    return code.indices.contains { code[$0...].starts(with: load) }
  }
}

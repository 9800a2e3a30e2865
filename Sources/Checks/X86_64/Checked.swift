internal import KernelFormats
internal import KernelModel
internal import KernelObjects

extension X86_64: CheckedArchitecture {
  typealias Dispatch = DispatchCode

  static let manualWords = ManualWords(
    entryPoints: "MSR_LSTAR, MSR_CSTAR and MSR_IA32_SYSENTER_EIP if /dev/cpu is there, the gate of int 0x80, FRED",
    dispatching: "comparisons, jump tables, retpolines, call thunks",
    unseenEntryPoints:
      "the CPUs' registers where /dev/cpu has no msr device, as on nearly every host: liveprobe loads no "
      + "module for it, and the report says that they were not looked at",
    tables: "sys_call_table, and ia32_sys_call_table and x32_sys_call_table where the kernel has them",
    mechanisms: "alternatives, retpolines, return thunks, static keys, static calls, function tracing, probes")

  /// `ATOMIC_NOTIFIER_HEAD` and `BLOCKING_NOTIFIER_HEAD` under arch/x86 (Linux v5.10 to v7.2).
  static let notifierChains: [NotifierChain.Kind: [String]] = [.blocking: ["x86_mce_decoder_chain"]]

  /// unwind_module_init() in arch/x86/kernel/unwind_orc.c (Linux v6.12).
  static let sortedSections: Set<String> = [".orc_unwind", ".orc_unwind_ip"]

  static func maskedFunction(_ code: UnsafeRawBufferPointer) -> [UInt8] { MaskedCode(code).bytes }
}

package import KernelModel

extension X86_64: ObjectArchitecture {
  /// `current_task` in v6.1 and v7.2, `pcpu_hot.current_task` in v6.12: arch/x86/include/asm/current.h.
  package static var currentTaskVariables: [String] { ["pcpu_hot.current_task", "current_task"] }
  /// int3.
  package static func isTrapping(_ bytes: [UInt8]) -> Bool { bytes.allSatisfy { $0 == 0xcc } }
  /// What lies below is the `struct pt_regs` of the entry from user space.
  ///
  /// Source: arch/x86/include/asm/processor.h (Linux v6.1), current.h (v6.12).
  package static var topOfStackVariables: [String] { ["pcpu_hot.top_of_stack", "cpu_current_top_of_stack"] }
  /// Source: `struct thread_struct`, arch/x86/include/asm/processor.h (Linux v5.10 to v7.2).
  package static var savedStackPointer: String { "thread.sp" }
  /// Source: arch/x86/include/asm/page_64_types.h (Linux v5.10 to v7.2); it is twice as much with KASAN.
  package static var taskStackByteCount: UInt64 { 16384 }

  /// Source: arch/x86/kernel/ftrace_64.S, the code behind `ftrace_regs_caller_end`: a return, and then `testb $1, %al` and a
  /// conditional jump (CONFIG_DYNAMIC_FTRACE_WITH_JMP, Linux v7.2; neither v5.10, v6.1 nor v6.12).
  package static func marksDirectJumps(_ reader: Snapshot) -> Bool {
    guard let end = reader.symbols["ftrace_regs_caller_end"], let code = reader.live.bytes(at: end, count: 64) else {
      return false
    }
    return code.indices.dropLast(2).contains { code[$0] == 0xa8 && code[$0 + 1] == 0x01 && code[$0 + 2] == 0x74 }
  }
}

internal import KernelModel
internal import KernelObjects

/// A trampoline of the function tracer's that nothing names any more, or yet, in a kernel that stopped.
///
/// The tracer writes a copy of its entry code, and gives it to its user afterwards; when the user goes, it is taken from him before it
/// is overwritten. All of that is under `ftrace_lock`.
///
/// Source: create_trampoline() and arch_ftrace_update_trampoline() in arch/x86/kernel/ftrace.c, ftrace_trampoline_free() in
/// kernel/trace/ftrace.c (Linux v5.10 to v7.2).
enum UnfinishedTrampoline {
  /// Whether a page has the entry code, but for addresses in it and for what was not written yet, and nothing behind it that could be
  /// run.
  static func fills(_ page: UInt64, _ reader: Snapshot) -> Bool {
    guard reader.isHeld(mutex: "ftrace_lock"), let bytes = reader.live.bytes(at: page, count: Int(Machine.pageSize))
    else { return false }
    return ["ftrace_caller", "ftrace_regs_caller"].contains { name in
      guard let start = reader.symbols[name], let end = reader.symbols["\(name)_end"], end > start,
        end - start <= Machine.pageSize / 2, let entry = reader.live.bytes(at: start, count: Int(end - start))
      else { return false }
      let others = entry.indices.count { bytes[$0] != entry[$0] && !isUnwritten(bytes[$0]) }
      let isWritten = entry.indices.count { bytes[$0] == entry[$0] } >= others
      return isWritten && others <= entry.count / 10 && bytes[(entry.count + behind)...].allSatisfy(isUnwritten)
    }
  }

  /// A jump to the return thunk, and the address of its user: bytes.
  private static let behind = 16

  private static func isUnwritten(_ byte: UInt8) -> Bool { byte == 0 || Machine.isTrapping([byte]) }
}

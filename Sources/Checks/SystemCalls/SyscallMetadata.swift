internal import KernelModel

/// The kernel's own records of its system calls: one `struct syscall_metadata` for each, with its number and name.
///
/// Layout, first members: `const char *name` at 0 and `int syscall_nr` at 8, from v2.6.33 to v7.2
/// (include/trace/syscall.h). The kernel fills in the numbers at boot from the table as it then was
/// (kernel/trace/trace_syscalls.c, `init_ftrace_syscalls`). Exists with CONFIG_FTRACE_SYSCALLS; those of 64-bit programs only.
struct SyscallMetadata {
  /// The call at each number: `read` at 0.
  var calls: [Int: Set<String>] = [:]
  /// Records that could not be read, or contradict their own name.
  var unusable = 0

  private static let symbolPrefix = "__syscall_meta__"
  private static let largestNumber: Int32 = 4096

  /// Reads every record that kallsyms names.
  ///
  /// - Throws: if there are no records, or none of them makes sense.
  fileprivate init(of kernel: Kernel) throws(CannotCheck) {
    let records = kernel.symbols.symbols(withPrefix: Self.symbolPrefix).filter { $0.module == nil }
    guard !records.isEmpty else { throw .symbolMissing(Self.symbolPrefix + "*") }
    for record in records {
      let call = String(record.name.dropFirst(Self.symbolPrefix.count))
      guard let number = Self.number(in: record, of: kernel, call: call) else {
        unusable += 1
        continue
      }
      if number >= 0 { calls[number, default: []].insert(call) }
    }
    guard !calls.isEmpty else {
      throw .implausible(Self.symbolPrefix + "*", "\(records.count) records, and none that could be used")
    }
  }

  /// The number in one record, -1 for a call that the table does not hold, or nil if the record makes no sense.
  private static func number(in record: Symbol, of kernel: Kernel, call: String) -> Int? {
    do throws(MemoryFault) {
      let bytes = try kernel.memory.bytes(at: record.address, count: 12)
      let word = UInt64(littleEndianBytes: bytes[..<8])
      let number = Int32(littleEndianBytes: bytes[8...])
      guard (-1...largestNumber).contains(number) else { return nil }
      let name = try kernel.memory.string(at: KernelAddress(word), limit: 128)
      guard String(decoding: name, as: UTF8.self) == "sys_\(call)" else { return nil }
      return Int(number)
    } catch {
      return nil  // counted by the caller as unusable
    }
  }
}

extension Kernel {
  private static let syscallMetadataMember = Workings.Member { (kernel) throws(CannotCheck) in
    try SyscallMetadata(of: kernel)
  }

  /// The kernel's own records of its system calls.
  ///
  /// - Throws: if there are none, or none of them makes sense.
  var syscallMetadata: SyscallMetadata {
    get throws(CannotCheck) { try value(of: Self.syscallMetadataMember) }
  }
}

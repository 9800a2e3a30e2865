package import KernelModel

/// Where each processor has its own copy of the kernel's per-CPU variables.
///
/// `__per_cpu_offset[cpu]` is added to a variable's symbol, whether that is an offset from zero (Linux v6.12) or an address
/// of the image (v7.2): arch/x86/kernel/setup_percpu.c.
package struct PerProcessor {
  private let reader: Snapshot
  /// By processor number.
  package let offsets: [UInt64]

  /// CONFIG_NR_CPUS_RANGE_END, arch/x86/Kconfig (Linux v5.10 to v7.2).
  private static let mostProcessors: UInt32 = 8192

  /// - Parameter known: how many processors there are at least.
  package init(_ reader: Snapshot, known: Int) throws(CannotCheck) {
    self.reader = reader
    let table = try reader.symbols.address(of: "__per_cpu_offset")
    // A kernel that was built for one number of processors has no such variable.
    let count = min(
      try reader.value(UInt32.self, of: "nr_cpu_ids") ?? UInt32(clamping: max(known, 1)), Self.mostProcessors)
    var offsets: [UInt64] = []
    for number in 0..<UInt64(count) { offsets.append(try reader.load(UInt64.self, at: table &+ number * 8)) }
    self.offsets = offsets
  }

  /// The eight bytes of the first variable or member that this kernel has of `names`, or nil if it has none.
  ///
  /// - Parameter names: a variable, or `variable.member` of one that is called as its structure is.
  package func word(_ names: [String], on processor: Int) -> UInt64? {
    guard offsets.indices.contains(processor) else { return nil }
    for name in names {
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard let variable = reader.symbols[parts[0]] else { continue }
      var address = variable &+ offsets[processor]
      if parts.count > 1 {
        guard let offset = reader.types.offsetIfAny(of: parts[1], in: parts[0]) else { continue }
        address = address &+ offset
      }
      if let value = reader.word(at: address) { return value }
    }
    return nil
  }

  /// The task that runs on a processor.
  package func currentTask(on processor: Int) -> UInt64? { word(Machine.currentTaskVariables, on: processor) }

  /// The address behind the registers at the top of the stack of the task that runs on a processor.
  package func topOfStack(on processor: Int) -> UInt64? { word(Machine.topOfStackVariables, on: processor) }
}

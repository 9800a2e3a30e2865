package import KernelModel

/// The probes that are registered, and whom each calls.
///
/// Source: kernel/kprobes.c, include/linux/kprobes.h (Linux v5.10 to v7.2).
package struct KprobeState {
  /// One entry of `kprobe_table`.
  package struct Probe {
    /// Of the kernel's `struct kprobe`.
    package var structure: UInt64
    package var address: UInt64
    package var opcode: UInt8
    package var flags: UInt32
    /// Whom it calls; some are its dispatchers of the kernel's own.
    package var handlers: [UInt64]
    /// Whom it calls when the function returns, or before that is arranged.
    package var returnHandlers: [UInt64]
    /// Whether it stands for others of which none is left: it goes when its code is no longer in use.
    package var isUnused = false

    /// KPROBE_FLAG_GONE or KPROBE_FLAG_DISABLED.
    package var isDisarmed: Bool { flags & 3 != 0 }
    /// KPROBE_FLAG_OPTIMIZED.
    package var isOptimized: Bool { flags & 4 != 0 }
    /// KPROBE_FLAG_FTRACE: the tracer's call is used instead.
    package var usesFtrace: Bool { flags & 8 != 0 }
  }

  package let probes: [Probe]
  /// Whether all of them were switched off together; then none is told here.
  package let areDisarmed: Bool

  /// KPROBE_TABLE_SIZE.
  private static let bucketCount: UInt64 = 64
  private static let mostProbes = 65_536

  package init(_ reader: Snapshot) throws(CannotCheck) {
    areDisarmed = try Self.areDisarmed(reader)
    probes = try Self.probes(reader).whole()
  }

  private static func areDisarmed(_ reader: Snapshot) throws(CannotCheck) -> Bool {
    try reader.value(UInt8.self, of: "kprobes_all_disarmed") ?? 0 != 0
  }

  /// What the kernel's table of probes holds (`struct kprobe`), one for each place: where several are at one, a structure that
  /// has them on its list.
  static func structures(_ reader: Snapshot) throws(CannotCheck) -> Walk<KernelObject> {
    guard let table = try reader.symbols.addressIfAny(of: "kprobe_table") else { return Walk() }
    return reader.hashTable(at: table, count: bucketCount, linkedBy: "hlist", of: "kprobe", limit: mostProbes)
  }

  /// The probes, as far as they can be followed.
  package static func probes(_ reader: Snapshot) -> Walk<Probe> {
    Walk { (found: inout [Probe]) throws(CannotCheck) in
      if try areDisarmed(reader) { return }
      let structures = try structures(reader)
      for structure in structures.elements { found.append(try Probe(structure)) }
      _ = try structures.whole()
    }
  }
}

extension KprobeState.Probe {
  static let mostAtOnePlace = 1024

  /// - Parameter kprobe: the kernel's `struct kprobe`.
  fileprivate init(_ kprobe: KernelObject) throws(CannotCheck) {
    self.init(
      structure: kprobe.address, address: try kprobe["addr"], opcode: try kprobe["opcode"], flags: try kprobe["flags"],
      handlers: [], returnHandlers: [])
    try addHandlers(of: kprobe)
    if let aggregate = kprobe.snapshot.symbols["aggr_pre_handler"], handlers.contains(aggregate) {
      // Several probes at one place: this one stands for all on its list.
      let members = try kprobe.list("list", linkedBy: "list", of: "kprobe", limit: Self.mostAtOnePlace).whole()
      for member in members { try addHandlers(of: member) }
      isUnused = members.isEmpty
    }
  }

  private mutating func addHandlers(of kprobe: KernelObject) throws(CannotCheck) {
    let first: UInt64 = try kprobe["pre_handler"]
    // Handlers of faults are in v5.10 only.
    for handler in [first, try kprobe["post_handler"], try kprobe.valueIfAny("fault_handler") ?? 0]
    where handler != 0 && !handlers.contains(handler) {
      handlers.append(handler)
    }
    // A probe of returns is a probe with a handler of the kernel's, in a structure that has the user's.
    guard first != 0, first == kprobe.snapshot.symbols["pre_handler_kretprobe"],
      kprobe.snapshot.types.offsetIfAny(of: "kp", in: "kretprobe") != nil
    else { return }
    let returnProbe = try kprobe.container("kretprobe", member: "kp")
    for member in ["handler", "entry_handler"] {
      let handler: UInt64 = try returnProbe[member]
      if handler != 0, !returnHandlers.contains(handler) { returnHandlers.append(handler) }
    }
  }
}

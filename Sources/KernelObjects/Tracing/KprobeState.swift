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

    /// KPROBE_FLAG_GONE or KPROBE_FLAG_DISABLED.
    package var isDisarmed: Bool { flags & 3 != 0 }
    /// KPROBE_FLAG_OPTIMIZED.
    package var isOptimized: Bool { flags & 4 != 0 }
    /// KPROBE_FLAG_FTRACE: the tracer's call is used instead.
    package var usesFtrace: Bool { flags & 8 != 0 }
  }

  package let probes: [Probe]

  /// KPROBE_TABLE_SIZE.
  private static let bucketCount: UInt64 = 64
  private static let mostProbes = 65_536
  private static let mostAtOnePlace = 1024

  package init(_ reader: Snapshot) throws(CannotCheck) {
    probes = try Self.probes(reader).whole()
  }

  /// The probes, as far as they can be followed.
  package static func probes(_ reader: Snapshot) -> Walk<Probe> {
    Walk { (found: inout [Probe]) throws(CannotCheck) in
      guard let table = try reader.symbols.addressIfAny(of: "kprobe_table") else { return }
      if try reader.value(UInt8.self, of: "kprobes_all_disarmed") ?? 0 != 0 { return }
      let structures = reader.hashTable(
        at: table, count: bucketCount, linkedBy: "hlist", of: "kprobe", limit: mostProbes)
      for structure in structures.elements { found.append(try probe(at: structure, reader)) }
      _ = try structures.whole()
    }
  }

  private static func probe(at address: UInt64, _ reader: Snapshot) throws(CannotCheck) -> Probe {
    var probe = Probe(
      structure: address, address: try reader.word("addr", of: "kprobe", at: address),
      opcode: try reader.value(UInt8.self, "opcode", of: "kprobe", at: address),
      flags: try reader.value(UInt32.self, "flags", of: "kprobe", at: address), handlers: [], returnHandlers: [])
    try addHandlers(of: address, to: &probe, reader)
    if let aggregate = reader.symbols["aggr_pre_handler"], probe.handlers.contains(aggregate) {
      // Several probes at one place: this one stands for all on its list.
      for member in try reader.list(
        at: address &+ reader.offset("list", in: "kprobe"), linkedBy: "list", of: "kprobe", limit: mostAtOnePlace)
      {
        try addHandlers(of: member, to: &probe, reader)
      }
    }
    return probe
  }

  private static func addHandlers(
    of kprobe: UInt64, to probe: inout Probe, _ reader: Snapshot
  ) throws(CannotCheck) {
    let first = try reader.word("pre_handler", of: "kprobe", at: kprobe)
    // Handlers of faults are in v5.10 only.
    for handler in [
      first, try reader.word("post_handler", of: "kprobe", at: kprobe),
      try reader.valueIfAny(UInt64.self, "fault_handler", of: "kprobe", at: kprobe) ?? 0,
    ] where handler != 0 && !probe.handlers.contains(handler) {
      probe.handlers.append(handler)
    }
    // A probe of returns is a probe with a handler of the kernel's, in a structure that has the user's.
    guard first != 0, first == reader.symbols["pre_handler_kretprobe"],
      let place = reader.types.offsetIfAny(of: "kp", in: "kretprobe")
    else { return }
    for member in ["handler", "entry_handler"] {
      let handler = try reader.word(member, of: "kretprobe", at: kprobe &- place)
      if handler != 0, !probe.returnHandlers.contains(handler) { probe.returnHandlers.append(handler) }
    }
  }
}

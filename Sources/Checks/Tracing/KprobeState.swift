internal import KernelModel

/// The probes that are registered, and whom each calls.
///
/// Source: kernel/kprobes.c, include/linux/kprobes.h (Linux v5.10 to v7.2).
struct KprobeState {
  /// One entry of `kprobe_table`.
  struct Probe {
    /// Of the kernel's `struct kprobe`.
    var structure: UInt64
    var address: UInt64
    var opcode: UInt8
    var flags: UInt32
    /// Whom it calls; some are its dispatchers of the kernel's own.
    var handlers: [UInt64]
    /// Whom it calls when the function returns, or before that is arranged.
    var returnHandlers: [UInt64]

    /// KPROBE_FLAG_GONE or KPROBE_FLAG_DISABLED.
    var isDisarmed: Bool { flags & 3 != 0 }
    /// KPROBE_FLAG_OPTIMIZED.
    var isOptimized: Bool { flags & 4 != 0 }
    /// KPROBE_FLAG_FTRACE: the tracer's call is used instead.
    var usesFtrace: Bool { flags & 8 != 0 }
  }

  private(set) var probes: [Probe] = []

  private static let bucketCount = 64
  private static let mostProbes = 65_536
  private static let mostAtOnePlace = 1024

  init(_ reader: StructureReader) throws(CannotCheck) {
    guard let table = reader.symbols["kprobe_table"] else { return }
    if try reader.value(UInt8.self, of: "kprobes_all_disarmed") ?? 0 != 0 { return }
    for bucket in 0..<Self.bucketCount {
      var node = try reader.load(UInt64.self, at: table &+ UInt64(bucket * 8))
      while node != 0 {
        guard probes.count < Self.mostProbes else { throw .implausible("kprobe_table", "a list has no end") }
        probes.append(try Self.probe(at: node, reader))
        node = try reader.load(UInt64.self, at: node)
      }
    }
  }

  private static func probe(at address: UInt64, _ reader: StructureReader) throws(CannotCheck) -> Probe {
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
    of kprobe: UInt64, to probe: inout Probe, _ reader: StructureReader
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

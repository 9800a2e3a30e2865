internal import KernelFormats
internal import KernelModel

/// The kernel's trace events: those of tracepoints and of system calls, and those that somebody made of probes.
///
/// Source: `struct trace_event_call` in include/linux/trace_events.h, kernel/trace/trace_probe.h, trace_kprobe.c and
/// trace_uprobe.c, `dummy_bpf_prog` in kernel/bpf/core.c (Linux v5.10 to v7.2).
struct TraceEvents {
  let snapshot: Snapshot
  private let tracepointFlag: UInt32
  private let kprobeFlag: UInt32
  private let uprobeFlag: UInt32

  private static let most = 1 << 17
  private static let mostPrograms = 1 << 10

  init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    func flag(_ name: String) -> UInt32 {
      UInt32(truncatingIfNeeded: snapshot.types.information.enumerationValue(nil, "TRACE_EVENT_FL_\(name)") ?? 0)
    }
    tracepointFlag = flag("TRACEPOINT")
    kprobeFlag = flag("KPROBE")
    uprobeFlag = flag("UPROBE")
  }

  /// All programs that hang on events, those without a link, too.
  func attachments() throws(CannotCheck) -> [BpfAttachment] {
    var found: [BpfAttachment] = []
    for call in try snapshot.list(at: "ftrace_events", linkedBy: "list", of: "trace_event_call", limit: Self.most) {
      found += try attachments(at: call)
    }
    for call in try probeEvents() { found += try attachments(at: call) }
    return found
  }

  private func attachments(at call: KernelObject) throws(CannotCheck) -> [BpfAttachment] {
    guard let programs = try call.valueIfAny("prog_array"), programs != 0 else { return [] }
    let (means, place) = try place(of: call)
    return try Self.programs(inArray: programs, snapshot).map { BpfAttachment(program: $0, means: means, place: place) }
  }

  /// The addresses of the programs in a `struct bpf_prog_array`, up to the first NULL; a place whose program has gone holds one
  /// that does nothing.
  static func programs(inArray array: UInt64, _ snapshot: Snapshot) throws(CannotCheck) -> [UInt64] {
    let none = snapshot.symbols["dummy_bpf_prog"]
    let item = try snapshot.types.type("bpf_prog_array_item")
    let start = try snapshot.object("bpf_prog_array", at: array).address(of: "items")
    var found: [UInt64] = []
    for index in 0..<mostPrograms {
      let program: UInt64 = try KernelObject(item, at: start &+ UInt64(index * item.layout.byteCount), snapshot)["prog"]
      guard program != 0 else { return found }
      if program != none { found.append(program) }
    }
    throw .torn("the programs at an event", "have no end")
  }

  /// The events of probes that perf made for itself, and that are on no list: by the probes.
  private func probeEvents() throws(CannotCheck) -> [KernelObject] {
    guard snapshot.types.structure("trace_kprobe") != nil else { return [] }
    var found: [KernelObject] = []
    for first in try KprobeState.structures(snapshot).whole() {
      let others = first.list("list", linkedBy: "list", of: "kprobe", limit: KprobeState.Probe.mostAtOnePlace)
      for probe in [first] + (try others.whole()) {
        if let call = try event(of: probe) { found.append(call) }
      }
    }
    return found
  }

  private func event(of probe: KernelObject) throws(CannotCheck) -> KernelObject? {
    let handler: UInt64 = try probe["pre_handler"]
    let traced: KernelObject
    if handler != 0, handler == snapshot.symbols["kprobe_dispatcher"] {
      traced = try probe.container("trace_kprobe", member: "rp.kp")
    } else if handler != 0, handler == snapshot.symbols["pre_handler_kretprobe"] {
      let returns = try probe.container("kretprobe", member: "kp")
      guard try returns["handler"] == snapshot.symbols["kretprobe_dispatcher"] else { return nil }
      traced = try returns.container("trace_kprobe", member: "rp")
    } else {
      return nil
    }
    return try traced.target("tp.event", as: "trace_probe_event")?.member("call")
  }

  /// What an event's programs are called by, and where.
  func place(of call: KernelObject) throws(CannotCheck) -> (means: String, place: BpfAttachment.Place) {
    let flags: UInt32 = try call["flags"]
    if flags & (kprobeFlag | uprobeFlag) != 0, let place = try probe(of: call, inUserSpace: flags & uprobeFlag != 0) {
      return place
    }
    let system = try call.target("class", as: "trace_event_class").map { events throws(CannotCheck) in
      try events["system"] as UInt64
    }
    let words =
      try system.map { address throws(CannotCheck) in address == 0 ? "" : try snapshot.text(at: address) } ?? ""
    if flags & tracepointFlag != 0, let tracepoint = try call.target("tp", as: "tracepoint") {
      return ("tracepoint", .event(system: words, name: try snapshot.text(at: tracepoint["name"])))
    }
    return ("tracepoint", .event(system: words, name: try snapshot.text(at: call["name"])))
  }

  private func probe(
    of call: KernelObject, inUserSpace: Bool
  ) throws(CannotCheck) -> (means: String, place: BpfAttachment.Place)? {
    let event = try call.container("trace_probe_event", member: "call")
    guard let probe = try event.list("probes", linkedBy: "list", of: "trace_probe", limit: 1024).whole().first else {
      return nil
    }
    if inUserSpace {
      let traced = try probe.container("trace_uprobe", member: "tp")
      let returns: UInt64 = try traced["consumer.ret_handler"]
      let name: UInt64 = try traced["filename"]
      return (
        returns == 0 ? "uprobe" : "uretprobe",
        .userCode(file: name == 0 ? "?" : try snapshot.text(at: name), offset: try traced["offset"])
      )
    }
    // An event of the tracer's function probes has the flag of a kprobe and another structure (since v6.5).
    let traced = try probe.container("trace_kprobe", member: "tp")
    let address: UInt64 = try traced["rp.kp.addr"]
    let returns: UInt64 = try traced["rp.handler"]
    guard KernelAddress(address).isInKernelHalf else { return nil }
    return (returns == 0 ? "kprobe" : "kretprobe", .function(address))
  }
}

internal import KernelFormats
internal import KernelModel

/// Says where a link's program hangs, by the structure that the link is the beginning of.
///
/// Source: kernel/bpf/syscall.c, trampoline.c, cgroup.c, bpf_iter.c, net_namespace.c, kernel/bpf/tcx.c, net/core/dev.c,
/// kernel/trace/bpf_trace.c (Linux v5.10 to v7.2).
struct BpfLinkPlace {
  let snapshot: Snapshot
  let events: TraceEvents

  private static let mostFunctions: UInt32 = 1 << 16

  /// - Returns: what calls the program, and where; nil for a link that this does not know, and one without a program.
  func place(of link: BpfLink) throws(CannotCheck) -> (means: String, place: BpfAttachment.Place)? {
    let object = try snapshot.object("bpf_link", at: link.address)
    switch link.type {
    case "tracing": return try tracing(object)
    case "raw_tracepoint":
      guard let event = try object.container("bpf_raw_tp_link", member: "link").target("btp", as: "bpf_raw_event_map"),
        let tracepoint = try event.target("tp", as: "tracepoint")
      else { return nil }
      return ("raw_tracepoint", .tracepoint(try snapshot.text(at: tracepoint["name"])))
    case "perf_event":
      guard let file = try object.container("bpf_perf_link", member: "link").target("perf_file", as: "file"),
        let event = try file.target("private_data", as: "perf_event")
      else { return nil }
      guard let call = try event.target("tp_event", as: "trace_event_call") else {
        return ("perf_event", .other("the samples of a perf event"))
      }
      return try events.place(of: call)
    case "kprobe_multi": return try probes(object.container("bpf_kprobe_multi_link", member: "link"))
    case "uprobe_multi":
      let probes = try object.container("bpf_uprobe_multi_link", member: "link")
      let first = try probes.target("uprobes", as: "bpf_uprobe")
      return (
        "uprobe_multi",
        .userCode(
          file: try fileName(probes.address(of: "path")),
          offset: try first.map { uprobe throws(CannotCheck) in try uprobe["offset"] } ?? 0)
      )
    case "xdp", "tcx", "netkit":
      let structure = link.type == "xdp" ? "bpf_xdp_link" : "\(link.type)_link"
      guard let device = try object.container(structure, member: "link").target("dev", as: "net_device") else {
        return nil
      }
      return (link.type, .device(try device.text("name")))
    case "cgroup":
      guard let group = try object.container("bpf_cgroup_link", member: "link").target("cgroup", as: "cgroup") else {
        return nil
      }
      return ("cgroup", .cgroup(try BpfControlGroups.path(of: group)))
    case "iter":
      guard
        let target = try object.container("bpf_iter_link", member: "link").target("tinfo", as: "bpf_iter_target_info"),
        let registered = try target.target("reg_info", as: "bpf_iter_reg")
      else { return nil }
      return ("iter", .other(try snapshot.text(at: registered["target"])))
    case "struct_ops":
      guard let map = try object.container("bpf_struct_ops_link", member: "link").target("map", as: "bpf_map") else {
        return nil
      }
      return ("struct_ops", .other(try map.text("name")))
    case "netns": return ("netns", .other("a network namespace"))
    case "netfilter": return ("netfilter", .other("a netfilter hook"))
    default: return nil
    }
  }

  private func tracing(_ link: KernelObject) throws(CannotCheck) -> (means: String, place: BpfAttachment.Place)? {
    let tracing = try link.container("bpf_tracing_link", member: "link")
    guard let program = try link.target("prog", as: "bpf_prog") else { return nil }
    let number: UInt32 = try program["expected_attach_type"]
    let means = snapshot.types.words(for: number, of: "bpf_attach_type", prefix: "BPF_")
    guard let trampoline = try tracing.target("trampoline", as: "bpf_trampoline") else { return nil }
    return (BpfTrampolines.means(means), .function(try trampoline["func.addr"]))
  }

  private func probes(_ link: KernelObject) throws(CannotCheck) -> (means: String, place: BpfAttachment.Place) {
    let count: UInt32 = try link["cnt"]
    guard count <= Self.mostFunctions else { throw .torn("the functions of a BPF program", "are \(count)") }
    let list: UInt64 = try link["addrs"]
    let bytes = try snapshot.bytes(at: list, count: Int(count) * 8)
    return (
      "kprobe_multi",
      .functions(bytes.withUnsafeBytes { raw in (0..<Int(count)).map { raw.value(UInt64.self, at: $0 * 8) } })
    )
  }

  /// The name of the file at a `struct path`, without its folders.
  private func fileName(_ path: UInt64) throws(CannotCheck) -> String {
    guard let entry = try snapshot.object("path", at: path).target("dentry", as: "dentry") else { return "?" }
    return try snapshot.text(at: entry["d_name.name"])
  }
}

internal import KernelFormats
internal import KernelModel

/// The programs that hang at functions by BPF's trampolines: fentry, fexit, fmod_ret and LSM.
///
/// Source: `struct bpf_trampoline` in include/linux/bpf.h, `trampoline_table` and bpf_trampoline_lookup() in
/// kernel/bpf/trampoline.c (Linux v5.10 to v6.12), `trampoline_key_table` (v7.2).
enum BpfTrampolines {
  private static let most = 1 << 16
  /// TRAMPOLINE_HASH_BITS is 10.
  private static let bucketCount: UInt64 = 1024

  static func attachments(_ snapshot: Snapshot) throws(CannotCheck) -> [BpfAttachment] {
    let link = snapshot.types.offsetIfAny(of: "hlist_key", in: "bpf_trampoline") == nil ? "hlist" : "hlist_key"
    let name = link == "hlist" ? "trampoline_table" : "trampoline_key_table"
    guard let table = try snapshot.symbols.addressIfAny(of: name) else { return [] }
    var found: [BpfAttachment] = []
    for trampoline in try snapshot.hashTable(
      at: table, count: bucketCount, linkedBy: link, of: "bpf_trampoline", limit: most
    ).whole() {
      let function: UInt64 = try trampoline["func.addr"]
      for program in try programs(of: trampoline) {
        let number: UInt32 = try program["expected_attach_type"]
        let means = snapshot.types.words(for: number, of: "bpf_attach_type", prefix: "BPF_")
        found.append(BpfAttachment(program: program.address, means: Self.means(means), place: .function(function)))
      }
      if let replacing = try trampoline.target("extension_prog", as: "bpf_prog") {
        found.append(BpfAttachment(program: replacing.address, means: "freplace", place: .function(function)))
      }
    }
    return found
  }

  /// As bpftool's users say it: the name of the section that makes such a program.
  static func means(_ attachType: String) -> String {
    switch attachType {
    case "trace_fentry": "fentry"
    case "trace_fexit": "fexit"
    case "modify_return": "fmod_ret"
    case "lsm_mac", "lsm_cgroup": "lsm"
    case "trace_iter": "iter"
    default: attachType
    }
  }

  private static func programs(of trampoline: KernelObject) throws(CannotCheck) -> [KernelObject] {
    let snapshot = trampoline.snapshot
    let lists = try trampoline.type.member("progs_hlist")
    var found: [KernelObject] = []
    for index in 0..<(lists.elementCount ?? 0) {
      let head = trampoline.address &+ UInt64(lists.byteOffset + index * lists.elementByteCount)
      // A program's own node, before v5.19; then its link's; in v7.2 one that points to the link.
      if snapshot.types.offsetIfAny(of: "tramp_hlist", in: "bpf_prog_aux") != nil {
        for details in try snapshot.hlist(at: head, linkedBy: "tramp_hlist", of: "bpf_prog_aux", limit: most) {
          if let program = try details.target("prog", as: "bpf_prog") { found.append(program) }
        }
      } else if snapshot.types.structure("bpf_tramp_node") != nil {
        for node in try snapshot.hlist(at: head, linkedBy: "tramp_hlist", of: "bpf_tramp_node", limit: most) {
          if let program = try node.target("link", as: "bpf_link")?.target("prog", as: "bpf_prog") {
            found.append(program)
          }
        }
      } else {
        for link in try snapshot.hlist(at: head, linkedBy: "tramp_hlist", of: "bpf_tramp_link", limit: most) {
          if let program = try link.target("link.prog", as: "bpf_prog") { found.append(program) }
        }
      }
    }
    return found
  }
}

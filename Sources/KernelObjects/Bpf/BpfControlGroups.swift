internal import KernelFormats
internal import KernelModel

/// The programs that hang on control groups (cgroup v2), as systemd's do.
///
/// Source: `struct cgroup_bpf` in include/linux/bpf-cgroup-defs.h, before v5.18 in bpf-cgroup.h, `struct bpf_prog_list`,
/// `cgrp_dfl_root` in kernel/cgroup/cgroup.c (Linux v5.10 to v7.2).
enum BpfControlGroups {
  private static let mostGroups = 1 << 17
  private static let mostPrograms = 1 << 10
  private static let deepest = 64

  static func attachments(_ snapshot: Snapshot) throws(CannotCheck) -> [BpfAttachment] {
    guard snapshot.types.offsetIfAny(of: "bpf", in: "cgroup") != nil,
      let root = try snapshot.object("cgroup_root", named: "cgrp_dfl_root")?.member("cgrp")
    else { return [] }
    let state = try snapshot.offset("self", in: "cgroup")
    var found: [BpfAttachment] = []
    var waiting = [KernelObject(try snapshot.types.type("cgroup"), at: root.address, snapshot)]
    var count = 0
    while let group = waiting.popLast() {
      count += 1
      guard count <= mostGroups else { throw .torn("the control groups", "have no end") }
      found += try programs(of: group)
      let children = group.list("self.children", linkedBy: "sibling", of: "cgroup_subsys_state", limit: mostGroups)
      waiting += try children.whole().map { KernelObject(group.type, at: $0.address &- state, snapshot) }
    }
    return found
  }

  private static func programs(of group: KernelObject) throws(CannotCheck) -> [BpfAttachment] {
    let snapshot = group.snapshot
    let lists = try group.type.member("bpf.progs")
    let heads = group.address &+ UInt64(lists.byteOffset)
    // Lists of two words a head were lists of one since v6.0.
    let isCircular = lists.elementByteCount == 16
    let bytes = try snapshot.bytes(at: heads, count: (lists.elementCount ?? 0) * lists.elementByteCount)
    var found: [BpfAttachment] = []
    for index in 0..<(lists.elementCount ?? 0) {
      let head = heads &+ UInt64(index * lists.elementByteCount)
      let first = bytes.withUnsafeBytes { $0.value(UInt64.self, at: index * lists.elementByteCount) }
      guard first != 0, first != head else { continue }
      let entries =
        isCircular
        ? try snapshot.list(at: head, linkedBy: "node", of: "bpf_prog_list", limit: mostPrograms)
        : try snapshot.hlist(at: head, linkedBy: "node", of: "bpf_prog_list", limit: mostPrograms)
      for entry in entries {
        // One with a link has its program there.
        var program: UInt64 = try entry["prog"]
        if program == 0, let link = try entry.target("link", as: "bpf_cgroup_link") { program = try link["link.prog"] }
        guard program != 0 else { continue }
        found.append(BpfAttachment(program: program, means: "cgroup", place: .cgroup(try path(of: group))))
      }
    }
    return found
  }

  /// The names of a group and of those above it: `/system.slice/cron.service`.
  static func path(of group: KernelObject) throws(CannotCheck) -> String {
    let state = try group.snapshot.offset("self", in: "cgroup")
    var names: [String] = []
    var next: KernelObject? = group
    while let here = next {
      guard names.count < deepest else { throw .torn("a control group", "has no end of groups above it") }
      if let node = try here.target("kn", as: "kernfs_node") {
        names.append(try group.snapshot.text(at: node["name"]))
      }
      next = try here.target("self.parent", as: "cgroup_subsys_state").map { parent in
        KernelObject(group.type, at: parent.address &- state, group.snapshot)
      }
    }
    return "/" + names.reversed().filter { !$0.isEmpty && $0 != "/" }.joined(separator: "/")
  }
}

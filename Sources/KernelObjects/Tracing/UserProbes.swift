package import KernelModel

/// Who is called where programs run onto a probe of user space (uprobe).
///
/// Source: kernel/events/uprobes.c, include/linux/uprobes.h (Linux v5.10 to v7.2): a tree of probes, each with those who want
/// to be called, in a chain (v5.10, v6.1) or on a list (v6.12, v7.2).
package struct UserProbes {
  /// One function that is called at a probe.
  package struct Handler: Hashable, Sendable {
    /// Of the kernel's `struct uprobe_consumer`.
    package var structure: UInt64
    /// The structure's member that holds it.
    package var member: String
    package var function: UInt64
    /// Of the probed file, its `struct inode`; and how many bytes into it.
    package var inode: UInt64
    package var offset: UInt64
  }

  /// How many places of files are probed.
  package private(set) var count: UInt64 = 0
  package private(set) var handlers: [Handler] = []

  private static let most = 1 << 20
  private static let mostAtOnePlace = 65_536
  private static let members = ["handler", "ret_handler", "filter"]

  package init(_ reader: Snapshot) throws(CannotCheck) {
    guard let tree = try reader.symbols.addressIfAny(of: "uprobes_tree"), try reader.load(UInt64.self, at: tree) != 0
    else { return }
    for probe in try reader.redBlackTree(at: tree, linkedBy: "rb_node", of: "uprobe", limit: Self.most) {
      count += 1
      let (inode, offset): (UInt64, UInt64) = (try probe["inode"], try probe["offset"])
      for consumer in try Self.consumers(of: probe).whole() {
        for member in Self.members {
          guard let function = try consumer.valueIfAny(member, as: UInt64.self), function != 0 else { continue }
          guard handlers.count < Self.most else { throw .torn("uprobes_tree", "leads to too many handlers") }
          handlers.append(
            Handler(
              structure: consumer.address, member: member, function: function, inode: inode, offset: offset))
        }
      }
    }
  }

  private static func consumers(of probe: KernelObject) throws(CannotCheck) -> Walk<KernelObject> {
    let reader = probe.snapshot
    if reader.types.offsetIfAny(of: "cons_node", in: "uprobe_consumer") != nil {
      return probe.list("consumers", linkedBy: "cons_node", of: "uprobe_consumer", limit: mostAtOnePlace)
    }
    return reader.chain(
      from: try probe["consumers"], next: "next", of: "uprobe_consumer", limit: mostAtOnePlace)
  }
}

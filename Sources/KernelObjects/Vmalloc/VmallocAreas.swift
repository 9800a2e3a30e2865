internal import KernelFormats
package import KernelModel

/// The areas of the kernel's vmalloc space, and who asked for each.
///
/// `vmap_area_list` up to v6.8; since Linux kernel commit d093602919ad ("mm: vmalloc: remove global vmap_area_root
/// rb-tree") (in v6.9) a list for each of `vmap_nodes`.
package struct VmallocAreas {
  package struct Area {
    /// Without the guard page behind it.
    package var range: Range<UInt64>
    /// The address that the allocation returned to.
    package var caller: UInt64
    /// The kernel's function that ``caller`` lies in, if it is one that is known by name.
    package var allocator: String?
  }

  package private(set) var areas: [Area] = []

  private static let mostAreas = 1 << 18
  private static let mostNodes = 4096
  /// VM_NO_GUARD: include/linux/vmalloc.h (Linux v5.10 to v7.2).
  private static let withoutGuard: UInt64 = 0x40

  package init(_ reader: Snapshot) throws(CannotCheck) {
    var heads: [UInt64] = []
    if let head = reader.symbols["vmap_area_list"] {
      heads = [head]
    } else if let first = try reader.value(UInt64.self, of: "vmap_nodes"),
      let count = try reader.value(UInt32.self, of: "nr_vmap_nodes")
    {
      let byteCount = try reader.types.byteCount(of: "vmap_node")
      let list = try reader.offset("busy.head", in: "vmap_node")
      heads = (0..<min(Int(count), Self.mostNodes)).map { first &+ UInt64($0 * byteCount) &+ list }
    }
    let allocators = Self.allocators(reader)
    for head in heads {
      for area in try reader.list(at: head, linkedBy: "list", of: "vmap_area", limit: Self.mostAreas) {
        guard areas.count < Self.mostAreas else { throw .torn("the vmalloc areas", "have no end") }
        // Areas of vm_map_ram() have no vm_struct; an address it is, or nothing.
        guard let vm = try area.target("vm", as: "vm_struct"), vm.address >> 63 == 1 else { continue }
        let start: UInt64 = try vm["addr"]
        let size: UInt64 = try vm["size"]
        let flags: UInt64 = try vm["flags"]
        let caller: UInt64 = try vm["caller"]
        let byteCount = flags & Self.withoutGuard != 0 || size < Machine.pageSize ? size : size - Machine.pageSize
        guard byteCount > 0, byteCount <= 1 << 40, !start.addingReportingOverflow(byteCount).overflow else { continue }
        areas.append(
          Area(
            range: start..<start + byteCount, caller: caller,
            allocator: allocators.first { $0.range.contains(caller) }?.name))
      }
    }
    areas.sort { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// The area that `address` lies in.
  package func area(at address: UInt64) -> Area? {
    let index = areas.partitionPoint { $0.range.lowerBound > address }
    guard index > 0, areas[index - 1].range.contains(address) else { return nil }
    return areas[index - 1]
  }

  private static func allocators(_ reader: Snapshot) -> [(name: String, range: Range<UInt64>)] {
    ["bpf_jit_binary_alloc", "bpf_jit_alloc_exec", "bpf_struct_ops_map_alloc"].compactMap { name in
      reader.symbols.code(of: name).map { (name, $0) }
    }
  }
}

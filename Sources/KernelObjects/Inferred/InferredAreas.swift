internal import KernelFormats
internal import KernelModel

/// `struct vmap_area`, `struct vm_struct` and `struct vmap_node`, where the areas of the vmalloc space bear them out: each begins and
/// ends with a page, its description says the same, and whoever asked for it is code.
///
/// Source: include/linux/vmalloc.h (Linux v5.10 to v7.2); `struct vmap_node`, mm/vmalloc.c (v6.9 to v7.2).
enum InferredAreas {
  private typealias Doubt = LayoutEvidence.Doubt

  /// Where the node of the list stands in an area, behind its bounds and a node of a tree.
  private static let list = 40
  /// Fewer areas with descriptions prove nothing; a kernel has some for itself.
  private static let leastAreas = 8
  private static let mostNodes = 4096
  /// No kernel's `struct vmap_node` is larger.
  private static let mostNodeBytes: UInt64 = 16 << 10
  private static let mostWalks = 256
  /// Lists without areas between two that have some, at most.
  private static let mostEmpty = 8

  static func outlines(_ evidence: LayoutEvidence) throws(LayoutEvidence.Doubt) -> [BTF.Outline] {
    var outlines: [BTF.Outline] = []
    var descriptions: [UInt64] = []
    if let head = evidence.symbols["vmap_area_list"] {
      guard let areas = evidence.ring(at: head), let found = Self.descriptions(areas, evidence) else {
        throw Doubt("the vmalloc areas are not what they should be")
      }
      descriptions = found
    } else {
      let nodes = try nodes(evidence)
      descriptions = nodes.descriptions
      outlines += nodes.outlines
    }
    guard descriptions.count >= leastAreas else { throw Doubt("there are few vmalloc areas, which prove nothing") }
    // Pages, their number and a physical address before it, on some kernels the order of the pages too.
    let callers = [40, 48, 56, 64, 72].filter { offset in
      let callers = descriptions.map { evidence.word($0 &+ UInt64(offset)) ?? 1 }
      // Those that the kernel began with, nobody asked for.
      return callers.allSatisfy { $0 == 0 || evidence.mayBeCode($0) } && callers.count { $0 != 0 } * 2 > callers.count
    }
    guard callers.count == 1, let caller = callers.first else {
      throw Doubt("the vmalloc areas do not show who asked for them")
    }
    return outlines + [
      BTF.Outline("vmap_area", byteCount: 64, [.list("list", at: list), .number("vm", at: list + 16)]),
      BTF.Outline(
        "vm_struct", byteCount: caller + 8,
        [.number("addr", at: 8), .number("size", at: 16), .number("flags", at: 24), .number("caller", at: caller)]),
    ]
  }

  /// Where the descriptions of the areas lie whose list has `nodes`; nil if one of them is none, or they do not ascend.
  private static func descriptions(_ nodes: [UInt64], _ evidence: LayoutEvidence) -> [UInt64]? {
    var found: [UInt64] = []
    var last: UInt64 = 0
    for node in nodes {
      let area = node &- UInt64(list)
      guard let start = evidence.word(area), let end = evidence.word(area &+ 8), LayoutEvidence.isPage(start),
        LayoutEvidence.isPage(end), last <= start, start < end, let vm = evidence.word(node &+ 16)
      else { return nil }
      last = end
      // Areas of vm_map_ram() have none; an address it is, or a number.
      guard vm >> 63 == 1 else { continue }
      guard evidence.word(vm &+ 8) == start, evidence.word(vm &+ 16) == end - start else { return nil }
      found.append(vm)
    }
    return found
  }

  /// The kernel's lists of areas in use: each behind the root of a tree that has the same areas.
  private static func nodes(
    _ evidence: LayoutEvidence
  ) throws(LayoutEvidence.Doubt) -> (outlines: [BTF.Outline], descriptions: [UInt64]) {
    let doubt = Doubt("the lists of vmalloc areas are not what they should be")
    guard let first = evidence.symbols["vmap_nodes"].flatMap(evidence.word),
      let count = evidence.symbols["nr_vmap_nodes"].flatMap(evidence.half), count > 0, count <= mostNodes
    else { throw Doubt("nothing names the lists of vmalloc areas") }
    // Of what looks like a list, so many are followed: a kernel's few are among the first.
    var walks = mostWalks
    /// The descriptions of the areas on the list whose head is at an address; nil if it is no such list.
    func areas(at head: UInt64) -> [UInt64]? {
      guard let root = evidence.word(head &- 8), let next = evidence.word(head) else { return nil }
      if root == 0 { return next == head && evidence.word(head &+ 8) == head ? [] : nil }
      // The first node leads back, and the root has no parent: what is no list is told by that, without being followed.
      guard KernelAddress(root).isInKernelHalf, KernelAddress(next).isInKernelHalf, next != head, walks > 0,
        evidence.word(next &+ 8) == head, evidence.word(root).map({ $0 & ~1 == 0 }) == true
      else { return nil }
      walks -= 1
      guard let nodes = evidence.ring(at: head), nodes.contains(root &+ 24) else { return nil }
      return descriptions(nodes, evidence)
    }
    // The first two lists with areas that are described tell how far one is from the next, or a multiple of it.
    var heads: [UInt64] = []
    var place = first &+ 8
    let end = first &+ UInt64(count) &* mostNodeBytes
    while place < end, walks > 0, heads.count < min(Int(count), 2) {
      if let found = areas(at: place), !found.isEmpty { heads.append(place) }
      place = place &+ 8
    }
    guard let head = heads.first else { throw doubt }
    let distance = heads.count > 1 ? heads[1] - head : mostNodeBytes
    var all: [UInt64]?
    var step: UInt64 = 0
    var offset: UInt64 = 0
    for part in 1...UInt64(mostEmpty) where all == nil && distance % (part * 8) == 0 {
      step = distance / part
      offset = (head - first) % step
      guard step <= mostNodeBytes, offset >= 8 else { continue }
      walks = max(walks, Int(count))
      all = []
      for number in 0..<UInt64(count) {
        guard let found = areas(at: first &+ number &* step &+ offset) else {
          all = nil
          break
        }
        all? += found
      }
    }
    guard let all else { throw doubt }
    return (
      [
        BTF.Outline("rb_list", byteCount: 24, [.number("root", at: 0), .list("head", at: 8)]),
        BTF.Outline("vmap_node", byteCount: Int(step), [.structure("busy", at: Int(offset) - 8, "rb_list")]),
      ], all
    )
  }
}

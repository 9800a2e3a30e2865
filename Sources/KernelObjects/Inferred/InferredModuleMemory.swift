internal import KernelFormats
internal import KernelModel

/// Where `struct module` says which memory is the module's.
///
/// Each piece of memory ends with its node of `mod_tree`, which holds the record's address: one of two pieces
/// (`struct module_layout`), or one of seven (`struct module_memory`, since Linux v6.4). It is believed if the nodes of the tree
/// ascend by where the pieces begin, the record itself lies in the piece for data, and page tables let the code be executed
/// and nothing else.
///
/// Source: `struct module_layout`, include/linux/module.h (v5.10, v6.1); `struct module_memory` and `enum mod_mem_type` (v6.4 to v7.2),
/// kernel/module/tree_lookup.c.
struct InferredModuleMemory {
  private typealias Doubt = LayoutEvidence.Doubt

  let outline: BTF.Outline
  let members: [BTF.Outline.Member]
  /// Where the last of them ends.
  let end: Int
  /// The pieces of each record.
  private let pieces: [UInt64: [Range<UInt64>]]

  private static let nodeByteCount = 56
  /// A base, a size and three ends, each of four bytes, before the node.
  private static let layoutHead = 24
  /// Text, data, constants, what is constant after initialisation; and three for initialisation.
  private static let kindCount = 7
  private static let mostBytes: UInt64 = 1 << 28

  /// Whether an address lies in the memory of a record.
  func contains(_ address: UInt64, of record: UInt64) -> Bool {
    pieces[record]?.contains { $0.contains(address) } == true
  }

  init(_ modules: InferredModules) throws(LayoutEvidence.Doubt) {
    let evidence = modules.evidence
    let nodes = try Self.nodes(evidence)
    let records = Set(modules.records)
    /// By offset in the record.
    var offsets: Set<UInt64> = []
    var bearing: Set<UInt64> = []
    for node in nodes {
      guard let record = evidence.word(node), records.contains(record), node > record,
        node - record < InferredModules.mostBytes
      else { continue }
      offsets.insert(node - record)
      bearing.insert(record)
    }
    guard bearing.count == records.count, offsets.isSubset(of: modules.own), let first = offsets.min() else {
      throw Doubt("the tree of modules does not lead to the records on their list")
    }
    if offsets.count == 1 {
      (outline, members, end, pieces) = try Self.layout(at: first, modules)
    } else {
      (outline, members, end, pieces) = try Self.memory(at: offsets, modules)
    }
    let listed = nodes.filter { evidence.word($0).map(records.contains) == true }
    let head = offsets.count == 1 ? UInt64(Self.layoutHead) : UInt64(outline.byteCount - Self.nodeByteCount)
    let bases = listed.compactMap { evidence.word($0 &- head) }
    guard bases.count == listed.count, zip(bases, bases.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw Doubt("the tree of modules is not in the order of their memory")
    }
  }

  private typealias Found = (
    outline: BTF.Outline, members: [BTF.Outline.Member], end: Int, pieces: [UInt64: [Range<UInt64>]]
  )

  /// The nodes that both copies of the tree have, in its order.
  private static func nodes(_ evidence: LayoutEvidence) throws(LayoutEvidence.Doubt) -> [UInt64] {
    do throws(CannotCheck) {
      let reader = evidence.reader
      guard let root = reader.symbols["mod_tree"] else { throw CannotCheck.symbolMissing("mod_tree") }
      let roots = try root &+ reader.offset("tree", in: "latch_tree_root")
      var copies: [[UInt64]] = []
      for copy in 0..<2 {
        copies.append(
          try reader.redBlackTree(
            at: roots &+ UInt64(copy) * 8, linkedBy: "node.node", of: "mod_tree_node", copy: copy, limit: 1 << 16
          ).map(\.address))
      }
      let second = Set(copies[1])
      return copies[0].filter(second.contains)
    } catch {
      throw Doubt("the tree of modules cannot be followed (\(error))")
    }
  }

  /// A piece that begins and ends with a page.
  private static func piece(_ start: UInt64, _ byteCount: UInt32) -> Range<UInt64>? {
    let byteCount = UInt64(byteCount)
    guard LayoutEvidence.isPage(start), byteCount > 0, byteCount <= mostBytes, byteCount % Machine.pageSize == 0,
      !start.addingReportingOverflow(byteCount).overflow
    else { return nil }
    return start..<start + byteCount
  }

  // MARK: Two pieces

  private static func layout(at node: UInt64, _ modules: InferredModules) throws(LayoutEvidence.Doubt) -> Found {
    let evidence = modules.evidence
    let byteCount = UInt64(layoutHead + nodeByteCount)
    guard node >= UInt64(layoutHead), modules.own.contains(node &+ byteCount) else {
      throw Doubt("the records of modules do not show where their memory is")
    }
    let offset = node - UInt64(layoutHead)
    var pieces: [UInt64: [Range<UInt64>]] = [:]
    for record in modules.records {
      let layout = record &+ offset
      // What initialisation had was given back.
      guard let start = evidence.word(layout), let size = evidence.half(layout &+ 8), let piece = piece(start, size),
        let code = evidence.half(layout &+ 12), let constants = evidence.half(layout &+ 16),
        let last = evidence.half(layout &+ 20), code <= constants, constants <= last, last <= size,
        [code, constants, last].allSatisfy({ UInt64($0) % Machine.pageSize == 0 }),
        piece.contains(record), record >= start &+ UInt64(last),
        code == 0 || evidence.isExecutable(start) && evidence.isExecutable(start &+ UInt64(code) &- 1),
        !evidence.isExecutable(start &+ UInt64(code)), evidence.word(layout &+ byteCount) == 0
      else { throw Doubt("the records of modules do not show where their memory is") }
      pieces[record] = [piece]
    }
    let outline = BTF.Outline(
      "module_layout", byteCount: Int(byteCount),
      [
        .number("base", at: 0), .number("size", at: 8, 4), .number("text_size", at: 12, 4),
        .number("ro_size", at: 16, 4), .number("ro_after_init_size", at: 20, 4),
        .structure("mtn", at: layoutHead, "mod_tree_node"),
      ])
    return (
      outline,
      [
        .structure("core_layout", at: Int(offset), "module_layout"),
        .structure("init_layout", at: Int(offset &+ byteCount), "module_layout"),
      ], Int(offset &+ 2 * byteCount), pieces
    )
  }

  // MARK: Seven pieces

  private static func memory(at nodes: Set<UInt64>, _ modules: InferredModules) throws(LayoutEvidence.Doubt) -> Found {
    let doubt = Doubt("the records of modules do not show where their memory is")
    // Each is as large as the way from one to the next.
    let runs = [16, 24, 32].compactMap { head -> (first: UInt64, step: UInt64)? in
      let step = UInt64(head + nodeByteCount)
      let starts = modules.own.filter { first in
        let run = (0..<UInt64(kindCount)).map { first &+ $0 &* step }
        return run.allSatisfy(modules.own.contains) && nodes.isSubset(of: run)
      }
      return starts.count == 1 ? starts.first.map { ($0, step) } : nil
    }
    guard runs.count == 1, let run = runs.first, run.first >= run.step else { throw doubt }
    let head = run.step - UInt64(nodeByteCount)
    let offset = run.first - head
    let sizes = stride(from: 8, to: head, by: 4).filter { size in
      modules.records.allSatisfy { pieces(of: $0, at: offset, step: run.step, size: size, modules.evidence) != nil }
    }
    guard sizes.count == 1, let size = sizes.first else { throw doubt }
    var found: [UInt64: [Range<UInt64>]] = [:]
    for record in modules.records {
      found[record] = pieces(of: record, at: offset, step: run.step, size: size, modules.evidence)
    }
    let outline = BTF.Outline(
      "module_memory", byteCount: Int(run.step),
      [
        .number("base", at: 0), .number("size", at: Int(size), 4),
        .structure("mtn", at: Int(head), "mod_tree_node"),
      ])
    return (
      outline, [.structure("mem", at: Int(offset), "module_memory", count: kindCount)],
      Int(offset &+ UInt64(kindCount) &* run.step), found
    )
  }

  /// The pieces of a record, if they may be such.
  private static func pieces(
    of record: UInt64, at offset: UInt64, step: UInt64, size: UInt64, _ evidence: LayoutEvidence
  ) -> [Range<UInt64>]? {
    var found: [Range<UInt64>] = []
    for kind in 0..<UInt64(kindCount) {
      let element = record &+ offset &+ kind &* step
      guard let start = evidence.word(element), let byteCount = evidence.half(element &+ size) else { return nil }
      // What initialisation had was given back.
      guard kind < 4 else {
        guard byteCount == 0 else { return nil }
        continue
      }
      guard byteCount > 0 else {
        guard kind != 1 else { return nil }
        continue
      }
      guard let piece = piece(start, byteCount), !found.contains(where: { $0.overlaps(piece) }),
        evidence.isExecutable(start) == (kind == 0), evidence.isMapped(piece.upperBound - 1),
        kind != 1 || piece.contains(record)
      else { return nil }
      found.append(piece)
    }
    return found
  }
}

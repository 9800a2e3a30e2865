internal import Checks
internal import KernelModel

/// Code that the function tracer and kprobes were told to call.
enum ProbeReferences {
  /// Who calls it, and where.
  struct Call: Hashable, Sendable {
    var by: String
    var target: UInt64
  }

  /// Nodes of one list.
  private static let most = 4096
  /// KPROBE_TABLE_SIZE, kernel/kprobes.c (Linux v5.10 to v7.2).
  private static let probeListCount: UInt64 = 64

  /// What can be read of both; none where this kernel has neither.
  static func all(_ reader: StructureReader) -> [Call] {
    traceCalls(reader) + probeCalls(reader)
  }

  /// Source: `ftrace_ops_list`, kernel/trace/ftrace.c (Linux v5.10 to v7.2).
  private static func traceCalls(_ reader: StructureReader) -> [Call] {
    guard let head = reader.symbols["ftrace_ops_list"],
      let next = reader.types.offsetIfAny(of: "next", in: "ftrace_ops"),
      let function = reader.types.offsetIfAny(of: "func", in: "ftrace_ops")
    else { return [] }
    let tracers = chain(from: reader.word(at: head), upTo: reader.symbols["ftrace_list_end"], link: next, reader)
    return tracers.compactMap { tracer in
      reader.word(at: tracer &+ function).map {
        Call(by: "the function tracer (ftrace_ops at \(KernelAddress(tracer)))", target: $0)
      }
    }
  }

  /// Source: `kprobe_table`, kernel/kprobes.c, and `struct kprobe`, include/linux/kprobes.h (Linux v5.10 to v7.2).
  private static func probeCalls(_ reader: StructureReader) -> [Call] {
    guard let table = reader.symbols["kprobe_table"], let link = reader.types.offsetIfAny(of: "hlist", in: "kprobe")
    else { return [] }
    let handlers = ["pre_handler", "post_handler"].compactMap { reader.types.offsetIfAny(of: $0, in: "kprobe") }
    return (0..<probeListCount).flatMap { index in
      chain(from: reader.word(at: table &+ index &* 8), link: 0, reader).map { $0 &- link }
    }.flatMap { probe in
      handlers.compactMap { reader.word(at: probe &+ $0) }.filter { $0 != 0 }.map {
        Call(by: "a kprobe at \(KernelAddress(probe))", target: $0)
      }
    }
  }

  /// Each node once, up to where the chain ends, comes back to itself, or cannot be read.
  ///
  /// - Parameter link: where in a node the address of the next is.
  private static func chain(
    from first: UInt64?, upTo end: UInt64? = nil, link: UInt64, _ reader: StructureReader
  ) -> [UInt64] {
    var nodes: [UInt64] = []
    var seen: Set<UInt64> = []
    var next = first
    while let node = next, node != 0, node != end, nodes.count < most, seen.insert(node).inserted {
      nodes.append(node)
      next = reader.word(at: node &+ link)
    }
    return nodes
  }
}

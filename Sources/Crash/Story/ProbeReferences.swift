internal import Checks
internal import KernelModel

/// Code that the function tracer and kprobes were told to call.
enum ProbeReferences {
  /// Who calls it, and where.
  struct Call: Hashable, Sendable {
    var by: String
    var target: UInt64
  }

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
    let end = reader.symbols["ftrace_list_end"]
    var calls: [Call] = []
    var place = reader.live.value(UInt64.self, at: head) ?? 0
    while place != 0, place != end, calls.count < most {
      guard let target = reader.live.value(UInt64.self, at: place &+ function) else { break }
      calls.append(Call(by: "the function tracer (ftrace_ops at \(KernelAddress(place)))", target: target))
      guard let following = reader.live.value(UInt64.self, at: place &+ next) else { break }
      place = following
    }
    return calls
  }

  /// Source: `kprobe_table`, kernel/kprobes.c, and `struct kprobe`, include/linux/kprobes.h (Linux v5.10 to v7.2).
  private static func probeCalls(_ reader: StructureReader) -> [Call] {
    guard let table = reader.symbols["kprobe_table"], let link = reader.types.offsetIfAny(of: "hlist", in: "kprobe"),
      let handlers = ["pre_handler", "post_handler"].map({ reader.types.offsetIfAny(of: $0, in: "kprobe") })
        as [UInt64?]?
    else { return [] }
    var calls: [Call] = []
    for index in 0..<probeListCount {
      var node = reader.live.value(UInt64.self, at: table &+ index &* 8) ?? 0
      while node != 0, calls.count < most {
        for handler in handlers.compactMap({ $0 }) {
          if let target = reader.live.value(UInt64.self, at: node &- link &+ handler), target != 0 {
            calls.append(Call(by: "a kprobe at \(KernelAddress(node &- link))", target: target))
          }
        }
        guard let next = reader.live.value(UInt64.self, at: node) else { break }
        node = next
      }
    }
    return calls
  }
}

package import KernelFormats
internal import KernelModel

/// Structures of the function tracer and of probes, where what they lead to bears them out, or where nothing hangs there.
///
/// Where a list is empty, how its nodes are laid out does not matter.
///
/// Source: `struct ftrace_page` in kernel/trace/ftrace.c, `struct dyn_ftrace` in include/linux/ftrace.h, `struct kprobe_insn_cache` in
/// include/linux/kprobes.h, `struct kprobe_insn_page` in kernel/kprobes.c (Linux v5.10 to v7.2).
package enum InferredTracing {
  /// The tracer's records, if the first of each run is of a function; and its users, if there are none.
  package static func tracer(_ symbols: SymbolIndex, _ text: Range<UInt64>, _ live: LivePages) -> [BTF.Outline] {
    var found: [BTF.Outline] = []
    if let start = symbols["ftrace_pages_start"], let page = live.value(UInt64.self, at: start),
      let next = live.value(UInt64.self, at: page), next == 0 || KernelAddress(next).isInKernelHalf,
      let records = live.value(UInt64.self, at: page &+ 8), let count = live.value(Int32.self, at: page &+ 16),
      count > 1,
      let first = live.value(UInt64.self, at: records), let second = live.value(UInt64.self, at: records &+ 16),
      text.contains(first), text.contains(second), first < second
    {
      found.append(
        BTF.Outline(
          "ftrace_page", byteCount: 24,
          [.number("next", at: 0), .number("records", at: 8), .number("index", at: 16, 4)]))
      found.append(BTF.Outline("dyn_ftrace", byteCount: 16, []))
    }
    let registered = symbols["ftrace_ops_list"].flatMap { live.value(UInt64.self, at: $0) }
    let trampolines = symbols["ftrace_ops_trampoline_list"]
    if registered == symbols["ftrace_list_end"], trampolines.map({ live.value(UInt64.self, at: $0) == $0 }) ?? true {
      found.append(BTF.Outline("ftrace_ops", byteCount: 32, [.number("next", at: 8), .list("list", at: 16)]))
    }
    return found
  }

  /// FTRACE_OPS_FL_ALLOC_TRAMP: a user has a trampoline of its own.
  private static let ownsTrampoline: UInt64 = 1 << 11
  /// No kernel's `struct ftrace_ops` is larger.
  private static let mostUserBytes = 512
  private static let mostUsers = 1 << 16

  /// The tracer's users, where there are some: a function, the next one and flags come first, and where a user has a trampoline of
  /// its own, its address and size stand in one place.
  ///
  /// Source: `struct ftrace_ops`, include/linux/ftrace.h; create_trampoline(), arch/x86/kernel/ftrace.c (Linux v5.10 to v7.2).
  static func users(_ evidence: LayoutEvidence) throws(LayoutEvidence.Doubt) -> [BTF.Outline] {
    let doubt = LayoutEvidence.Doubt("functions are traced, and the tracer's users do not show how they are laid out")
    guard let head = evidence.symbols["ftrace_ops_list"], let end = evidence.symbols["ftrace_list_end"],
      var user = evidence.word(head)
    else { throw doubt }
    var owners: [UInt64] = []
    var others: [UInt64] = []
    while user != end {
      guard owners.count + others.count < mostUsers, let function = evidence.word(user),
        let flags = evidence.word(user &+ 16),
        evidence.text.contains(function) || evidence.isExecutable(function), flags >> 32 == 0,
        let next = evidence.word(user &+ 8)
      else { throw doubt }
      if flags & ownsTrampoline != 0 { owners.append(user) } else { others.append(user) }
      user = next
    }
    let places = stride(from: 40, to: mostUserBytes, by: 8).filter { offset in
      func trampoline(of user: UInt64) -> UInt64? { evidence.word(user &+ UInt64(offset)) }
      return owners.allSatisfy { owner in
        guard let start = trampoline(of: owner), LayoutEvidence.isPage(start), !evidence.text.contains(start),
          evidence.isExecutable(start), let size = evidence.word(owner &+ UInt64(offset) &+ 8)
        else { return false }
        return size > 0 && size <= Machine.pageSize
      } && others.allSatisfy { trampoline(of: $0).map { $0 == 0 || evidence.text.contains($0) } == true }
    }
    guard !owners.isEmpty, places.count == 1, let place = places.first else { throw doubt }
    return [
      BTF.Outline(
        "ftrace_ops", byteCount: place + 32,
        [
          .number("func", at: 0), .number("next", at: 8), .number("flags", at: 16), .number("trampoline", at: place),
          .number("trampoline_size", at: place + 8), .list("list", at: place + 16),
        ])
    ]
  }

  /// A probe's place in the kernel's table of probes, if that is empty.
  package static func probes(_ symbols: SymbolIndex, _ live: LivePages) -> [BTF.Outline] {
    // KPROBE_TABLE_SIZE heads.
    guard let table = symbols["kprobe_table"], let heads = live.bytes(at: table, count: 64 * 8),
      heads.allSatisfy({ $0 == 0 })
    else { return [] }
    return [BTF.Outline("kprobe", byteCount: 16, [.list("hlist", at: 0)])]
  }

  /// The pages that probes have their instructions in: their list stands behind the name under which they are told, and each leads
  /// back to whom it belongs.
  static func slots(_ evidence: LayoutEvidence) throws(LayoutEvidence.Doubt) -> [BTF.Outline] {
    let doubt = LayoutEvidence.Doubt("the pages of probes are not what they should be")
    let caches = ["kprobe_insn_slots", "kprobe_optinsn_slots"].compactMap { evidence.symbols[$0] }
    let names: Set = ["kprobe_insn_page", "kprobe_optinsn_page"]
    let offsets = Set(
      caches.map { cache in
        stride(from: 8, to: 256, by: 8).first { offset in
          evidence.word(cache &+ offset &- 8).flatMap(evidence.name).map(names.contains) == true
        }
      })
    guard !caches.isEmpty else { return [] }
    guard offsets.count == 1, let offset = offsets.first.flatMap({ $0 }) else { throw doubt }
    for cache in caches {
      guard let pages = evidence.ring(at: cache &+ offset),
        pages.allSatisfy({ page in
          evidence.word(page &+ 24) == cache && evidence.word(page &+ 16).map(evidence.isExecutable) == true
        })
      else { throw doubt }
    }
    return [
      BTF.Outline("kprobe_insn_cache", byteCount: Int(offset) + 16, [.list("pages", at: Int(offset))]),
      BTF.Outline("kprobe_insn_page", byteCount: 24, [.list("list", at: 0), .number("insns", at: 16)]),
    ]
  }
}

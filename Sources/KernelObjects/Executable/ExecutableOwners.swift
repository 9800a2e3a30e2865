internal import KernelFormats
package import KernelModel

/// Whose executable memory is whose, by the structures in the kernel's memory that account for it.
///
/// Nothing here comes from `/proc/modules` or `/proc/kallsyms`: a module that is unlinked from the kernel's list has no
/// owner here, whatever it says elsewhere.
package struct ExecutableOwners {
  /// What accounts for a piece of executable memory.
  package enum Kind: String, CaseIterable {
    case kernelText = "kernel text"
    case realMode = "real-mode code"
    case module = "module"
    case bpf = "BPF"
    case ftrace = "ftrace trampoline"
    case kprobe = "kprobe slots"
    case kexec = "kexec"
    case hypercall = "hypercall page"
  }

  package struct Claim {
    package var range: Range<UInt64>
    package var kind: Kind
    package var name: String

    /// - Returns: nil if there is no such memory: it has no bytes, or more than code ever has.
    init?(_ start: UInt64, _ byteCount: UInt64, _ kind: Kind, _ name: String) {
      let (end, overflows) = start.addingReportingOverflow(byteCount)
      guard byteCount > 0, byteCount <= 1 << 30, !overflows else { return nil }
      (range, self.kind, self.name) = (start..<end, kind, name)
    }
  }

  /// Lowest first.
  package private(set) var claims: [Claim] = []
  /// The largest end of all claims up to each: where ranges lie within others, the search goes back no further.
  private var ends: [UInt64] = []
  /// Memory that BPF programs share; what of it is free must hold nothing but breakpoints.
  package private(set) var packs: [BpfPack] = []
  /// Who allocated what lies in the vmalloc area.
  package let areas: VmallocAreas

  private static let mostNodes = 1 << 17

  /// - Parameters:
  ///   - reader: of the moment that is asked about.
  ///   - text: the kernel's code.
  package init(_ reader: Snapshot, text: Range<UInt64>) throws(CannotCheck) {
    areas = try VmallocAreas(reader)
    addText(text)
    try addModules(reader)
    try addBpf(reader)
    try addTrampolines(reader)
    try addProbeSlots(reader)
    claims += try Machine.executableMemory(reader)
    claims.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    var end: UInt64 = 0
    ends = claims.map { claim in
      end = max(end, claim.range.upperBound)
      return end
    }
  }

  /// What accounts for a part of `page`, or nil if nothing does.
  package func owner(of page: Range<UInt64>) -> Claim? {
    var index = claims.partitionPoint { $0.range.lowerBound >= page.upperBound }
    while index > 0, ends[index - 1] > page.lowerBound {
      index -= 1
      if claims[index].range.overlaps(page) { return claims[index] }
    }
    return nil
  }

  private mutating func add(_ start: UInt64, _ byteCount: UInt64, _ kind: Kind, _ name: String) {
    if let claim = Claim(start, byteCount, kind, name) { claims.append(claim) }
  }

  // MARK: Who has executable memory

  private mutating func addText(_ text: Range<UInt64>) {
    // The rest of the last page holds zeros, which kernel-text demands.
    let end = Machine.pageEnd(text.upperBound)
    add(text.lowerBound, end &- text.lowerBound, .kernelText, "kernel text")
  }

  private mutating func addModules(_ reader: Snapshot) throws(CannotCheck) {
    for module in try LiveModules(reader).modules {
      for range in module.executable { add(range.lowerBound, UInt64(range.count), .module, module.name) }
    }
    for range in try InitMemory(reader, areas).ranges {
      add(range.lowerBound, UInt64(range.count), .module, "code that a module began with")
    }
  }

  /// Programs, trampolines and dispatchers by `bpf_kallsyms`, and the packs that programs share since Linux kernel
  /// commit 57631054fae6 ("bpf: Introduce bpf_prog_pack allocator") (in v5.18).
  ///
  /// Classic BPF programs are in no list: they lie in packs, or, before these, in areas that `bpf_jit_binary_alloc`
  /// allocated and that begin with their size.
  private mutating func addBpf(_ reader: Snapshot) throws(CannotCheck) {
    for symbol in try reader.list(at: "bpf_kallsyms", linkedBy: "lnode", of: "bpf_ksym", limit: Self.mostNodes) {
      let start: UInt64 = try symbol["start"]
      let end: UInt64 = try symbol["end"]
      let name = reader.live.text(at: try symbol.address(of: "name")) ?? "a program"
      add(start, end &- start, .bpf, name)
    }
    for pack in try reader.list(at: "pack_list", linkedBy: "list", of: "bpf_prog_pack", limit: Self.mostNodes) {
      let pack = try BpfPack(pack, areas)
      packs.append(pack)
      for range in pack.used { add(range.lowerBound, UInt64(range.count), .bpf, "programs in a pack") }
    }
    for area in areas.areas where area.allocator == "bpf_jit_binary_alloc" {
      // struct bpf_binary_header: pages up to v5.12, then bytes.
      guard let header = reader.live.value(UInt32.self, at: area.range.lowerBound),
        [UInt64(header), UInt64(header) * Machine.pageSize].contains(UInt64(area.range.count))
      else { continue }
      add(area.range.lowerBound, UInt64(area.range.count), .bpf, "a program without a name")
    }
    // Trampolines of structure operations have no name either, where they are not in a pack: a page for each map.
    // Source: bpf_struct_ops_map_alloc() in kernel/bpf/bpf_struct_ops.c (Linux v5.10, v6.1).
    for area in areas.areas
    where area.range.count == Machine.pageSize
      && ["bpf_struct_ops_map_alloc", "bpf_jit_alloc_exec"].contains(area.allocator)
      && !claims.contains(where: { $0.range.overlaps(area.range) })
    {
      add(area.range.lowerBound, Machine.pageSize, .bpf, "trampolines of structure operations")
    }
  }

  private mutating func addTrampolines(_ reader: Snapshot) throws(CannotCheck) {
    for operations in try FtraceState(reader).operations where operations.trampoline != 0 {
      guard operations.ownsTrampoline else { continue }
      add(operations.trampoline, operations.trampolineByteCount, .ftrace, "ftrace trampoline")
    }
  }

  private mutating func addProbeSlots(_ reader: Snapshot) throws(CannotCheck) {
    for cache in ["kprobe_insn_slots", "kprobe_optinsn_slots"] {
      guard let address = reader.symbols[cache] else { continue }
      let pages = try reader.object("kprobe_insn_cache", at: address).list(
        "pages", linkedBy: "list", of: "kprobe_insn_page", limit: Self.mostNodes)
      for page in try pages.whole() { add(try page["insns"], Machine.pageSize, .kprobe, cache) }
    }
  }
}

internal import KernelModel
internal import KernelObjects

/// Every executable page of the kernel at one moment, and whose it is.
struct ExecutableCensus {
  /// Who is accounted for; nil where nothing says where structures lie and how they are laid out.
  let owners: ExecutableOwners?
  /// How many pages each owner has.
  private(set) var pages: [String: Int] = [:]
  /// Addresses of pages of 4 KiB that nobody accounts for, lowest first.
  private(set) var orphans: [UInt64] = []
  /// Addresses of pages that are writable and executable at once, lowest first.
  private(set) var writable: [UInt64] = []
  /// Runs of pages with one owner, lowest first.
  private(set) var runs: [Run] = []

  /// Pages side by side that have one owner and one permission.
  struct Run {
    var region: MemoryRegion
    var isWritable: Bool
    /// What ``ExecutableOwners/Kind`` says, or what stands in its place.
    var kind: String
    var name: String
  }

  static let nobody = "nobody"
  private static let harmless = "breakpoints and thunks only"

  /// By what those are read who account for executable memory.
  ///
  /// - Throws: if nothing says how their structures are laid out, or one of them is not known: then nobody can be said to own nothing.
  static func structures(of kernel: Kernel) throws(CannotCheck) -> KernelStructures {
    let structures = try kernel.provenStructures
    guard structures.areInferred else { return structures }
    _ = try structures.now { (reader: Snapshot) throws(CannotCheck) in
      try ExecutableOwners(reader, text: structures.text)
    }
    return structures
  }

  init(_ kernel: Kernel, _ structures: KernelStructures?) throws(CannotCheck) {
    let leaves = try kernel.mappings.executablePages()
    // After the pages: what was given an owner meanwhile has one.
    owners = try structures.map { structures throws(CannotCheck) in
      try structures.now { (reader: Snapshot) throws(CannotCheck) in
        try ExecutableOwners(reader, text: structures.text)
      }
    }
    let memory = kernel.memory.fresh
    for leaf in leaves {
      var position = leaf.region.start.rawValue
      for _ in 0..<leaf.region.byteCount / Machine.pageSize {
        let page = position..<position &+ Machine.pageSize
        let (kind, name) = owner(of: page, kernel, memory)
        pages[kind, default: 0] += 1
        if kind == Self.nobody { orphans.append(position) }
        if leaf.isWritable, !isWritableByDesign(kind, name) { writable.append(position) }
        note(page, isWritable: leaf.isWritable, kind, name)
        position = page.upperBound
      }
    }
  }

  private func owner(
    of page: Range<UInt64>, _ kernel: Kernel, _ memory: any KernelMemory
  ) -> (kind: String, name: String) {
    if let owners {
      if let claim = owners.owner(of: page) {
        let free = claim.kind == .bpf ? owners.packs.flatMap { $0.free(in: page) } : []
        return HarmlessCode.isTrapping(free, memory) ? (claim.kind.rawValue, claim.name) : (Self.nobody, Self.nobody)
      }
    } else {
      switch kernel.owner(of: KernelAddress(page.lowerBound)) {
      case .kernelText(let place): return (ExecutableOwners.Kind.kernelText.rawValue, place.module ?? "kernel text")
      case .module(let place): return (ExecutableOwners.Kind.module.rawValue, place.module ?? "?")
      case .generatedCode(let place): return ("generated code", place.symbol)
      case .kernelData, .nobody: break
      }
    }
    return HarmlessCode.fills(page, memory) ? (Self.harmless, Self.harmless) : (Self.nobody, Self.nobody)
  }

  /// Trampolines and dispatchers of BPF on kernels that wrote them in place.
  ///
  /// Source: bpf_jit_alloc_exec_page() in kernel/bpf/trampoline.c (Linux v5.10): executable, and never made read-only.
  private func isWritableByDesign(_ kind: String, _ name: String) -> Bool {
    kind == ExecutableOwners.Kind.bpf.rawValue
      && (name.hasPrefix("bpf_trampoline_") || name.hasPrefix("bpf_dispatcher_"))
  }

  private mutating func note(_ page: Range<UInt64>, isWritable: Bool, _ kind: String, _ name: String) {
    if let last = runs.last, last.region.end?.rawValue == page.lowerBound, last.kind == kind, last.name == name,
      last.isWritable == isWritable
    {
      runs[runs.count - 1].region = MemoryRegion(
        start: last.region.start, byteCount: last.region.byteCount + Machine.pageSize)
    } else {
      let region = MemoryRegion(start: KernelAddress(page.lowerBound), byteCount: Machine.pageSize)
      runs.append(Run(region: region, isWritable: isWritable, kind: kind, name: name))
    }
  }
}

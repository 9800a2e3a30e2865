internal import KernelFormats
internal import KernelModel

/// The stacks that a processor's task state names, which it goes to when it enters the kernel.
///
/// That by which programs' code is left, `sp0`, and those of interrupts that have one each, `ist`, are the processor's own, and seen at
/// addresses of its own: in its `cpu_entry_area`. The other two, `sp1` and `sp2`, are of rings that the kernel does not use, and it keeps
/// in them what it likes.
///
/// Source: arch/x86/mm/cpu_entry_area.c: `entry_stack_storage`, `exception_stacks`; `struct x86_hw_tss`, arch/x86/include/asm/processor.h;
/// tss_setup_ist(), arch/x86/kernel/cpu/common.c; `cpu_tss_rw`, arch/x86/kernel/process.c (Linux v5.10 to v7.2).
enum TaskStateStacks {
  /// What `sp0` is before a processor has one.
  private static let none: UInt64 = 1 << 63 | 1
  /// Each of its own for a kind of interrupts.
  private static let (mostStacks, pageByteCount): (Int, UInt64) = (7, 4096)
  /// XEN_PV_DOMAIN, include/xen/xen.h: there the hypervisor goes to the stack of the task.
  private static let xenDomain: UInt32 = 1

  static func words(of state: KernelObject) throws(CannotCheck) -> [RegisteredWord] {
    let symbols = state.snapshot.symbols
    _ = try symbols.address(of: "entry_stack_storage")
    _ = try symbols.address(of: "exception_stacks")
    guard try state.snapshot.value(UInt32.self, of: "xen_domain_type") != xenDomain else { return [] }
    var words: [RegisteredWord] = []
    func add(_ member: String, at place: UInt64) throws(CannotCheck) {
      let value = try state.snapshot.load(UInt64.self, at: place)
      guard value != 0, value != none else { return }
      words.append(RegisteredWord(place: place, value: value, field: "\(X86_64.taskState).\(member)", isGate: true))
    }
    try add("sp0", at: state.address(of: "sp0"))
    let first = try state.address(of: "ist")
    for index in 0..<min(try state.type.member("ist").elementCount ?? 0, mostStacks) {
      try add("ist[\(index)]", at: first &+ UInt64(index) &* 8)
    }
    return words
  }

  /// Whether what is seen below a stack's end is of the very processor's memory for such stacks.
  static func isOwn(_ word: RegisteredWord, _ symbols: SymbolIndex, _ mappings: any KernelMappings) -> Bool {
    let storage = word.field.hasSuffix("sp0") ? "entry_stack_storage" : "exception_stacks"
    guard let state = symbols["cpu_tss_rw"], let stacks = symbols[storage] else { return false }
    // The next variable may be behind more than the stacks.
    let byteCount = symbols.object(around: stacks).map { $0.upperBound - $0.lowerBound } ?? pageByteCount
    // A task state begins with its page.
    let processor = X86_64.pageStart(word.place) &- state
    let seen = KernelAddress(word.value &- 8)
    switch mappings.mapping(of: seen) {
    // Nobody goes on there; a stack for exceptions of a hypervisor's (VC) is named always, and mapped where memory is encrypted.
    case .unmapped: return true
    // What cannot be told is no finding.
    case .unknown: return true
    case .mapped(let page):
      guard let physical = page.physicalAddress(of: seen) else { return true }
      return isOwn(physical, from: KernelAddress(stacks &+ processor), byteCount: byteCount, mappings)
    }
  }

  private static func isOwn(
    _ physical: PhysicalAddress, from start: KernelAddress, byteCount: UInt64, _ mappings: any KernelMappings
  ) -> Bool {
    for offset in stride(from: 0, to: min(byteCount, 64 * pageByteCount), by: Int(pageByteCount)) {
      let page = KernelAddress(start.rawValue &+ offset)
      switch mappings.mapping(of: page) {
      case .mapped(let mapped):
        if let own = mapped.physicalAddress(of: page), physical.rawValue &- own.rawValue < pageByteCount { return true }
      case .unmapped: continue
      case .unknown: return true
      }
    }
    return false
  }
}

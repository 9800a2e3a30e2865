package import KernelModel

extension X86_64 {
  /// Source: `idt_table` in arch/x86/kernel/idt.c, `struct gate_struct` in arch/x86/include/asm/desc_defs.h; `sysvec_table` in
  /// arch/x86/entry/entry_fred.c (Linux v6.9 to v7.2); `gdt_page` in arch/x86/kernel/cpu/common.c, `struct desc_struct` in
  /// arch/x86/include/asm/desc_defs.h.
  package static var registeredRows: [RegisteredRow] {
    [
      RegisteredRow("interrupt gates", [.array("idt_table", of: "gate_struct", count: .atMost(256))], reads: .gate),
      RegisteredRow(
        "segments", [.perProcessor("gdt_page", of: "gdt_page"), .member("gdt")], reads: .gate),
      // arch/x86/kernel/ldt.c: struct ldt_struct, where the kernel has modify_ldt (CONFIG_MODIFY_LDT_SYSCALL).
      RegisteredRow(
        "segments of programs",
        [
          .variable("init_task", of: "task_struct"), .list("tasks", of: "task_struct", by: "tasks"),
          .pointer("mm", to: "mm_struct"), .pointer("context.ldt", to: "ldt_struct"),
          .structures("entries", count: "nr_entries", of: "desc_struct"),
        ], reads: .gate),
      RegisteredRow(
        "stacks in task states", [.perProcessor("cpu_tss_rw", of: "tss_struct"), .member("x86_tss")], reads: .gate),
      RegisteredRow("system vectors", [.words("sysvec_table", count: 32)], reads: .word),
    ]
  }

  /// Of a segment, where a gate leads, or where a processor's task state lies; of a task state, the stacks that the processor goes to.
  ///
  /// Source: gate_offset(), arch/x86/include/asm/desc_defs.h (Linux v5.10 to v7.2); Intel's manual, volume 3, "Call-Gate Descriptors
  /// in IA-32e Mode" and "TSS Descriptor in 64-bit mode".
  package static func gateWords(of gate: KernelObject) throws(CannotCheck) -> [RegisteredWord] {
    let value: UInt64
    switch gate.type.name {
    case taskState: return try TaskStateStacks.words(of: gate)
    case "desc_struct": value = try target(ofSegment: gate)
    default:
      let low: UInt64 = try gate["offset_low"]
      let middle: UInt64 = try gate["offset_middle"]
      let high: UInt64 = try gate["offset_high"]
      value = low | middle << 16 | high << 32
    }
    return value == 0 ? [] : [RegisteredWord(place: gate.address, value: value, field: gate.type.name, isGate: true)]
  }

  static let taskState = "x86_hw_tss"

  private static func target(ofSegment segment: KernelObject) throws(CannotCheck) -> UInt64 {
    let bits = try segment.snapshot.load(UInt64.self, at: segment.address)
    // Present, and no segment of code or data.
    guard bits & 1 << 47 != 0, bits & 1 << 44 == 0 else { return 0 }
    switch (bits >> 40) & 0xf {
    // A local table, which programs fill.
    case 2: return 0
    case 9, 11: return try (bits >> 16) & 0xff_ffff | (bits >> 56) << 24 | above(segment)
    default: return try bits & 0xffff | (bits >> 48) << 16 | above(segment)
    }
  }

  /// The upper half of an address stands in the next place of the table.
  private static func above(_ segment: KernelObject) throws(CannotCheck) -> UInt64 {
    try UInt64(segment.snapshot.load(UInt32.self, at: segment.address &+ 8)) << 32
  }

  /// Whether the kernel itself sets a gate to an address.
  ///
  /// Gates lead to the code that interrupts enter by: to functions there, and to one stub for each vector behind another, at least
  /// eight bytes each. Those of vectors that are never taken still lead to where they led while the kernel booted, into code that
  /// was freed: `early_idt_handler_array`, with stubs of 9 bytes, or of 13 with CONFIG_X86_KERNEL_IBT.
  ///
  /// Source: `irq_entries_start`, `spurious_entries_start`, IDT_ALIGN, EARLY_IDT_HANDLER_SIZE, arch/x86/include/asm/idtentry.h and
  /// segment.h (Linux v5.10 to v7.2).
  ///
  /// Among segments, its own and those that programs make with modify_ldt, the kernel has no gates, and one task state, its processor's own, which processors see at another address:
  /// `cpu_tss_rw`, in arch/x86/kernel/process.c.
  package static func isGateTarget(_ gate: RegisteredWord, _ symbols: SymbolIndex, _ mappings: any KernelMappings)
    -> Bool
  {
    guard gate.field != "desc_struct" else { return isTaskState(gate, symbols, mappings) }
    guard !gate.field.hasPrefix(taskState) else { return TaskStateStacks.isOwn(gate, symbols, mappings) }
    let address = gate.value
    if let stubs = symbols["early_idt_handler_array"], address >= stubs {
      let distance = address - stubs
      if [9, 13].contains(where: { distance % $0 == 0 && distance / $0 < 32 }) { return true }
    }
    guard let start = symbols["__entry_text_start"], let end = symbols["__entry_text_end"], start <= address,
      address < end
    else { return false }
    return symbols.isFunctionStart(address)
      || ["irq_entries_start", "spurious_entries_start"].contains { name in
        guard let code = symbols.code(of: name), code.contains(address) else { return false }
        return (address - code.lowerBound) % 8 == 0
      }
  }

  private static func isTaskState(
    _ segment: RegisteredWord, _ symbols: SymbolIndex, _ mappings: any KernelMappings
  ) -> Bool {
    guard let table = symbols["gdt_page"], let state = symbols["cpu_tss_rw"] else { return false }
    let seen = KernelAddress(segment.value)
    // A table begins with its page.
    let own = KernelAddress(pageStart(segment.place) &- table &+ state)
    switch (mappings.mapping(of: seen), mappings.mapping(of: own)) {
    case (.mapped(let seenPage), .mapped(let ownPage)):
      return seenPage.physicalAddress(of: seen) == ownPage.physicalAddress(of: own)
    case (.unmapped, _), (_, .unmapped): return false
    // What cannot be told is no finding.
    default: return true
    }
  }
}

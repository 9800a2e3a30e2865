package import KernelModel

extension X86_64 {
  /// Source: `idt_table` in arch/x86/kernel/idt.c, `struct gate_struct` in arch/x86/include/asm/desc_defs.h; `sysvec_table` in
  /// arch/x86/entry/entry_fred.c (Linux v6.9 to v7.2).
  package static var registeredRows: [RegisteredRow] {
    [
      RegisteredRow("interrupt gates", [.array("idt_table", of: "gate_struct", count: .atMost(256))], reads: .gate),
      RegisteredRow("system vectors", [.words("sysvec_table", count: 32)], reads: .word),
    ]
  }

  /// Source: gate_offset(), arch/x86/include/asm/desc_defs.h (Linux v5.10 to v7.2).
  package static func target(ofGate gate: KernelObject) throws(CannotCheck) -> UInt64 {
    let low: UInt64 = try gate["offset_low"]
    let middle: UInt64 = try gate["offset_middle"]
    let high: UInt64 = try gate["offset_high"]
    return low | middle << 16 | high << 32
  }

  /// Whether the kernel itself sets a gate to an address.
  ///
  /// Gates lead to the code that interrupts enter by: to functions there, and to one stub for each vector behind another, at least
  /// eight bytes each. Those of vectors that are never taken still lead to where they led while the kernel booted, into code that
  /// was freed: `early_idt_handler_array`, with stubs of 9 bytes, or of 13 with CONFIG_X86_KERNEL_IBT.
  ///
  /// Source: `irq_entries_start`, `spurious_entries_start`, IDT_ALIGN, EARLY_IDT_HANDLER_SIZE, arch/x86/include/asm/idtentry.h and
  /// segment.h (Linux v5.10 to v7.2).
  package static func isGateTarget(_ address: UInt64, _ symbols: SymbolIndex) -> Bool {
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
}

internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Calls through `pv_ops`, as they were patched up to v6.6: later they are alternatives.
///
/// Source: apply_paravirt() in arch/x86/kernel/alternative.c and paravirt_patch() in arch/x86/kernel/paravirt.c (Linux
/// 6.1.192); native_patch() in arch/x86/kernel/paravirt_patch.c (Linux 5.10.262).
struct ParavirtPatches {
  let facts: KernelFacts
  let tables: PatchTables
  /// Instructions that stand for native operations, by number in `pv_ops`; empty where the kernel has none.
  private let native: [Int: [UInt8]]
  private let jumpNumber: Int?
  private let isOld: Bool

  init(facts: KernelFacts, tables: PatchTables) {
    self.facts = facts
    self.tables = tables
    isOld = facts.symbols["native_patch"] != nil
    func number(_ member: String) -> Int? {
      facts.structure("paravirt_patch_template")?.member(member).map { $0.byteOffset / 8 }
    }
    var native: [Int: [UInt8]] = [:]
    if isOld, let operations = facts.symbols["pv_ops"] {
      for (member, code) in Self.templates {
        if let number = number(member) { native[number] = code }
      }
      // These two only while the operation itself is the native one.
      for (member, symbol, code) in Self.conditionalTemplates {
        guard let number = number(member), let function = facts.symbols[symbol],
          facts.live.value(UInt64.self, at: operations &+ UInt64(number) * 8) == function
        else { continue }
        native[number] = code
      }
    }
    self.native = native
    jumpNumber = isOld ? number("cpu.iret") : nil
  }

  /// patch_data_xxl of arch/x86/kernel/paravirt_patch.c (Linux 5.10.262).
  private static let templates: [(String, [UInt8])] = [
    ("irq.restore_fl", [0x57, 0x9d]), ("irq.save_fl", [0x9c, 0x58]), ("irq.irq_enable", [0xfb]),
    ("irq.irq_disable", [0xfa]), ("mmu.read_cr2", [0x0f, 0x20, 0xd0]), ("mmu.read_cr3", [0x0f, 0x20, 0xd8]),
    ("mmu.write_cr3", [0x0f, 0x22, 0xdf]), ("cpu.wbinvd", [0x0f, 0x09]),
  ]

  private static let conditionalTemplates: [(String, String, [UInt8])] = [
    ("lock.queued_spin_unlock", "__raw_callee_save___native_queued_spin_unlock", [0xc6, 0x07, 0x00]),
    ("lock.vcpu_is_preempted", "__raw_callee_save___native_vcpu_is_preempted", [0x31, 0xc0]),
  ]

  func apply(to recreation: Recreation, offset: UInt64) {
    guard let operations = facts.symbols["pv_ops"] else { return }
    let table = tables.paravirt
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 16)
    defer { buffer.deallocate() }
    var place = 0
    while place + 10 <= table.bytes.count {
      let address = table.bytes.value(UInt64.self, at: place) &+ offset
      let number = Int(table.bytes[place + 8])
      let byteCount = Int(table.bytes[place + 9])
      place += 16
      guard byteCount > 0, let site = recreation.image.pointer(at: address, count: byteCount),
        let function = facts.live.value(UInt64.self, at: operations &+ UInt64(number) * 8)
      else { continue }
      let code = code(number: number, function: function, at: address)
      guard code.count <= byteCount else { continue }
      code.withBytes { buffer.copyMemory(from: $0, byteCount: code.count) }
      facts.nops.chain(buffer + code.count, count: byteCount - code.count)
      recreation.write(
        .paravirt, at: address, site, buffer, count: byteCount,
        "entry \(number) of pv_ops is \(facts.ownership.words(for: function))")
    }
  }

  private func code(number: Int, function: UInt64, at address: UInt64) -> PatchBytes {
    if let template = native[number] { return PatchBytes(template) }
    var code = PatchBytes()
    if function == 0 {
      guard !isOld, let bug = facts.symbols["paravirt_BUG"] else { return PatchBytes([0x0f, 0x0b]) }
      code.append(0xe8)
      code.appendDistance(from: address &+ 5, to: bug)
      return code
    }
    if function == facts.symbols["_paravirt_nop"] { return code }
    if isOld, function == facts.symbols["_paravirt_ident_64"] { return PatchBytes([0x48, 0x89, 0xf8]) }
    code.append(number == jumpNumber ? 0xe9 : 0xe8)
    code.appendDistance(from: address &+ 5, to: function)
    return code
  }
}

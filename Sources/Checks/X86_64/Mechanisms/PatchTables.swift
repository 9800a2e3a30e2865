internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The tables of one object: the kernel, or a module.
///
/// Sections by the names that arch/x86/kernel/vmlinux.lds.S and module.c use (Linux v5.10 to v7.2).
struct PatchTables: ObjectPatchTables {
  var paravirt = PatchTable.empty
  var retpolines = PatchTable.empty
  var returns = PatchTable.empty
  var calls = PatchTable.empty
  /// Where ``calls`` are tracked; nil is everywhere.
  ///
  /// The kernel leaves those in replacements of its alternatives alone.
  var callRange: Range<UInt64>?
  var alternatives = PatchTable.empty
  /// Bytes of one entry of ``alternatives``: 12, or 14 since Linux kernel commit 5d1dd961e743 ("x86/alternatives: Add
  /// alt_instr.flags") (in v6.3).
  var alternativeByteCount = 12
  var endbrSeals = PatchTable.empty
  /// What lies before functions that may be called indirectly: `__cfi_NAME`.
  var cfi = PatchTable.empty
  var smpLocks = PatchTable.empty
  /// Where ``smpLocks`` are dropped; nil is everywhere.
  var lockRange: Range<UInt64>?
  var jumpLabels = PatchTable.empty
  var staticCalls = PatchTable.empty
  /// Absolute addresses, 8 bytes each, not yet moved.
  var functionEntries = PatchTable.empty
  /// Sections `runtime_ptr_X` and `runtime_shift_X`, with X.
  var runtimePointers: [(variable: String, table: PatchTable)] = []
  var runtimeShifts: [(variable: String, table: PatchTable)] = []

  /// Works out the size of an alternative's entry: the one by which every entry speaks of features that there are and
  /// of sites as long as their replacements.
  mutating func measureAlternatives() {
    alternativeByteCount = [14, 12].first { isPlausible(alternativeByteCount: $0) } ?? 12
  }

  private func isPlausible(alternativeByteCount size: Int) -> Bool {
    guard !alternatives.bytes.isEmpty, alternatives.bytes.count.isMultiple(of: size) else { return false }
    for index in 0..<min(alternatives.entryCount(of: size), 64) {
      let offset = index * size
      let feature = alternatives.bytes.value(UInt16.self, at: offset + 8)
      let flags = size == 14 ? alternatives.bytes.value(UInt16.self, at: offset + 10) : 0
      let length = alternatives.bytes[offset + size - 2]
      let replacement = alternatives.bytes[offset + size - 1]
      let number = size == 12 ? feature & 0x7fff : feature
      guard number < 2048, flags < 16, length > 0, replacement <= length else { return false }
    }
    return true
  }
}

extension PatchTables {
  /// The tables that are sections of their own, in the kernel's file and in a module's alike.
  ///
  /// - Parameter table: gives the section of a name, or an empty table.
  init(sections table: (String) -> PatchTable) {
    self.init()
    paravirt = table(".parainstructions")
    retpolines = table(".retpoline_sites")
    returns = table(".return_sites")
    calls = table(".call_sites")
    alternatives = table(".altinstructions")
    endbrSeals = table(".ibt_endbr_seal")
    cfi = table(".cfi_sites")
    smpLocks = table(".smp_locks")
  }
}

extension PatchTables {
  private static func variable(of section: String) -> String? {
    for prefix in ["runtime_ptr_", "runtime_shift_"] where section.hasPrefix(prefix) {
      return String(section.dropFirst(prefix.count))
    }
    return nil
  }

  init(ofKernel object: VendorObject, offset: UInt64, symbols: SymbolIndex, text: Range<UInt64>) {
    func table(_ section: VendorObject.Section) -> PatchTable {
      PatchTable(bytes: object.bytes(of: section), address: section.address &+ offset)
    }
    func table(_ name: String) -> PatchTable { object.section(named: name).map(table) ?? .empty }
    /// The bytes between two symbols, which lie in one section.
    func table(from first: String, to last: String) -> PatchTable {
      guard let start = symbols[first].map({ $0 &- offset }), let end = symbols[last].map({ $0 &- offset }),
        start <= end,
        let section = object.sections.first(where: { section in
          start >= section.address && end &- section.address <= UInt64(section.fileRange.count)
            && start &- section.address <= UInt64(section.fileRange.count) && section.isAllocated
        })
      else { return .empty }
      let bytes = object.bytes(of: section)
      return PatchTable(
        bytes: UnsafeRawBufferPointer(rebasing: bytes[Int(start - section.address)..<Int(end - section.address)]),
        address: start &+ offset)
    }
    self.init(sections: table)
    callRange = text
    jumpLabels = table(from: "__start___jump_table", to: "__stop___jump_table")
    staticCalls = table(from: "__start_static_call_sites", to: "__stop_static_call_sites")
    functionEntries = table(from: "__start_mcount_loc", to: "__stop_mcount_loc")
    for section in object.sections {
      guard let variable = Self.variable(of: section.name) else { continue }
      if section.name.hasPrefix("runtime_ptr_") {
        runtimePointers.append((variable, table(section)))
      } else {
        runtimeShifts.append((variable, table(section)))
      }
    }
    measureAlternatives()
  }

  /// The module's own tables, at their live addresses; what is relocated in them is.
  init(of placement: ModulePlacement, image: TextImage, facts: KernelFacts) {
    func table(_ name: String) -> PatchTable {
      guard let index = placement.object.sections.firstIndex(where: { $0.name == name }),
        let address = placement.addresses[index],
        let bytes = image.pointer(at: address, count: Int(clamping: placement.object.sections[index].byteCount))
      else { return .empty }
      return PatchTable(
        bytes: UnsafeRawBufferPointer(start: bytes, count: Int(placement.object.sections[index].byteCount)),
        address: address)
    }
    self.init(sections: table)
    alternativeByteCount = facts.alternativeByteCount
    lockRange = Self.lockRange(of: placement)
    jumpLabels = table("__jump_table")
    staticCalls = table(".static_call_sites")
    functionEntries = table("__mcount_loc")
  }

  /// Where a module's locks are dropped: up to v6.3 in its section `.text` alone, since then in all its code.
  ///
  /// Source: module_finalize() in arch/x86/kernel/module.c (Linux 6.1.192, v6.12).
  private static func lockRange(of placement: ModulePlacement) -> Range<UInt64>? {
    guard placement.isOneArea else { return nil }
    guard let index = placement.object.sections.firstIndex(where: { $0.name == ".text" }),
      let start = placement.addresses[index]
    else { return 0..<0 }
    return start..<start &+ placement.object.sections[index].byteCount
  }
}

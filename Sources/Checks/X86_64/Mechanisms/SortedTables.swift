internal import KernelModel
internal import KernelObjects

/// The tables of static keys and static calls in memory: the kernel sorts them while it boots, so they are compared as
/// sets.
///
/// Who adds an entry has the kernel itself patch code for him, later. Source: jump_label_init() in kernel/jump_label.c,
/// static_call_init() in kernel/static_call_inline.c (Linux v5.10 to v7.2).
struct SortedTables {
  /// What is wrong, a violation for each table.
  private(set) var violations: [PatchViolation] = []
  /// Bytes compared.
  private(set) var byteCount: UInt64 = 0

  private struct Entry: Hashable, Comparable {
    var site: UInt64
    var target: UInt64
    var key: UInt64

    /// A number whose sum over a set tells whether the set is another, whatever its order: 64 bits, mixed thoroughly.
    var mixed: UInt64 {
      var value = site &* 0x9e37_79b9_7f4a_7c15
      value = (value ^ value >> 29 ^ target) &* 0xbf58_476d_1ce4_e5b9
      value = (value ^ value >> 29 ^ key) &* 0xbf58_476d_1ce4_e5b9
      return (value ^ value >> 32) &* 0x94d0_49bb_1331_11eb
    }

    static func < (left: Self, right: Self) -> Bool {
      (left.site, left.key, left.target) < (right.site, right.key, right.target)
    }
  }

  init(facts: KernelFacts, tables: PatchTables) throws(CannotCheck) {
    try compare(tables.jumpLabels, mechanism: .jumpLabel, subject: "the table of static keys", facts) { table, index in
      let offset = index * JumpLabelPatches.entryByteCount
      // Bit 1 of the key says that the site was in code of the initialisation.
      return Entry(
        site: table.target(at: offset), target: table.target(at: offset + 4), key: table.wideTarget(at: offset + 8) & ~2
      )
    }
    try compare(tables.staticCalls, mechanism: .staticCall, subject: "the table of static calls", facts) {
      table, index in
      let offset = index * StaticCallPatches.entryByteCount
      return Entry(site: table.target(at: offset), target: 0, key: table.target(at: offset + 4) & ~2)
    }
  }

  private mutating func compare(
    _ table: PatchTable, mechanism: X86_64.Mechanism, subject: String, _ facts: KernelFacts,
    _ entry: (PatchTable, Int) -> Entry
  ) throws(CannotCheck) {
    let size = mechanism == .jumpLabel ? JumpLabelPatches.entryByteCount : StaticCallPatches.entryByteCount
    guard table.entryCount(of: size) > 0 else { return }
    let memory = try facts.reader.bytes(at: table.address, count: table.bytes.count)
    byteCount += UInt64(memory.count)
    let isEqual = memory.withUnsafeBytes { raw in
      let live = PatchTable(bytes: raw, address: table.address)
      var difference: UInt64 = 0
      for index in 0..<table.entryCount(of: size) {
        difference = difference &+ entry(table, index).mixed &- entry(live, index).mixed
      }
      return difference == 0
    }
    guard !isEqual else { return }
    let expected = (0..<table.entryCount(of: size)).map { entry(table, $0) }.sorted()
    let observed = memory.withUnsafeBytes { raw in
      let live = PatchTable(bytes: raw, address: table.address)
      return (0..<live.entryCount(of: size)).map { entry(live, $0) }.sorted()
    }
    guard expected != observed else { return }
    let added = Set(observed).subtracting(expected).sorted()
    let missing = Set(expected).subtracting(observed)
    violations.append(
      PatchViolation(
        mechanism: mechanism, subject: subject,
        message: "does not hold the vendor's entries: \(added.count) are strange, \(missing.count) are missing",
        expected: "the vendor's \(expected.count) entries, in any order",
        observed: added.first.map { "an entry for \(facts.ownership.value(of: $0.site))" } ?? "fewer entries",
        target: added.first { !facts.text.contains($0.target) && $0.target != 0 }?.target))
  }
}

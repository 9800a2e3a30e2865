internal import KernelModel
internal import KernelObjects

/// The tables by which the kernel finds its way up a stack: its own, and those of loaded modules.
///
/// Source: arch/x86/kernel/unwind_orc.c (Linux v5.10 to v7.2). A table is two: places in the code, sorted, each as a distance
/// from where it stands, and an entry for each, which holds up to the next.
struct OrcTable {
  /// The table of some code.
  private struct Part {
    var code: Range<UInt64>
    /// Of the places, four bytes each.
    var places: UInt64
    var entries: UInt64
    var count: UInt64
  }

  private let reader: Snapshot
  private let layout: OrcLayout
  private var parts: [Part] = []

  /// A kernel has some 500 000 entries.
  private static let mostEntries: UInt64 = 1 << 24

  /// - Throws: if the kernel has no such table of its own.
  init(_ reader: Snapshot) throws(CannotCheck) {
    self.reader = reader
    func symbol(_ name: String) throws(CannotCheck) -> UInt64 {
      guard let address = reader.symbols[name] else { throw .symbolMissing(name) }
      return address
    }
    let places = try symbol("__start_orc_unwind_ip")
    let endOfPlaces = try symbol("__stop_orc_unwind_ip")
    let entries = try symbol("__start_orc_unwind")
    let endOfEntries = try symbol("__stop_orc_unwind")
    guard places < endOfPlaces, entries < endOfEntries, (endOfPlaces - places) / 4 <= Self.mostEntries else {
      throw .implausible("the kernel's ORC table", "has no entry, or no end")
    }
    layout = try OrcLayout(reader, table: entries..<endOfEntries)
    let count = min((endOfPlaces - places) / 4, (endOfEntries - entries) / UInt64(layout.byteCount))
    for (start, end) in [("_stext", "_etext"), ("_sinittext", "_einittext")] {
      guard let start = reader.symbols[start], let end = reader.symbols[end], start < end else { continue }
      parts.append(Part(code: start..<end, places: places, entries: entries, count: count))
    }
    // A list that cannot be read leaves the modules' code without tables, and frames there are guessed, and flagged.
    for module in (try? LiveModules(reader))?.modules ?? [] { add(module) }
  }

  /// Source: `struct mod_arch_specific`, arch/x86/include/asm/module.h (Linux v5.10 to v7.2).
  private mutating func add(_ module: LiveModule) {
    func member(_ name: String) -> UInt64? {
      reader.types.offsetIfAny(of: "arch.\(name)", in: "module").map { module.structure &+ $0 }
    }
    guard let places = member("orc_unwind_ip").flatMap({ reader.word(at: $0) }), places != 0,
      let entries = member("orc_unwind").flatMap({ reader.word(at: $0) }), entries != 0,
      let count = member("num_orcs").flatMap({ reader.live.value(UInt32.self, at: $0) }), count > 0,
      UInt64(count) <= Self.mostEntries
    else { return }
    for code in module.executable {
      parts.append(Part(code: code, places: places, entries: entries, count: UInt64(count)))
    }
  }

  /// The entry for the instruction at `address`, or nil if no table tells of it.
  func entry(for address: UInt64) -> OrcEntry? {
    guard let part = parts.first(where: { $0.code.contains(address) }) else { return nil }
    // Of several entries for one place the last counts: the others end a section.
    var low: UInt64 = 0
    var high = part.count
    while low < high {
      let middle = low + (high - low) / 2
      let place = part.places &+ middle * 4
      guard let distance = reader.live.value(Int32.self, at: place) else { return nil }
      if place &+ UInt64(bitPattern: Int64(distance)) <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    return layout.entry(at: part.entries &+ (low - 1) * UInt64(layout.byteCount))
  }
}

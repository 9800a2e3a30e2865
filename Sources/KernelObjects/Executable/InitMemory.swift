internal import KernelModel

/// The memory of code that modules began with, on its way back: no module names it any more, and it may still be executed.
///
/// do_init_module() takes it from the module and puts a `struct mod_initfree` on `init_free_list`. do_free_init(), which a
/// workqueue runs, takes the whole list, waits for a grace period, and then frees it: for that time, which is most of all of it,
/// nothing but the stack of that worker leads to the records.
///
/// Source: kernel/module.c (Linux v5.10), kernel/module/main.c (v6.1 to v7.2); `struct execmem_cache`, mm/execmem.c (v7.2), which gives
/// modules parts of a large area.
struct InitMemory {
  /// Each as it was allocated.
  private(set) var ranges: [Range<UInt64>] = []

  private static let record = "mod_initfree"
  /// More modules than are loaded in one grace period.
  private static let most = 4096

  init(_ reader: Snapshot, _ known: VmallocAreas) throws(CannotCheck) {
    guard let list = reader.symbols["init_free_list"], reader.types.structure(Self.record) != nil else { return }
    // One area for all of it up to v6.3, one of its own for code since.
    let name = reader.types.offsetIfAny(of: "init_text", in: Self.record) == nil ? "module_init" : "init_text"
    let start = try reader.offset(name, in: Self.record)
    let node = try reader.offset("node", in: Self.record)
    // Whatever lies on a stack is tried: what cannot be read there is no obstacle to anything else.
    let stray = reader.reading(reader.live.memory)

    var seen: Set<UInt64> = []
    let parts = Self.partsOfAreas(reader)
    /// What was allocated at an address; nil if nothing was.
    func allocation(at base: UInt64) -> Range<UInt64>? {
      guard let area = known.area(at: base)?.range else { return nil }
      return area.lowerBound == base ? area : parts[base].flatMap { $0 <= area.upperBound ? base..<$0 : nil }
    }
    /// The memory of the records from one on, each once, for as long as they name what was allocated.
    func follow(_ first: UInt64) {
      var next = first
      while ranges.count < Self.most {
        guard KernelAddress(next).isInKernelHalf, next & 7 == 0, seen.insert(next).inserted,
          let base = stray.word(at: next &- node &+ start), let range = allocation(at: base),
          let following = stray.word(at: next)
        else { return }
        ranges.append(range)
        next = following
      }
    }

    if let first = reader.word(at: list) { follow(first) }
    guard let work = reader.symbols["init_free_wq"] else { return }
    for task in try Tasks(stray).workers(running: work) {
      guard let stack = try? KernelTask(task).stack else { continue }
      for offset in stride(from: 0, to: stack.byteCount, by: 8) {
        if let word = stray.word(at: stack.start.rawValue &+ offset) { follow(word) }
      }
    }
  }

  /// Where each part of the kernel's large executable areas ends that was given to somebody, by where it begins; none on kernels without
  /// such areas.
  private static func partsOfAreas(_ reader: Snapshot) -> [UInt64: UInt64] {
    do throws(CannotCheck) {
      guard let cache = reader.symbols["execmem_cache"],
        let offset = reader.types.offsetIfAny(of: "busy_areas", in: "execmem_cache")
      else { return [:] }
      let parts = try MapleTree(reader.object("maple_tree", at: cache &+ offset), limit: 1 << 16).whole()
      return Dictionary(parts.map { ($0.first, $0.last &+ 1) }) { first, _ in first }
    } catch {
      return [:]  // then nothing is excused
    }
  }
}

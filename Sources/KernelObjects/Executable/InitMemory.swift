internal import KernelModel

/// The memory of code that modules began with, on its way back: no module names it any more, and it may still be executed.
///
/// do_init_module() takes it from the module and puts a `struct mod_initfree` on `init_free_list`. do_free_init(), which a
/// workqueue runs, takes the whole list, waits for a grace period, and then frees it: for that time, which is most of all of it,
/// nothing but the stack of that worker leads to the records.
///
/// Source: kernel/module.c (Linux v5.10), kernel/module/main.c (v6.1 to v7.2).
struct InitMemory {
  /// Each as it was allocated.
  private(set) var areas: [VmallocAreas.Area] = []

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
    /// The areas of the records from one on, each once, for as long as they name whole areas.
    func follow(_ first: UInt64) {
      var next = first
      while areas.count < Self.most {
        guard KernelAddress(next).isInKernelHalf, next & 7 == 0, seen.insert(next).inserted,
          let base = stray.word(at: next &- node &+ start), let area = known.area(at: base),
          area.range.lowerBound == base, let following = stray.word(at: next)
        else { return }
        areas.append(area)
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
}

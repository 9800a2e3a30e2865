internal import KernelModel
internal import KernelObjects

/// The code that the function tracer has records of, outside of the kernel's own: whoever is on a list or not, the tracer
/// noted where its functions begin when it was loaded.
struct TracedCode {
  /// Pages with such functions, lowest first.
  private(set) var pages: [Range<UInt64>] = []
  /// Why nothing can be said; nil if it can.
  private(set) var unread: String?
  private var entries: [UInt64] = []

  init(_ reader: Snapshot) throws(CannotCheck) {
    guard reader.symbols["ftrace_pages_start"] != nil, let start = reader.symbols["_text"],
      let end = reader.symbols["_end"]
    else {
      unread = "this kernel names no ftrace_pages_start"
      return
    }
    // After a fault of its own the tracer takes no new modules: ftrace_module_init() in kernel/trace/ftrace.c (v6.12).
    if try reader.value(Int32.self, of: "ftrace_disabled") ?? 0 != 0 {
      unread = "the function tracer has switched itself off"
      return
    }
    let state: FtraceState
    do throws(CannotCheck) {
      state = try FtraceState(reader)
    } catch {
      guard reader.types.lacksOthers, error.isOfTypes else { throw error }
      unread = reader.types.words(for: error)
      return
    }
    var found: [UInt64] = []
    try state.forEachRecord(reader) { address, _ in
      if address < start || address >= end, address >> 63 == 1 { found.append(address) }
    }
    entries = found.sorted()
    for entry in entries {
      let page = Machine.pageStart(entry)
      // The last page of all has no end; a record may claim anything.
      guard page <= .max - Machine.pageSize else { continue }
      if pages.last?.lowerBound != page { pages.append(page..<page + Machine.pageSize) }
    }
  }

  /// Whether a function in `range` is known to the tracer.
  func hasCode(in range: Range<UInt64>) -> Bool {
    let index = entries.partitionPoint { $0 >= range.lowerBound }
    return index < entries.count && entries[index] < range.upperBound
  }
}

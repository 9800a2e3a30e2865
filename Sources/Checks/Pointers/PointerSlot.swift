internal import KernelModel

/// A word of memory that may change, and that the file makes lead to code: to a function, or to a constant table that holds
/// functions.
struct PointerSlot: Hashable {
  var address: UInt64
  /// Where the file makes it lead, as a live address.
  var target: UInt64
  var kind: Kind
  /// The variable's own address where each processor has its own copy of it: `address` is one processor's.
  var variable: UInt64?

  enum Kind {
    case function
    case table
    /// A static call's key: the kernel's own code is patched by it.
    case key
    /// Another that the kernel's own code is patched by.
    case followed
    /// Whose code it leads to is another check's question: the function tracer's words, which lead to a function that does nothing
    /// while nobody is called (`ftrace`), and keys of a module's own static calls (`module-text`).
    case judgedElsewhere
  }
}

/// Constant tables that hold functions, by address: what an object is operated with.
struct PointerTables {
  /// A word of a table, and the function that the file makes it lead to, as live addresses.
  struct Entry {
    var place: UInt64
    var function: UInt64
  }

  /// Lowest place first.
  private var entries: [Entry] = []
  /// Where each table starts, and its first entry.
  private var tables: [(start: UInt64, first: Int)] = []

  init() {}

  /// - Parameters:
  ///   - entries: all of them, in any order.
  ///   - object: the object that a place lies in; nil if that is not known.
  init(_ unsorted: [Entry], object: (UInt64) -> Range<UInt64>?) {
    entries = unsorted.sorted { $0.place < $1.place }
    var end: UInt64 = 0
    for (index, entry) in entries.enumerated() where entry.place >= end {
      let range = object(entry.place) ?? entry.place..<entry.place &+ 8
      tables.append((start: range.lowerBound, first: index))
      end = range.upperBound
    }
  }

  /// The entries at or behind `address`, of the table that it lies in; none if that is no table.
  ///
  /// What lies behind the last function of a table is taken for something else: text has no symbol of its own.
  subscript(address: UInt64) -> ArraySlice<Entry> {
    let next = tables.partitionPoint { $0.start > address }
    guard next > 0 else { return [] }
    let end = next < tables.count ? tables[next].first : entries.count
    let own = entries[tables[next - 1].first..<end]
    guard let last = own.last, last.place >= address else { return [] }
    return own.drop { $0.place < address }
  }

  func has(_ address: UInt64) -> Bool {
    let next = tables.partitionPoint { $0.start > address }
    guard next > 0 else { return false }
    return entries[(next < tables.count ? tables[next].first : entries.count) - 1].place >= address
  }

  /// Where each of them starts.
  var starts: [UInt64] { tables.map(\.start) }
}

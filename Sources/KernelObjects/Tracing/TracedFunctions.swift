package import KernelModel

/// Whose calls a user of the function tracer asked for.
///
/// Source: `struct ftrace_ops_hash`, `struct ftrace_hash`, `struct ftrace_func_entry` in include/linux/ftrace.h and
/// kernel/trace/trace.h; ftrace_ops_test() in kernel/trace/ftrace.c (Linux v5.10 to v7.2).
package enum TracedFunctions: Hashable {
  /// The tracer's places in these functions.
  case these([UInt64])
  /// All that can be traced, but those.
  case all(except: [UInt64])
  /// The kernel does not say how it keeps them.
  case unknown

  /// Functions believed in one table; a kernel with all its modules has a hundred thousand.
  private static let most = 1 << 18

  /// - Parameter filter: the address of a `struct ftrace_ops_hash`.
  package init(_ filter: UInt64, _ reader: Snapshot) throws(CannotCheck) {
    guard filter != 0, reader.types.structure("ftrace_ops_hash") != nil, reader.types.structure("ftrace_hash") != nil
    else {
      self = .unknown
      return
    }
    let tables = try reader.object("ftrace_ops_hash", at: filter)
    func functions(_ member: String) throws(CannotCheck) -> [UInt64] {
      try Self.entries(at: tables[member], reader).map(\.function)
    }
    let wanted = try functions("filter_hash")
    let unwanted = Set(try functions("notrace_hash"))
    let wantsAll = wanted.isEmpty ? try !Self.waitsForModules(at: tables["filter_hash"], reader) : false
    self = wantsAll ? .all(except: unwanted.sorted()) : .these(wanted.filter { !unwanted.contains($0) }.sorted())
  }

  /// Whether an empty table (`struct ftrace_hash`) stands for functions of modules that are not loaded yet, and not for all.
  ///
  /// Source: FTRACE_HASH_FL_MOD, ftrace_hash_empty() in kernel/trace/trace.h and ftrace.c (Linux v5.10 to v7.2).
  private static func waitsForModules(at address: UInt64, _ reader: Snapshot) throws(CannotCheck) -> Bool {
    guard address != 0 else { return false }
    let flags: UInt64? = try reader.object("ftrace_hash", at: address).valueIfAny("flags")
    return (flags ?? 0) & 1 != 0
  }

  /// The functions in the table (`struct ftrace_hash`) at `address`, and what each calls directly.
  package static func entries(
    at address: UInt64, _ reader: Snapshot
  ) throws(CannotCheck) -> [(function: UInt64, direct: UInt64)] {
    guard address != 0 else { return [] }
    let hash = try reader.object("ftrace_hash", at: address)
    let bits: UInt64 = try hash["size_bits"] & 0xff
    let table: UInt64 = try hash["buckets"]
    guard table != 0 else { return [] }
    guard bits <= 16 else { throw .torn("ftrace_hash", "has 2^\(bits) buckets") }
    return try reader.hashTable(
      at: table, count: 1 << bits, linkedBy: "hlist", of: "ftrace_func_entry", limit: most
    ).whole().map { entry throws(CannotCheck) in
      (try entry["ip"], try entry.valueIfAny("direct") ?? 0)
    }
  }
}

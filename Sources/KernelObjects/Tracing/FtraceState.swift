internal import KernelFormats
package import KernelModel

/// What the running kernel's function tracer holds: its operations, their trampolines, and the direct calls.
///
/// Source: include/linux/ftrace.h, kernel/trace/ftrace.c (Linux v5.10 to v7.2).
package struct FtraceState {
  /// One registered user of the tracer, or one that was registered and whose trampoline is still there.
  package struct Operations {
    package var address: UInt64
    /// Whether it is on the tracer's list.
    package var isRegistered: Bool
    package var function: UInt64
    /// What the user gave for ``function``, where the kernel put a filter by process in its place.
    package var savedFunction: UInt64
    package var flags: UInt64
    package var trampoline: UInt64
    package var trampolineByteCount: UInt64
    /// Of the kernel's `struct ftrace_ops_hash`: whose calls it asks for.
    package var filter: UInt64
    /// The code that its functions call directly; 0 where the kernel keeps it in `direct_functions` only, as v6.1 does.
    package var directCall: UInt64

    /// FTRACE_OPS_FL_ENABLED: the records count it.
    package var isEnabled: Bool { flags & 1 != 0 }
    /// FTRACE_OPS_FL_SAVE_REGS.
    package var savesRegisters: Bool { flags & 1 << 2 != 0 }
    /// FTRACE_OPS_FL_IPMODIFY: it says where its functions' callers go on.
    package var modifiesAddress: Bool { flags & 1 << 12 != 0 }
    /// FTRACE_OPS_FL_DIRECT: its functions call code directly.
    package var isDirect: Bool { flags & 1 << 17 != 0 }
    /// FTRACE_OPS_FL_ALLOC_TRAMP.
    package var ownsTrampoline: Bool { flags & 1 << 11 != 0 }

    /// - Parameter operations: the kernel's `struct ftrace_ops`.
    init(_ operations: KernelObject, isRegistered: Bool) throws(CannotCheck) {
      address = operations.address
      self.isRegistered = isRegistered
      function = try operations["func"]
      savedFunction = try operations.valueIfAny("saved_func") ?? 0
      flags = try operations["flags"]
      trampoline = try operations["trampoline"]
      trampolineByteCount = try operations["trampoline_size"]
      filter = try operations.valueIfAny("func_hash") ?? 0
      directCall = try operations.valueIfAny("direct_call") ?? 0
    }
  }

  /// The kernel's record of one function entry: who is called there.
  ///
  /// Source: `struct dyn_ftrace`, FTRACE_FL_* in include/linux/ftrace.h (Linux v5.10 to v7.2).
  package struct Record: Hashable {
    /// The tracer's place in the function.
    package var function: UInt64
    package var flags: UInt64

    package init(function: UInt64, flags: UInt64) {
      self.function = function
      self.flags = flags
    }

    /// How many users ask for the function; the count is 19 bits wide at least, and no kernel has that many users.
    package var userCount: Int { Int(flags & 0xffff) }
    /// FTRACE_FL_IPMODIFY: one of them says where the function's callers go on.
    package var modifiesAddress: Bool { flags & 1 << 26 != 0 }
    /// FTRACE_FL_DISABLED: it counts nobody, as that of a module being loaded, or of a function that another took the place of.
    package var isOutOfUse: Bool { flags & 1 << 25 != 0 }
    /// FTRACE_FL_ENABLED: the function is patched.
    package var isEnabled: Bool { flags & 1 << 31 != 0 }
  }

  /// The kernel's record of one function entry, as its flags say it is patched.
  package enum Entry {
    case untouched
    /// A call of the common entry code.
    case common(savesRegisters: Bool)
    /// A call of the trampoline of the one user of this function.
    case trampoline
    /// A call, or a jump, straight to somebody's code.
    case direct

    /// Source: FTRACE_FL_* in include/linux/ftrace.h (Linux v7.2).
    package init(flags: UInt64) {
      if flags & 1 << 31 == 0 {
        self = .untouched
      } else if flags & 1 << 23 != 0 {
        self = .direct
      } else if flags & 1 << 27 != 0 {
        self = .trampoline
      } else {
        self = .common(savesRegisters: flags & 1 << 29 != 0)
      }
    }
  }

  package private(set) var operations: [Operations] = []
  /// By function entry: where the call leads.
  package private(set) var directCalls: [UInt64: UInt64] = [:]
  /// Whether the lowest bit of a direct call's address asks for a jump.
  package let marksJumps: Bool
  /// Runs of records: the address of the first one, and how many.
  package private(set) var recordRuns: [(address: UInt64, count: Int)] = []
  private let extents = Extents()

  private static let mostOperations = 65_536
  private static let mostRuns = 65_536
  /// Records believed in all runs together; a kernel with all its modules has a hundred thousand.
  private static let mostRecords = 1 << 22
  private static let recordByteCount = 16

  package init(_ reader: Snapshot) throws(CannotCheck) {
    // Other kernels take any address for what it is, an odd one too.
    marksJumps = Machine.marksDirectJumps(reader)
    guard let records = try reader.symbols.addressIfAny(of: "ftrace_pages_start") else { return }
    try readRuns(records, reader)
    operations = try Self.operations(reader).whole()
    try readDirectCalls(reader)
  }

  /// Where a direct call leads.
  package func callee(ofDirect address: UInt64) -> UInt64 { isJump(address) ? address & ~1 : address }

  /// Whether a direct call is a jump.
  package func isJump(_ address: UInt64) -> Bool { marksJumps && address & 1 != 0 }

  /// Calls `body` with the address and the flags of every record.
  ///
  /// - Parameters:
  ///   - reader: of the moment that this was read at.
  ///   - wanted: the functions that matter, if not all do: runs that are known to have none of them are passed over. The
  ///     kernel has a run for each module, and who goes through all of them for each module never ends.
  package func forEachRecord(
    _ reader: Snapshot, of wanted: Range<UInt64>? = nil, _ body: (UInt64, UInt64) -> Void
  ) throws(CannotCheck) {
    for (number, run) in recordRuns.enumerated() {
      if let wanted, let extent = extents.byRun[number], !wanted.overlaps(extent) { continue }
      let bytes = try reader.bytes(at: run.address, count: run.count * Self.recordByteCount)
      var extent: ClosedRange<UInt64>?
      bytes.withUnsafeBytes { raw in
        for index in 0..<run.count {
          let function = raw.value(UInt64.self, at: index * Self.recordByteCount)
          extent = extent.map { min($0.lowerBound, function)...max($0.upperBound, function) } ?? function...function
          body(function, raw.value(UInt64.self, at: index * Self.recordByteCount + 8))
        }
      }
      extents.byRun[number] = extent
    }
  }

  /// Where the functions of each run lie, by its number; of those that were read.
  private final class Extents {
    var byRun: [Int: ClosedRange<UInt64>] = [:]
  }

  private mutating func readRuns(_ start: UInt64, _ reader: Snapshot) throws(CannotCheck) {
    guard try reader.types.byteCount(of: "dyn_ftrace") == Self.recordByteCount else {
      throw .implausible("dyn_ftrace", "is not \(Self.recordByteCount) bytes long")
    }
    var total = 0
    let first = try reader.load(UInt64.self, at: start)
    for page in try reader.chain(from: first, next: "next", of: "ftrace_page", limit: Self.mostRuns).whole() {
      let count: Int32 = try page["index"]
      guard count >= 0, count <= 1 << 20 else { throw .torn("ftrace_page", "holds \(count) records") }
      total += Int(count)
      guard total <= Self.mostRecords else { throw .torn("ftrace_pages_start", "leads to \(total) records") }
      recordRuns.append((try page["records"], Int(count)))
    }
  }

  /// The users of the tracer, the registered ones first, as far as they can be followed.
  package static func operations(_ reader: Snapshot) -> Walk<Operations> {
    Walk { (found: inout [Operations]) throws(CannotCheck) in
      var registered: Set<UInt64> = []
      if let head = try reader.symbols.addressIfAny(of: "ftrace_ops_list") {
        let users = reader.chain(
          from: try reader.load(UInt64.self, at: head), next: "next", of: "ftrace_ops",
          upTo: try reader.symbols.addressIfAny(of: "ftrace_list_end") ?? 0, limit: mostOperations)
        registered = Set(users.elements.map(\.address))
        for user in users.elements { found.append(try Operations(user, isRegistered: true)) }
        _ = try users.whole()
      }
      // Trampolines stay after their user has gone, until no task can be in them any more.
      for user in try reader.list(
        at: "ftrace_ops_trampoline_list", linkedBy: "list", of: "ftrace_ops", limit: mostOperations)
      where !registered.contains(user.address) {
        found.append(try Operations(user, isRegistered: false))
      }
    }
  }

  private mutating func readDirectCalls(_ reader: Snapshot) throws(CannotCheck) {
    guard reader.types.structure("ftrace_hash") != nil,
      let table = try reader.value(UInt64.self, of: "direct_functions")
    else { return }
    for entry in try TracedFunctions.entries(at: table, reader) {
      directCalls[entry.function] = entry.direct
    }
  }
}

internal import KernelFormats
internal import KernelModel

/// What the running kernel's function tracer holds: its operations, their trampolines, and the direct calls.
///
/// Source: include/linux/ftrace.h, kernel/trace/ftrace.c (Linux v5.10 to v7.2).
struct FtraceState {
  /// One registered user of the tracer, or one that was registered and whose trampoline is still there.
  struct Operations {
    var address: UInt64
    var function: UInt64
    /// What the user gave for ``function``, where the kernel put a filter by process in its place.
    var savedFunction: UInt64
    var flags: UInt64
    var trampoline: UInt64
    var trampolineByteCount: UInt64
    /// Of the kernel's `struct ftrace_ops_hash`: whose calls it asks for.
    var filter: UInt64
    /// The code that its functions call directly; 0 where the kernel keeps it in `direct_functions` only, as v6.1 does.
    var directCall: UInt64

    /// FTRACE_OPS_FL_SAVE_REGS.
    var savesRegisters: Bool { flags & 1 << 2 != 0 }
    /// FTRACE_OPS_FL_IPMODIFY: it says where its functions' callers go on.
    var modifiesAddress: Bool { flags & 1 << 12 != 0 }
    /// FTRACE_OPS_FL_DIRECT: its functions call code directly.
    var isDirect: Bool { flags & 1 << 17 != 0 }
    /// FTRACE_OPS_FL_ALLOC_TRAMP.
    var ownsTrampoline: Bool { flags & 1 << 11 != 0 }
  }

  /// The kernel's record of one function entry, as its flags say it is patched.
  enum Entry {
    case untouched
    /// A call of the common entry code.
    case common(savesRegisters: Bool)
    /// A call of the trampoline of the one user of this function.
    case trampoline
    /// A call, or a jump, straight to somebody's code.
    case direct

    /// Source: FTRACE_FL_* in include/linux/ftrace.h (Linux v7.2).
    init(flags: UInt64) {
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

  private(set) var operations: [Operations] = []
  /// By function entry: where the call leads.
  private(set) var directCalls: [UInt64: UInt64] = [:]
  /// Whether the lowest bit of a direct call's address asks for a jump.
  let marksJumps: Bool
  /// Runs of records: the address of the first one, and how many.
  private(set) var recordRuns: [(address: UInt64, count: Int)] = []

  private static let mostOperations = 65_536
  private static let mostRuns = 65_536
  /// Records believed in all runs together; a kernel with all its modules has a hundred thousand.
  private static let mostRecords = 1 << 22
  private static let recordByteCount = 16

  init(_ reader: StructureReader) throws(CannotCheck) {
    marksJumps = Self.marksJumps(reader)
    guard reader.symbols["ftrace_pages_start"] != nil else { return }
    try readRuns(reader)
    try readOperations(reader)
    try readDirectCalls(reader)
  }

  /// Where a direct call leads.
  func callee(ofDirect address: UInt64) -> UInt64 { isJump(address) ? address & ~1 : address }

  /// Whether a direct call is a jump.
  func isJump(_ address: UInt64) -> Bool { marksJumps && address & 1 != 0 }

  /// Whether this kernel's own code asks for the lowest bit of a direct call's address before it takes it for one.
  ///
  /// Others take any address for what it is, an odd one too. Source: arch/x86/kernel/ftrace_64.S, the code behind
  /// `ftrace_regs_caller_end`: a return, and then `testb $1, %al` and a conditional jump (CONFIG_DYNAMIC_FTRACE_WITH_JMP,
  /// Linux v7.2; neither v5.10, v6.1 nor v6.12).
  private static func marksJumps(_ reader: StructureReader) -> Bool {
    guard let end = reader.symbols["ftrace_regs_caller_end"],
      let code = reader.live.bytes(at: end, count: 64)
    else { return false }
    return code.indices.dropLast(2).contains { code[$0] == 0xa8 && code[$0 + 1] == 0x01 && code[$0 + 2] == 0x74 }
  }

  /// Calls `body` with the address and the flags of every record.
  func forEachRecord(live: LivePages, _ body: (UInt64, UInt64) -> Void) throws(CannotCheck) {
    for run in recordRuns {
      guard let bytes = live.bytes(at: run.address, count: run.count * Self.recordByteCount) else {
        throw .memoryUnreadable(live.fault ?? .absent(KernelAddress(run.address)))
      }
      bytes.withUnsafeBytes { raw in
        for index in 0..<run.count {
          body(
            raw.value(UInt64.self, at: index * Self.recordByteCount),
            raw.value(UInt64.self, at: index * Self.recordByteCount + 8))
        }
      }
    }
  }

  private mutating func readRuns(_ reader: StructureReader) throws(CannotCheck) {
    guard let start = reader.symbols["ftrace_pages_start"] else { return }
    let next = try reader.offset("next", in: "ftrace_page")
    let records = try reader.offset("records", in: "ftrace_page")
    let index = try reader.offset("index", in: "ftrace_page")
    guard reader.types.structure("dyn_ftrace")?.byteCount == Self.recordByteCount else {
      throw .implausible("dyn_ftrace", "is not \(Self.recordByteCount) bytes long")
    }
    var page = try reader.load(UInt64.self, at: start)
    var total = 0
    while page != 0 {
      guard recordRuns.count < Self.mostRuns else { throw .implausible("ftrace_pages_start", "the list has no end") }
      let count = try reader.load(Int32.self, at: page &+ index)
      guard count >= 0, count <= 1 << 20 else { throw .implausible("ftrace_page", "holds \(count) records") }
      total += Int(count)
      guard total <= Self.mostRecords else { throw .implausible("ftrace_pages_start", "leads to \(total) records") }
      recordRuns.append((try reader.load(UInt64.self, at: page &+ records), Int(count)))
      page = try reader.load(UInt64.self, at: page &+ next)
    }
  }

  private mutating func readOperations(_ reader: StructureReader) throws(CannotCheck) {
    let next = try reader.offset("next", in: "ftrace_ops")
    var seen: Set<UInt64> = []
    if let head = reader.symbols["ftrace_ops_list"], let end = reader.symbols["ftrace_list_end"] {
      var address = try reader.load(UInt64.self, at: head)
      while address != 0, address != end, seen.insert(address).inserted {
        guard operations.count < Self.mostOperations else {
          throw .implausible("ftrace_ops_list", "the list has no end")
        }
        operations.append(try Self.operations(at: address, reader))
        address = try reader.load(UInt64.self, at: address &+ next)
      }
    }
    // Trampolines stay after their user has gone, until no task can be in them any more.
    if let head = reader.symbols["ftrace_ops_trampoline_list"],
      let nodes = reader.live.list(at: head, limit: Self.mostOperations)
    {
      let link = try reader.offset("list", in: "ftrace_ops")
      for node in nodes where seen.insert(node &- link).inserted {
        operations.append(try Self.operations(at: node &- link, reader))
      }
    }
  }

  private static func operations(at address: UInt64, _ reader: StructureReader) throws(CannotCheck) -> Operations {
    func word(_ member: String) throws(CannotCheck) -> UInt64 {
      try reader.word(member, of: "ftrace_ops", at: address)
    }
    func wordIfAny(_ member: String) throws(CannotCheck) -> UInt64 {
      try reader.valueIfAny(UInt64.self, member, of: "ftrace_ops", at: address) ?? 0
    }
    return Operations(
      address: address, function: try word("func"), savedFunction: try wordIfAny("saved_func"),
      flags: try word("flags"), trampoline: try word("trampoline"), trampolineByteCount: try word("trampoline_size"),
      filter: try wordIfAny("func_hash"), directCall: try wordIfAny("direct_call"))
  }

  private mutating func readDirectCalls(_ reader: StructureReader) throws(CannotCheck) {
    guard let variable = reader.symbols["direct_functions"], reader.types.structure("ftrace_hash") != nil else {
      return
    }
    for entry in try TracedFunctions.entries(at: reader.load(UInt64.self, at: variable), reader) {
      directCalls[entry.function] = entry.direct
    }
  }
}

internal import KernelModel
internal import KernelObjects

/// The function tracer's records of all functions at one moment, held against its users.
///
/// A record counts the users whose filter has its function. A user is counted as long as it is registered, and whoever takes
/// himself off the list of users leaves his count behind.
///
/// Source: __ftrace_hash_rec_update(), referenced_filters() and __ftrace_hash_update_ipmodify() in kernel/trace/ftrace.c
/// (Linux v5.10 to v7.2). Users of a manager (subops, v6.12 and later) are counted as the manager alone, whose filter has what
/// all of them ask for.
struct TracerRecords {
  enum Fault: Hashable {
    /// A function has more users than are registered for it.
    case unknownUsers
    /// A user asks for it, and the record does not show that.
    case unmarked
    /// A user says where its callers go, and none of those registered does.
    case unknownRedirection
    /// One of those registered does, and the record does not show that.
    case unmarkedRedirection
  }

  struct Disagreement: Hashable {
    /// The tracer's place in the function.
    var function: UInt64
    var fault: Fault
  }

  private(set) var disagreements: [Disagreement] = []
  /// The kernel's own functions that are patched, by the tracer's places in them, lowest first.
  private(set) var enabled: [UInt64] = []
  private(set) var userCount = 0
  /// Why records were not held against users; nil if they were.
  private(set) var remark: String?
  let state: FtraceState
  let reader: Snapshot

  private static let mostDisagreements = 1 << 18

  /// - Parameter text: the kernel's own code: a filter may still have functions of modules that are gone.
  init(_ reader: Snapshot, text: Range<UInt64>) throws(CannotCheck) {
    self.reader = reader
    let before = try FtraceCondition(reader)
    state = try FtraceState(reader)
    let users = state.operations.filter { $0.isRegistered && $0.isEnabled }
    userCount = users.count
    let asked = try Asked(users, reader)
    let redirected = try Asked(users.filter(\.modifiesAddress), reader)
    var enabled: [UInt64] = []
    var found: [Disagreement] = []
    try state.forEachRecord(reader) { function, flags in
      let record = FtraceState.Record(function: function, flags: flags)
      guard !record.isOutOfUse else { return }
      let isKernels = text.contains(function)
      if record.isEnabled, isKernels { enabled.append(function) }
      guard let asked, let redirected, found.count < Self.mostDisagreements else { return }
      let count = asked.count(of: function)
      if record.userCount > count || record.isEnabled && record.userCount == 0 && count == 0 {
        found.append(Disagreement(function: function, fault: .unknownUsers))
      } else if isKernels, record.userCount < count || before == .still && count > 0 && !record.isEnabled {
        found.append(Disagreement(function: function, fault: .unmarked))
      }
      let isRedirected = redirected.count(of: function) > 0
      if record.modifiesAddress, !isRedirected {
        found.append(Disagreement(function: function, fault: .unknownRedirection))
      } else if isKernels, isRedirected, !record.modifiesAddress {
        found.append(Disagreement(function: function, fault: .unmarkedRedirection))
      }
    }
    self.enabled = enabled.sorted()
    // What the lock says is read before and after all else.
    let live = LivePages(reader.live.memory.fresh)
    let after = try FtraceCondition(Snapshot(symbols: reader.symbols, types: reader.types, live: live))
    if asked == nil || redirected == nil {
      remark =
        "the tracer's records were not held against its users: this kernel does not say how a user's filter is kept"
    } else if before == .dead || after == .dead {
      remark =
        "the tracer's records were not held against its users: it has switched itself off after a fault of its own"
    } else if before == .changing || after == .changing || before != after {
      remark = "the tracer's records were not held against its users: they were being changed"
    } else {
      disagreements = found
    }
  }

  /// How many users ask for each function.
  private struct Asked {
    private var everywhere = 0
    private var excepted: [UInt64: Int] = [:]
    private var single: [UInt64: Int] = [:]

    /// - Returns: nil if it is not known of one of them.
    init?(_ users: [FtraceState.Operations], _ reader: Snapshot) throws(CannotCheck) {
      for user in users {
        switch try TracedFunctions(user.filter, reader) {
        case .unknown: return nil
        case .these(let functions): for function in functions { single[function, default: 0] += 1 }
        case .all(let exceptions):
          everywhere += 1
          for function in exceptions { excepted[function, default: 0] += 1 }
        }
      }
    }

    func count(of function: UInt64) -> Int {
      let others = single.isEmpty ? 0 : single[function] ?? 0
      return everywhere - (excepted.isEmpty ? 0 : excepted[function] ?? 0) + others
    }
  }
}

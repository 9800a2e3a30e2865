extension OopsText {
  /// The report that the kernel died with: the last that ends in a panic; without one, the last exception; without either, the
  /// last of all.
  package static func last(among reports: [OopsText]) -> OopsText? {
    reports.last { $0.panicMessage != nil } ?? reports.last { $0.kind.isException } ?? reports.last
  }

  /// The report of what went wrong: what the last one only came of, if it came of another.
  package static func decisive(among reports: [OopsText]) -> OopsText? { OopsChain(of: reports)?.decisive }
}

/// What went wrong, what led to it, and what came of it.
package struct OopsChain: Sendable {
  /// What went wrong first, of what the end came of.
  package var decisive: OopsText
  /// What came of that, in its order: further exceptions, stalls, the panic.
  package var consequences: [OopsText] = []
  /// What was reported of the same boot before, and is not known to have to do with it.
  package var before: [OopsText] = []

  /// Seconds before an exception in which a report of damaged memory is its cause.
  fileprivate static let mostSeconds = 60.0

  /// - Parameter reports: of one text, in their order; nil if there are none.
  package init?(of reports: [OopsText]) {
    guard let end = OopsText.last(among: reports) else { return nil }
    let all = reports.filter { $0.boot == end.boot }
    guard let position = all.lastIndex(of: end) else { return nil }
    let cause = Self.cause(of: position, all)
    decisive = all[cause]
    before = Array(all[..<cause])
    consequences = Array(all[(cause + 1)...])
  }

  /// Which report the one at `end` came of.
  private static func cause(of end: Int, _ reports: [OopsText]) -> Int {
    let report = reports[end]
    let before = reports[..<end]
    if let cause = report.panicMessage.flatMap({ cause(ofPanic: $0, report, before) }) {
      return Self.cause(of: cause, reports)
    }
    if report.kind.isException {
      // A second exception comes of the first, which left locks held and stacks behind.
      if let number = report.exceptionNumber, number > 1,
        let first = before.firstIndex(where: { $0.exceptionNumber == 1 })
          ?? before.firstIndex(where: \.kind.isException)
      {
        return Self.cause(of: first, reports)
      }
      // Memory was damaged before it was used.
      if let damage = before.firstIndex(where: { $0.isOfDamage && $0.isShortly(before: report) }) { return damage }
      return end
    }
    if report.isOfHang, report.panicMessage == nil || report.kind != .panic {
      // Who stands still first holds what others wait for.
      if let oops = before.firstIndex(where: \.kind.isException) { return Self.cause(of: oops, reports) }
      return before.firstIndex { $0.isOfHang } ?? end
    }
    // Nothing ended: what is worst, and of that the first.
    if report.panicMessage == nil, let worst = reports.map(\.weight).max() {
      return reports.firstIndex { $0.weight == worst } ?? end
    }
    return end
  }

  /// Which report a panic repeats, by what it says; nil if it speaks for itself.
  private static func cause(ofPanic message: String, _ report: OopsText, _ before: ArraySlice<OopsText>) -> Int? {
    // What it is the end of has its own words.
    guard report.kind == .panic else { return nil }
    if message.contains("panic_on_warn") {
      return before.lastIndex { $0.kind == .warning || $0.kind == .complaint }
    }
    if message.contains("Fatal exception") || message.contains("Oops") {
      return before.lastIndex(where: \.kind.isException)
    }
    if message.hasPrefix("Attempted to kill") || message.hasPrefix("Aiee") {
      return before.lastIndex { $0.kind.isException && ($0.pid == report.pid || report.pid == nil || $0.pid == nil) }
    }
    if message.contains("ut of memory") || message.contains("deadlocked on memory") {
      return before.lastIndex { $0.complaint == .outOfMemory }
    }
    if report.complaint == .machineCheck { return before.firstIndex { $0.complaint == .machineCheck } }
    if report.complaint == .lkrg { return before.lastIndex { $0.complaint == .lkrg } }
    return nil
  }
}

extension OopsText {
  /// Each report once: a console and a log daemon print the same, or a log is printed twice, the second time in part.
  static func told(once reports: [OopsText]) -> [OopsText] {
    var told: [OopsText] = []
    for report in reports {
      guard let index = told.firstIndex(where: { $0.isSame(as: report) }) else {
        told.append(report)
        continue
      }
      let isFuller = report.wordCount > told[index].wordCount
      let repetitions = told[index].repetitions + 1
      if isFuller {
        let boot = told[index].boot
        told[index] = report
        told[index].boot = boot
      }
      told[index].seconds = told[index].seconds ?? report.seconds
      told[index].repetitions = repetitions
    }
    return told
  }

  /// Whether it is the same event: the same words, at the same time as far as that is said.
  private func isSame(as other: OopsText) -> Bool {
    guard message == other.message, kind == other.kind, differs(pid, other.pid) == false,
      differs(instructionPointer, other.instructionPointer) == false, differs(comm, other.comm) == false
    else { return false }
    // Two of the kernel's stamps tell; without one of them, they are of one boot.
    if let seconds, let second = other.seconds { return seconds == second }
    // Exceptions are counted; what only goes on may be reported again and again.
    return boot == other.boot
      && (kind.isException && exceptionNumber == other.exceptionNumber || kind == .panic || isPart(of: other))
  }

  private func isPart(of other: OopsText) -> Bool { wordCount == 0 || other.wordCount == 0 }

  private func differs<Value: Equatable>(_ first: Value?, _ second: Value?) -> Bool {
    guard let first, let second else { return false }
    return first != second
  }

  /// How much it says.
  private var wordCount: Int {
    traces.reduce(0) { $0 + $1.entries.count } + (instructionPointer == nil ? 0 : 1) + (comm == nil ? 0 : 1)
      + (panicMessage == nil ? 0 : 1)
  }

  /// Whether it is of memory that was used or changed wrongly, before anything came of it.
  fileprivate var isOfDamage: Bool {
    switch complaint {
    case .kasan, .kfence, .slab, .listCorruption, .badPage: true
    default: detail?.hasPrefix("refcount_t: ") ?? false
    }
  }

  fileprivate var isOfHang: Bool {
    switch kind {
    case .softLockup, .hardLockup, .hungTask, .rcuStall: true
    default: complaint == .workqueueLockup
    }
  }

  fileprivate func isShortly(before other: OopsText) -> Bool {
    guard let seconds, let second = other.seconds else { return true }
    return second >= seconds && second - seconds <= OopsChain.mostSeconds
  }

  /// How bad it is, where nothing ended.
  fileprivate var weight: Int {
    if kind.isException { return 6 }
    if isOfDamage { return 5 }
    if isOfHang { return 4 }
    switch complaint {
    case .machineCheck, .lkrg, .controlFlow: return 5
    case .kmsan, .kcsan, .ubsan, .atomicSleep, .spinlock, .lockdep, .rust: return 3
    case .headless: return 0
    default: return kind == .requested ? 6 : 2
    }
  }
}

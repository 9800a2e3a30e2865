extension OopsText {
  /// The report that the kernel died with: the last that ends in a panic; without one, the last exception; without either, the
  /// last of all.
  package static func last(among reports: [OopsText]) -> OopsText? {
    reports.last { $0.panicMessage != nil } ?? reports.last { $0.kind.isException } ?? reports.last
  }

  /// The report of what went wrong: what the last one only came of, if it came of another.
  ///
  /// A second exception comes of the first, which left locks held and stacks behind; a panic without a word of its own repeats what
  /// was reported before it.
  package static func decisive(among reports: [OopsText]) -> OopsText? {
    guard let end = last(among: reports), let index = reports.lastIndex(of: end) else { return nil }
    let before = reports[..<index].filter { $0.boot == end.boot }
    let cause = cause(of: end, before)
    // A log may be printed twice, the second time in part.
    return reports.filter { $0.boot == cause.boot && $0.message == cause.message }
      .max { ($0.wordCount, -$0.lineNumber) < ($1.wordCount, -$1.lineNumber) } ?? cause
  }

  private static func cause(of end: OopsText, _ before: [OopsText]) -> OopsText {
    if end.isBarePanic(of: "panic_on_warn"), let warning = before.last(where: { $0.kind.isWarning }) { return warning }
    if end.isBarePanic(of: "Fatal exception"), let exception = before.last(where: \.kind.isException) {
      return cause(of: exception, before)
    }
    if end.kind != .panic, let same = before.last(where: { $0.kind == end.kind && $0.panicMessage == nil }),
      end.message.contains(end.panicMessage ?? "\n")
    {
      return same
    }
    guard end.kind.isException, let number = end.exceptionNumber, number > 1 else { return end }
    return before.first { $0.exceptionNumber == 1 } ?? end
  }

  /// Whether nothing but a panic is said, and that is in these words.
  private func isBarePanic(of words: String) -> Bool {
    kind == .panic && panicMessage?.contains(words) == true
  }

  /// How much it says.
  private var wordCount: Int {
    traces.reduce(0) { $0 + $1.entries.count } + (instructionPointer == nil ? 0 : 1) + (comm == nil ? 0 : 1)
      + (panicMessage == nil ? 0 : 1)
  }
}

extension OopsKind {
  fileprivate var isWarning: Bool { self == .warning || self == .complaint }
}

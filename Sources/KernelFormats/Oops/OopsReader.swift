extension OopsText {
  /// Reports that are kept of one text at most: the first half of them, and the last.
  package static let mostReports = 64

  /// All reports in a text as files have it: of `dmesg`, pstore, `vmcore-dmesg.txt`, a serial console or a log daemon.
  package static func all(in text: [UInt8]) -> [OopsText] {
    var stream = OopsStream()
    stream.read(text[...])
    return stream.finish()
  }

  /// All reports in lines, in their order.
  package static func all(in lines: some Sequence<OopsLine>) -> [OopsText] {
    var reader = OopsReader()
    for (number, line) in lines.enumerated() { reader.read(line, number: number) }
    return reader.finish()
  }
}

/// Reads reports line by line: tells where one begins, whose each line is, and where one ends.
struct OopsReader {
  /// A report that may go on.
  fileprivate struct Open {
    var builder: OopsBuilder
    var caller: OopsCaller?
    /// The last line that said something of it.
    var lastRelevant: Int
    /// In which place it stands among all.
    var order: Int
  }

  fileprivate enum Said {
    case cut
    case detail(String, OopsComplaint?)
    case forbids(String)
  }

  private var reports: [(order: Int, report: OopsText)] = []
  /// The youngest last.
  private var open: [Open] = []
  /// What unknown stood before the kernel's text, the latest first.
  private(set) var forms: [LineForm] = []
  private var notices: [String] = []
  private var boot = 0
  private var begun = 0
  private var lineNumber = 0
  /// How many lines there were so far, of those that are the kernel's or may be.
  private var position = 0
  /// Up to which line more may be said of what the last ones said.
  private var attentiveUntil = -1
  /// What was said before the line that a report begins with, where, and by whom.
  private var before: [(line: Int, caller: OopsCaller?, said: Said)] = []

  /// Lines without a word of the report, after which nothing more belongs to it.
  private static let mostSilence = 200
  /// Lines between what is said before a report and the report, at most.
  private static let mostBetween = 12
  private static let mostOpen = 8
  /// Lines of others between two of a report, where two are written at once.
  private static let mostTurns = 6
  private static let mostForms = 4
  private static let mostNotices = 4

  /// Whether the next line may say something without any phrase of ``OopsPhrase``.
  var isAttentive: Bool { !open.isEmpty || position < attentiveUntil }

  /// Has the lines from `number` on read, whatever they begin with.
  mutating func attend(at number: Int) {
    position += max(0, number - lineNumber - 1)
    lineNumber = number
    attentiveUntil = max(attentiveUntil, position + Self.mostBetween)
  }

  mutating func read(_ line: OopsLine, number: Int) {
    lineNumber = number
    position += 1
    guard !line.text.isEmpty else { return }
    closeSilent()
    let text = bare(line)
    if let beginning = OopsBeginning(text) {
      attentiveUntil = position + Self.mostBetween
      if beginning.start > 0 { learn(text.prefix(beginning.start)) }
      if begin(beginning, line, text) { return }
    }
    if take(text, line) {
      return
    } else if !open.isEmpty, let offset = OopsAnchor.offset(in: text) {
      learn(text.prefix(offset))
      take(text.dropFirst(offset), line)
    } else if case .cut? = before.last?.said, let last = before.last, last.caller == line.caller,
      position - last.line <= Self.mostBetween, !OopsScanner(text).begins("Modules linked in:")
    {
      before[before.count - 1] = (position, line.caller, .detail(OopsBuilder.text(OopsScanner(text)), nil))
    } else if open.isEmpty {
      takeHeadless(text, line)
    }
  }

  /// Begins a report with a line that is of one, if its first lines scrolled away or were cut off.
  private mutating func takeHeadless(_ text: ArraySlice<UInt8>, _ line: OopsLine) {
    let offset = OopsAnchor.isOfReport(text) ? 0 : OopsAnchor.offset(in: text) ?? 0
    let text = text.dropFirst(offset)
    guard OopsAnchor.isOfReport(text) else { return }
    if offset > 0 { learn(line.text.dropLast(text.count)) }
    begin(.complaint, .headless, line, text)
    take(text, line)
  }

  mutating func finish() -> [OopsText] {
    while !open.isEmpty { close(0) }
    var told = OopsText.told(once: reports.sorted { $0.order < $1.order }.map(\.report))
    // A trace that is of none of them says little beside whole reports.
    if told.contains(where: { $0.complaint != .headless }) {
      told.removeAll { $0.complaint == .headless && $0.panicMessage == nil }
    }
    return told
  }

  // MARK: What stands before a line

  private func bare(_ line: OopsLine) -> ArraySlice<UInt8> {
    for form in forms {
      if let text = form.removed(from: line.text) {
        return text.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      }
    }
    return line.text
  }

  private mutating func learn(_ prefix: ArraySlice<UInt8>) {
    guard let form = LineForm(prefix), !forms.contains(form) else { return }
    forms.insert(form, at: 0)
    for index in open.indices { open[index].builder.remove(form) }
    if forms.count > Self.mostForms { forms.removeLast() }
  }

  // MARK: Whose a line is

  /// Hands a line's text to the report that it belongs to; false if it belongs to none.
  @discardableResult
  private mutating func take(_ text: ArraySlice<UInt8>, _ line: OopsLine) -> Bool {
    guard let index = reader(of: line, text) else { return false }
    open[index].lastRelevant = position
    if open[index].builder.isComplete { close(index) }
    return true
  }

  /// Hands a line to the report that it belongs to; nil if it belongs to none.
  private mutating func reader(of line: OopsLine, _ text: ArraySlice<UInt8>) -> Int? {
    let own = line.caller.map { caller in open.indices.filter { open[$0].caller == caller } } ?? []
    // A processor that was asked for its trace writes by itself.
    // Two that write at once without saying who they are write by turns: who was silent for some lines has no more to say.
    let candidates =
      own.isEmpty
      ? open.indices.filter {
        open[$0].accepts(line.caller) && ($0 == open.count - 1 || position - open[$0].lastRelevant <= Self.mostTurns)
      } : own
    let order = candidates.sorted { first, second in
      let fits = (open[first].builder.fit(text), open[second].builder.fit(text))
      return fits.0 == fits.1 ? first > second : fits.0 > fits.1
    }
    return order.first { open[$0].builder.take(text) }
  }

  private mutating func closeSilent() {
    for index in open.indices.reversed() where position - open[index].lastRelevant > Self.mostSilence { close(index) }
  }

  private mutating func close(_ index: Int) {
    let closed = open.remove(at: index)
    if reports.count >= OopsText.mostReports { reports.remove(at: OopsText.mostReports / 2) }
    reports.append((closed.order, closed.builder.finished()))
  }

  // MARK: Where a report begins

  /// Whether a line begins something, or says what a report came to; false if it may belong to a report that is there.
  private mutating func begin(_ beginning: OopsBeginning, _ line: OopsLine, _ text: ArraySlice<UInt8>) -> Bool {
    let message = text.dropFirst(beginning.start)
    let words = OopsBuilder.text(OopsScanner(message))
    switch beginning.meaning {
    case .boot:
      while !open.isEmpty { close(0) }
      (notices, before) = ([], [])
      boot += 1
    case .attends: return false
    case .notice:
      guard notices.last != words else { return false }
      notices.append(OopsBuilder.text(OopsScanner(text)))
      if notices.count > Self.mostNotices { notices.removeFirst() }
      return false
    case .cut: say(.cut, line)
    case .forbids: say(.forbids(words), line)
    case .precedes(let complaint):
      // It may be part of a report that has begun: an exception's second line.
      if let index = open.lastIndex(where: { $0.caller == line.caller && $0.builder.wantsDetail }) {
        open[index].builder.add(detail: words, complaint)
        open[index].lastRelevant = position
        return true
      }
      say(.detail(words, complaint), line)
    case .begins(let kind, let complaint):
      guard let found = OopsKind.of(kind, complaint, message) else { return false }
      return begin(found.kind, found.complaint, line, message)
    }
    return true
  }

  /// Keeps what is said of a report that is still to come.
  private mutating func say(_ said: Said, _ line: OopsLine) {
    before.removeAll { position - $0.line > Self.mostBetween || $0.said.isCut && $0.caller == line.caller }
    before.append((position, line.caller, said))
    if before.count > Self.mostOpen { before.removeFirst() }
  }

  @discardableResult
  private mutating func begin(
    _ kind: OopsKind, _ complaint: OopsComplaint?, _ line: OopsLine, _ message: ArraySlice<UInt8>
  ) -> Bool {
    var scanner = OopsScanner(message)
    var panicMessage: String?
    if scanner.skip(past: OopsPhrase.panicWords) {
      _ = scanner.take(":")
      scanner.skipSpaces()
      panicMessage = OopsBuilder.text(scanner)
    }
    let own = open.indices.reversed().filter {
      line.caller == nil || open[$0].caller == line.caller || open[$0].caller == nil
    }
    if let panicMessage {
      // Another processor may say what a report came to.
      let ended = (own + open.indices.reversed()).first {
        open[$0].builder.report.isEndedBy(kind, panicMessage)
      }
      if let index = ended {
        open[index].builder.end(in: panicMessage)
        open[index].lastRelevant = position
        return true
      }
    } else {
      // The line of an exception says once more what the one before it said better.
      for index in own
      where open[index].builder.takeException(message, kind, complaint)
        || open[index].builder.goesOn(kind, complaint, message)
      {
        open[index].lastRelevant = position
        return true
      }
    }
    // What wrote a report before has ended it; who else writes may go on.
    for index in open.indices.reversed() where isEndedByNext(open[index], line) { close(index) }
    if open.count >= Self.mostOpen { close(0) }
    var report = OopsText(kind: kind, message: OopsBuilder.text(OopsScanner(message)), lineNumber: lineNumber)
    (report.complaint, report.boot, report.seconds, report.notices) = (complaint, boot, line.seconds, notices)
    report.panicMessage = panicMessage
    for said in before where said.caller == line.caller && position - said.line <= Self.mostBetween {
      switch said.said {
      case .detail(let text, let complaint):
        if report.detail == nil { report.detail = text } else { report.say(text) }
        report.complaint = report.complaint ?? complaint
      case .forbids(let text): report.forbiddenExecution = kind.isOfPage ? text : nil
      case .cut: break
      }
    }
    before.removeAll { $0.caller == line.caller }
    var builder = OopsBuilder(report)
    builder.takeMessage(message)
    open.append(Open(builder: builder, caller: line.caller, lastRelevant: position, order: begun))
    begun += 1
    return true
  }

  /// Whether nothing more belongs to a report once `line` begins another.
  private func isEndedByNext(_ report: Open, _ line: OopsLine) -> Bool {
    if line.caller != nil, report.caller != nil { return report.caller == line.caller }
    // Without a caller two processors may write at once: who has not come to its trace yet, and wrote a moment ago.
    return !report.builder.mayBeInterrupted || position - report.lastRelevant > 3
  }
}

extension OopsReader.Open {
  /// Whether it takes lines of others than who began it.
  fileprivate func accepts(_ other: OopsCaller?) -> Bool {
    caller == nil || other == nil || builder.report.isOfManyProcessors
  }
}

extension OopsReader.Said {
  fileprivate var isCut: Bool { if case .cut = self { true } else { false } }
}

extension OopsText {
  /// Whether other processors are asked for their traces.
  fileprivate var isOfManyProcessors: Bool {
    switch kind {
    case .softLockup, .hardLockup, .hungTask, .rcuStall: true
    default: complaint == .workqueueLockup || complaint == .machineCheck || panicMessage != nil
    }
  }

  /// Whether a panic is what this came to, and not another trouble.
  fileprivate func isEndedBy(_ panic: OopsKind, _ message: String) -> Bool {
    guard panicMessage == nil else { return false }
    if case .stackProtector = panic { return false }
    switch kind {
    // `panic_on_warn set ...`: kernel/panic.c (Linux v5.10 to v7.2).
    case .warning: return message.contains("panic_on_warn")
    case .complaint:
      return switch complaint {
      case .machineCheck: message.contains("achine check") || message.contains("hardware error")
      case .outOfMemory: message.contains("ut of memory") || message.contains("deadlocked on memory")
      case .lkrg: message.contains("LKRG") || message.contains("p_lkrg")
      case .headless: message.contains("Fatal exception") || message.contains("panic_on_warn")
      case .atomicSleep: message.contains("panic_on_warn") || message.contains("cheduling while atomic")
      default: message.contains("panic_on_warn")
      }
    case .hungTask, .softLockup, .hardLockup, .requested, .rcuStall: return panic == kind
    case .panic, .stackProtector: return false
    default:
      let others = ["Attempted to kill init", "Out of memory", "panic_on_warn", "hung_task", "softlockup"]
      return !others.contains { message.hasPrefix($0) } || message.hasPrefix("Attempted to kill init") && pid == 1
    }
  }
}

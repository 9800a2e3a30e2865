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
    for line in lines { reader.read(line) }
    return reader.finish()
  }
}

/// Reads reports of a text of any size, piece by piece: what it keeps is bounded.
package struct OopsStream {
  private var reader = OopsReader()
  /// The start of a line whose end has not come yet.
  private var rest: [UInt8] = []

  package init() {}

  /// Takes the next piece of the text.
  package mutating func read(_ piece: ArraySlice<UInt8>) {
    var piece = piece
    while let end = piece.firstIndex(of: UInt8(ascii: "\n")) {
      if rest.isEmpty {
        reader.read(OopsLine(printed: piece[..<end]))
      } else {
        keep(piece[..<end])
        reader.read(OopsLine(printed: rest[...]))
        rest.removeAll(keepingCapacity: true)
      }
      piece = piece[(end + 1)...]
    }
    keep(piece)
  }

  /// All reports, in their order.
  package mutating func finish() -> [OopsText] {
    if !rest.isEmpty { reader.read(OopsLine(printed: rest[...])) }
    rest = []
    return reader.finish()
  }

  /// No more of a line is looked at than this.
  private mutating func keep(_ part: ArraySlice<UInt8>) {
    rest += part.prefix(OopsLine.mostBytes - min(rest.count, OopsLine.mostBytes))
  }
}

/// Reads reports line by line: tells where one begins and where it ends.
struct OopsReader {
  private var reports: [OopsText] = []
  private var current: OopsBuilder?
  private var lineNumber = -1
  private var boot = 0
  /// The last line that said something of ``current``.
  private var lastRelevant = 0
  /// What was said before the line that a report begins with, and where.
  private var before: (line: Int, said: Said)?

  private enum Said {
    /// `------------[ cut here ]------------`
    case cut
    /// What stands behind that.
    case detail(String)
    case forbiddenExecution(String)
  }

  /// Lines without a word of the report, after which nothing more belongs to it.
  private static let mostSilence = 200
  /// Lines between what is said before a report and the report, at most.
  private static let mostBetween = 4

  mutating func read(_ line: OopsLine) {
    lineNumber += 1
    guard !line.text.isEmpty else { return }
    if current != nil, lineNumber - lastRelevant > Self.mostSilence { close() }
    if OopsScanner(line.text).begins("Linux version ") {
      close()
      boot += 1
      return
    }
    let isPart = begin(line.text) || begin(withPanicInside: line.text) || current?.take(line.text) == true
    if isPart { lastRelevant = lineNumber } else { remember(line.text) }
    if current?.isComplete == true { close() }
  }

  mutating func finish() -> [OopsText] {
    close()
    return reports
  }

  private mutating func close() {
    guard let report = current?.report else { return }
    if reports.count >= OopsText.mostReports { reports.remove(at: OopsText.mostReports / 2) }
    reports.append(report)
    current = nil
  }

  /// Keeps what may belong to a report that is still to begin.
  ///
  /// Source: show_fault_oops() in arch/x86/mm/fault.c (Linux v2.6.32 to v7.2), and `CUT_HERE` in include/asm-generic/bug.h.
  private mutating func remember(_ line: ArraySlice<UInt8>) {
    var scanner = OopsScanner(line)
    if scanner.begins("------------[ cut here ]") {
      before = (lineNumber, .cut)
    } else if scanner.begins("kernel tried to execute NX-protected page")
      || scanner.begins("unable to execute userspace code")
    {
      before = (lineNumber, .forbiddenExecution(OopsBuilder.text(scanner)))
    } else if case .cut = before?.said, !scanner.skip(past: "Modules linked in:") {
      before = (lineNumber, .detail(OopsBuilder.text(scanner)))
    }
  }

  /// Whether a panic's line hangs on to what a program wrote.
  ///
  /// `/init: not found[    1.9] Kernel panic - not syncing: …`
  private mutating func begin(withPanicInside line: ArraySlice<UInt8>) -> Bool {
    guard line.contains(UInt8(ascii: "K")) else { return false }
    var scanner = OopsScanner(line)
    guard !scanner.begins("---[ end "), scanner.skip(past: OopsKind.panicWords) else { return false }
    return begin(line.suffix(scanner.rest.count + OopsKind.panicWords.utf8CodeUnitCount))
  }

  /// Whether a line begins a report, or says what the one at hand came to.
  private mutating func begin(_ line: ArraySlice<UInt8>) -> Bool {
    guard let kind = OopsKind(line) else { return false }
    var scanner = OopsScanner(line)
    var panicMessage: String?
    if scanner.take(OopsKind.panicWords) {
      scanner.skipSpaces()
      panicMessage = OopsBuilder.text(scanner)
    }
    if var builder = current {
      if let panicMessage, builder.report.isEndedBy(kind, panicMessage) {
        builder.report.panicMessage = panicMessage
        builder.isAtOtherThings()
        current = builder
        return true
      }
      // The line of an exception says once more what the one before it said better.
      if builder.takeException(line) {
        current = builder
        return true
      }
    }
    close()
    var report = OopsText(kind: kind, message: OopsBuilder.text(OopsScanner(line)), lineNumber: lineNumber)
    report.boot = boot
    report.panicMessage = panicMessage
    report.exceptionNumber = OopsBuilder.exceptionNumber(line)
    report.takeErrorCode(line)
    report.takeWho(line)
    if let before, lineNumber - before.line <= Self.mostBetween {
      switch before.said {
      case .detail(let text): report.detail = text
      case .forbiddenExecution(let text): report.forbiddenExecution = kind.isOfPage ? text : nil
      case .cut: break
      }
    }
    before = nil
    current = OopsBuilder(report)
    return true
  }
}

extension OopsText {
  /// Whether a panic is what this came to, and not another trouble.
  fileprivate func isEndedBy(_ panic: OopsKind, _ message: String) -> Bool {
    guard panicMessage == nil else { return false }
    if case .stackProtector = panic { return false }
    return switch kind {
    // `panic_on_warn set ...`: kernel/panic.c (Linux v5.10 to v7.2).
    case .warning, .complaint: message.contains("panic_on_warn")
    case .hungTask, .softLockup, .hardLockup, .requested, .rcuStall: panic == kind
    default: true
    }
  }
}

extension OopsText {
  /// Reports that are kept of one text at most: the first, and the last.
  package static let mostReports = 64
  /// Bytes of a text that are looked at: a log's last part, where the end is.
  package static let mostBytes = 64 << 20

  /// All reports in a text as files have it: of `dmesg`, pstore, `vmcore-dmesg.txt`, a serial console or a log daemon.
  package static func all(in text: [UInt8]) -> [OopsText] {
    let lines = text.suffix(mostBytes).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return all(in: lines.lazy.map { OopsLine(printed: $0) })
  }

  /// All reports in lines, in their order.
  package static func all(in lines: some Sequence<OopsLine>) -> [OopsText] {
    var reader = OopsReader()
    for line in lines { reader.read(line) }
    return reader.finish()
  }

  /// The report that the kernel died of: the last that ends in a panic; without one, the last exception; without either, the
  /// last of all.
  package static func decisive(among reports: [OopsText]) -> OopsText? {
    reports.last { $0.panicMessage != nil } ?? reports.last { $0.kind.isException } ?? reports.last
  }
}

/// Reads reports line by line: tells where one begins and where it ends.
struct OopsReader {
  private var reports: [OopsText] = []
  private var current: OopsBuilder?
  private var lineNumber = -1
  /// The last line that said something of ``current``.
  private var lastRelevant = 0

  /// Lines without a word of the report, after which nothing more belongs to it.
  private static let mostSilence = 200

  mutating func read(_ line: OopsLine) {
    lineNumber += 1
    guard !line.text.isEmpty else { return }
    if current != nil, lineNumber - lastRelevant > Self.mostSilence { close() }
    let isPart = begin(line.text) || current?.take(line.text) == true
    if isPart { lastRelevant = lineNumber }
    if current?.isComplete == true { close() }
  }

  mutating func finish() -> [OopsText] {
    close()
    return reports
  }

  private mutating func close() {
    guard let report = current?.report else { return }
    if reports.count >= OopsText.mostReports { reports.removeLast() }
    reports.append(report)
    current = nil
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
      if let panicMessage, builder.report.isEndedBy(kind) {
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
    report.panicMessage = panicMessage
    report.exceptionNumber = OopsBuilder.exceptionNumber(line)
    report.takeWho(line)
    current = OopsBuilder(report)
    return true
  }
}

extension OopsText {
  /// Whether a panic is what this came to, and not another trouble.
  fileprivate func isEndedBy(_ panic: OopsKind) -> Bool {
    guard panicMessage == nil else { return false }
    if case .stackProtector = panic { return false }
    return switch kind {
    case .warning: false
    case .hungTask, .softLockup, .hardLockup, .requested, .rcuStall: panic == kind
    default: true
    }
  }
}

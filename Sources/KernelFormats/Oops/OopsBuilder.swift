internal import KernelModel

/// Puts one report together, line by line.
struct OopsBuilder {
  var report: OopsText
  /// Whether it has ended for good.
  private(set) var isComplete = false
  /// What the line before was part of, for what goes on in the next.
  var isInTrace = false
  private var isInModules = false
  var stack: String?
  /// Whether the kernel said that the trace ends: only a panic may follow.
  private var hasEnded = false
  /// The last line that ended in a colon: what stands above a trace.
  var heading: String?

  static let mostTraces = 16
  static let mostEntries = 512
  private static let mostModules = 4096
  private static let mostStatements = 48
  private static let longestText = 1024

  init(_ report: OopsText) {
    self.report = report
  }

  static func text(_ scanner: OopsScanner) -> String {
    String(decoding: scanner.rest.prefix(longestText), as: UTF8.self)
  }

  /// The report, once nothing more belongs to it.
  func finished() -> OopsText {
    var report = report
    report.traces.removeAll(where: \.entries.isEmpty)
    return report
  }

  /// Takes off the first line what turns out to stand before every line.
  mutating func remove(_ form: LineForm) {
    guard let rest = form.removed(from: Array(report.message.utf8)[...]) else { return }
    report.message = Self.text(OopsScanner(rest))
  }

  // MARK: What begins other reports, and may belong to this one

  /// Whether it is a report of which the kernel may say more before it comes to its place.
  var wantsDetail: Bool {
    report.detail == nil && (report.kind == .warning || report.kind == .bug) && report.registers.isEmpty
      && report.traces.isEmpty
  }

  /// Whether another report may begin before this one has come to its end: it has no trace yet.
  var mayBeInterrupted: Bool { report.traces.isEmpty && !hasEnded && report.panicMessage == nil }

  /// Keeps what the kernel said when it gave up.
  mutating func end(in panicMessage: String) {
    report.panicMessage = panicMessage
    isAtOtherThings()
    // Then it was an exception, whatever its first lines said.
    if report.complaint == .headless, panicMessage.contains("Fatal exception") { report.kind = .exception("exception") }
  }

  mutating func add(detail: String, _ complaint: OopsComplaint?) {
    report.detail = detail
    report.complaint = report.complaint ?? complaint
  }

  /// `Oops: 0010 [#1] PREEMPT SMP`, which follows what was said of a fault; false if it is not of this report.
  mutating func takeException(_ line: ArraySlice<UInt8>, _ kind: OopsKind, _ complaint: OopsComplaint?) -> Bool {
    guard report.kind.isException, report.exceptionNumber == nil, !hasEnded, report.registers.isEmpty,
      let number = OopsException.number(line)
    else { return false }
    report.exceptionNumber = number
    report.takeErrorCode(line)
    report.complaint = report.complaint ?? complaint
    isAtOtherThings()
    return true
  }

  /// Whether what might begin another report goes on with this one, and takes it if so.
  mutating func goesOn(_ kind: OopsKind, _ complaint: OopsComplaint?, _ line: ArraySlice<UInt8>) -> Bool {
    let text = Self.text(OopsScanner(line))
    if report.kind.isOfPage, kind.isOfPage, report.message.hasPrefix("Kernel attempted to ") {
      report.say(report.message)
      (report.kind, report.message) = (kind, text)
      return true
    }
    guard kind == .complaint, report.complaint == complaint else { return false }
    switch complaint {
    case .outOfMemory: guard !text.contains("invoked oom-killer") else { return false }
    case .machineCheck, .lkrg: break
    case .atomicSleep: guard text.hasPrefix("bad: ") else { return false }
    default: return false
    }
    add(statement: text)
    return true
  }

  // MARK: Lines

  /// Forgets what the line before was part of.
  mutating func isAtOtherThings() {
    (isInTrace, isInModules, stack) = (false, false, nil)
  }

  /// How well a line fits, where several reports might have it: 1 if it is what this one still lacks, -1 if it has it already.
  func fit(_ line: ArraySlice<UInt8>) -> Int {
    let scanner = OopsScanner(line)
    if scanner.begins("CPU: ") || scanner.begins("Pid: ") { return report.comm == nil ? 1 : -1 }
    // A program's registers follow the kernel's.
    if scanner.begins("RIP: ") && !scanner.begins("RIP: 0033") || scanner.begins("pc : ") {
      return report.registers.isEmpty ? 1 : -1
    }
    if scanner.begins("Modules linked in") { return report.modules.isEmpty ? 1 : -1 }
    if scanner.begins("Call ") { return report.traces.isEmpty ? 1 : -1 }
    return isInTrace || isInModules ? 1 : 0
  }

  /// Whether a line belongs to the report.
  ///
  /// Lines of others stand between those of a trace: they neither belong to it nor end it.
  mutating func take(_ line: ArraySlice<UInt8>) -> Bool {
    let scanner = OopsScanner(line)
    if isInTrace, takeTraceEntry(line) { return true }
    if isInModules {
      isInModules = false
      if takeModules(scanner) {
        isInModules = true
        return true
      }
    }
    if takeHeading(scanner) || report.takeDetail(scanner.withoutSpeaker) {
      if scanner.contains("[Hardware Error]") { add(statement: Self.text(scanner)) }
      return true
    }
    if Machine.takeRegisters(line, into: &report.registers) {
      report.architecture = report.architecture ?? .own
      return true
    }
    if takeUnannounced(line) { return true }
    if OopsStatement.isOne(line, of: report) {
      if line.last == UInt8(ascii: ":") {
        // What follows is another trace.
        isAtOtherThings()
        heading = Self.text(OopsScanner(line.dropLast()))
      } else if scanner.begins("NMI backtrace for ") || scanner.begins("task:") {
        heading = report.traces.isEmpty ? heading : Self.text(scanner)
      }
      add(statement: Self.text(scanner))
      report.takeTask(inStatement: scanner)
      return true
    }
    return false
  }

  mutating func add(statement: String) {
    if report.statements.count < Self.mostStatements { report.say(statement) }
  }

  /// What begins a part of the report.
  private mutating func takeHeading(_ line: OopsScanner) -> Bool {
    var scanner = line
    if scanner.take("Modules linked in:") {
      isAtOtherThings()
      isInModules = takeModules(scanner)
    } else if scanner.take("Last Breaking-Event-Address") {
      isAtOtherThings()
    } else if scanner.take("---[ end ") || scanner.take("--- [ end ") {
      isAtOtherThings()
      hasEnded = true
      isComplete = scanner.take("Kernel panic")
    } else {
      return takeTraceHeading(line)
    }
    return true
  }

  /// ` ext4(OE) jbd2 [last unloaded: foo(O)]`, which may go on in the next line; false if there is something else.
  ///
  /// Source: `print_modules()` in kernel/module/main.c (Linux v6.12).
  private mutating func takeModules(_ scanner: OopsScanner) -> Bool {
    var scanner = scanner
    var found: [OopsModule] = []
    var unloaded: OopsModule?
    scanner.skipSpaces()
    while !scanner.isAtEnd {
      if scanner.take("[last unloaded: ") {
        var name = OopsScanner(scanner.rest.prefix { $0 != UInt8(ascii: "]") })
        unloaded = OopsModule(name.word())
        break
      }
      guard let module = OopsModule(scanner.word()) else { return false }
      found.append(module)
      scanner.skipSpaces()
    }
    report.modules += found.prefix(Self.mostModules - report.modules.count)
    report.lastUnloaded = unloaded ?? report.lastUnloaded
    return true
  }
}

extension OopsText {
  mutating func say(_ statement: String) { if statements.last != statement { statements.append(statement) } }

  /// `Oops: 0011 [#1] SMP`: where the fault is of a page, that number is the processor's error code.
  ///
  /// Source: page_fault_oops() in arch/x86/mm/fault.c (Linux v5.10 to v7.2; no_context() before). On arm64 it is ESR, on arm FSR: die() in
  /// arch/arm64/kernel/traps.c and arch/arm/kernel/traps.c.
  mutating func takeErrorCode(_ line: ArraySlice<UInt8>) {
    var scanner = OopsScanner(line)
    let isInternal = scanner.take("Internal error: ")
    guard kind.isOfPage || isInternal else { return }
    if isInternal, let end = scanner.offset(of: " [#"),
      let space = scanner.rest.prefix(end).lastIndex(of: UInt8(ascii: " "))
    {
      // `synchronous external abort: 96000210 [#1]`
      scanner.drop(space + 1 - scanner.rest.startIndex)
    } else {
      guard scanner.skip(past: "Oops: ") else { return }
      _ = scanner.take("Oops: ")
    }
    guard let code = scanner.hexadecimal() else { return }
    if isInternal {
      syndrome = syndrome ?? code
      architecture = architecture ?? (OopsScanner(line).contains(" ARM") ? .arm : .aarch64)
    } else if scanner.take(" ilc:") {
      architecture = architecture ?? .s390x
    } else if code <= 0xffff, scanner.take(" [#") {
      // Other architectures give more than these 16 bits, and another meaning.
      errorCode = errorCode ?? code
    }
  }
}

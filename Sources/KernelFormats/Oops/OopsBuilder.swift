/// Puts one report together, line by line.
struct OopsBuilder {
  var report: OopsText
  /// Whether it has ended for good.
  private(set) var isComplete = false
  /// What the line before was part of, for what goes on in the next.
  private var isInTrace = false
  private var isInModules = false
  private var stack: String?
  /// Whether the kernel said that the trace ends: only a panic may follow.
  private var hasEnded = false

  private static let mostTraces = 16
  private static let mostEntries = 512
  private static let mostModules = 4096
  private static let longestText = 1024

  init(_ report: OopsText) {
    self.report = report
  }

  static func text(_ scanner: OopsScanner) -> String {
    String(decoding: scanner.rest.prefix(longestText), as: UTF8.self)
  }

  /// The number behind ` [#`, or nil if there is none.
  static func exceptionNumber(_ line: ArraySlice<UInt8>) -> UInt64? {
    var scanner = OopsScanner(line)
    return scanner.skip(past: " [#") ? scanner.decimal() : nil
  }

  /// `Oops: 0010 [#1] PREEMPT SMP`, which follows what was said of a fault; false if it is not of this report.
  mutating func takeException(_ line: ArraySlice<UInt8>) -> Bool {
    guard report.kind.isException, report.exceptionNumber == nil, !hasEnded, let number = Self.exceptionNumber(line)
    else { return false }
    report.exceptionNumber = number
    isAtOtherThings()
    return true
  }

  /// Forgets what the line before was part of.
  mutating func isAtOtherThings() {
    (isInTrace, isInModules, stack) = (false, false, nil)
  }

  /// Whether a line belongs to the report.
  mutating func take(_ line: ArraySlice<UInt8>) -> Bool {
    var scanner = OopsScanner(line)
    if isInTrace, takeTraceEntry(line) { return true }
    if isInModules, takeModules(scanner) { return true }
    isAtOtherThings()
    if scanner.take("Call Trace:") {
      isInTrace = true
      if report.traces.count < Self.mostTraces { report.traces.append(OopsTrace()) }
    } else if scanner.take("Modules linked in:") {
      isInModules = takeModules(scanner)
    } else if scanner.take("#PF: ") {
      takePageFault(scanner)
    } else if scanner.take("Hardware name: ") {
      report.hardware = report.hardware ?? Self.text(scanner)
    } else if scanner.take("Kernel Offset: ") {
      // Or `disabled`, where the kernel lies where it was linked.
      report.kernelOffset = scanner.take("0x") ? scanner.hexadecimal() : nil
    } else if scanner.take("---[ end ") {
      hasEnded = true
      isComplete = scanner.take("Kernel panic")
    } else if scanner.take("CPU: ") {
      report.takeWho(line)
    } else {
      return takeException(line) || report.takeRegisters(line)
    }
    return true
  }

  /// `#PF: supervisor read access in kernel mode`, `#PF: error_code(0x0000) - not-present page`.
  ///
  /// Source: `show_fault_oops()` in arch/x86/mm/fault.c (Linux v5.10 to v7.2).
  private mutating func takePageFault(_ scanner: OopsScanner) {
    var scanner = scanner
    if scanner.take("error_code(") {
      report.errorCode = scanner.hexadecimal()
      if scanner.take(") - ") { report.errorWords = Self.text(scanner) }
    } else {
      report.access = report.access ?? Self.text(scanner)
    }
  }

  private mutating func takeTraceEntry(_ line: ArraySlice<UInt8>) -> Bool {
    var scanner = OopsScanner(line)
    if scanner.take("<") {
      let isEnd = scanner.take("/")
      let name = scanner.rest.prefix { $0 != UInt8(ascii: ">") }
      guard scanner.rest.count == name.count + 1, name.count <= 32 else { return false }
      stack = isEnd ? nil : String(decoding: name, as: UTF8.self)
      return true
    }
    let isReliable = !scanner.take("? ")
    // The registers of an interrupted frame stand between the entries.
    guard let place = scanner.place() else { return report.takeRegisters(line) }
    let last = report.traces.count - 1
    if report.traces[last].entries.count < Self.mostEntries {
      report.traces[last].entries.append(OopsTrace.Entry(place: place, isReliable: isReliable, stack: stack))
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

internal import KernelModel

/// What the first line of a report, and its statements, say of task, processor and place.
extension OopsBuilder {
  /// Takes what the first line says besides what happened.
  mutating func takeMessage(_ message: ArraySlice<UInt8>) {
    let scanner = OopsScanner(message)
    report.exceptionNumber = OopsException.number(message)
    report.takeErrorCode(message)
    if message.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "#") }) { report.takeWho(message) }
    report.takePlace(inMessage: scanner)
    report.takeTask(inMessage: scanner)
    _ = report.takeDetail(scanner)
    // Its trace follows at once.
    if report.complaint == .kmsan { heading = "" }
  }
}

extension OopsText {
  /// `BUG: KASAN: use-after-free in f+0x1/0x2 [m]`, `WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2`, `CFI failure at f+0x1/0x2`.
  fileprivate mutating func takePlace(inMessage line: OopsScanner) {
    guard kind == .complaint || kind == .warning else { return }
    var scanner = line
    let words: StaticString = kind == .warning ? " at " : " in "
    while scanner.skip(past: words) {
      var ahead = scanner
      // The source's place may stand before it.
      if kind == .warning, ahead.place()?.place == nil {
        ahead = scanner
        _ = ahead.word()
        ahead.skipSpaces()
      } else {
        ahead = scanner
      }
      if let place = ahead.place(), place.place != nil {
        barePlace = place
        return
      }
      // `data-race in f / g`
      if complaint == .kcsan {
        let name = scanner.word()
        guard !name.isEmpty, name.allSatisfy(OopsScanner.isOfName) else { return }
        barePlace = .named(Place(symbol: String(decoding: name, as: UTF8.self), offset: 0, module: nil), size: 0)
        return
      }
    }
  }

  fileprivate mutating func takeTask(inMessage line: OopsScanner) {
    var scanner = line
    switch (kind, complaint) {
    case (.hungTask, _):
      guard scanner.skip(past: "INFO: task ") else { return }
      take(named: scanner, upTo: " blocked ", separator: UInt8(ascii: ":"))
    case (.softLockup, _):
      // `CPU#1 stuck for 22s! [dd:458]`
      guard scanner.skip(past: "! [") else { return }
      take(named: scanner, upTo: "]", separator: UInt8(ascii: ":"))
    case (.hardLockup, _):
      guard scanner.skip(past: "on cpu ") || scanner.skip(past: "CPU ") else { return }
      processor = processor ?? scanner.decimal()
    case (_, .atomicSleep):
      // `scheduling while atomic: swapper/0/0/0x00000100`: name, number, count.
      guard scanner.skip(past: "while atomic: "), let slash = scanner.rest.lastIndex(of: UInt8(ascii: "/")) else {
        return
      }
      take(named: OopsScanner(scanner.rest[..<slash]), upTo: nil, separator: UInt8(ascii: "/"))
    case (_, .preemptible):
      guard scanner.skip(past: "code: ") else { return }
      take(named: scanner, upTo: nil, separator: UInt8(ascii: "/"))
    case (_, .spinlock):
      guard scanner.skip(past: "CPU#"), let number = scanner.decimal(), scanner.take(", ") else { return }
      processor = processor ?? number
      take(named: scanner, upTo: nil, separator: UInt8(ascii: "/"))
    case (_, .badPage):
      guard scanner.skip(past: "in process ") else { return }
      take(named: scanner, upTo: " pfn:", separator: nil)
      take(named: scanner, upTo: " pte:", separator: nil)
    case (_, .pageAllocation): take(named: scanner, upTo: ": page allocation", separator: nil)
    case (_, .outOfMemory):
      take(named: scanner, upTo: " invoked oom-killer", separator: nil)
      takeKilled(scanner)
    case (_, .lockdep), (_, .rcuUsage), (_, .machineCheck): takeTask(inStatement: scanner)
    default: break
    }
  }

  /// What a statement says of the task: `Read of size 8 at addr ffff88810a3c4018 by task vaultd/4511`, `cat/12 is trying to acquire lock:`.
  mutating func takeTask(inStatement line: OopsScanner) {
    var scanner = line
    if complaint == .machineCheck, scanner.skip(past: "CPU "), let number = scanner.decimal() {
      processor = processor ?? number
    }
    scanner = line
    if comm == nil, scanner.skip(past: " by task ") {
      take(named: scanner, upTo: " on cpu", separator: UInt8(ascii: "/"))
      take(named: scanner, upTo: nil, separator: UInt8(ascii: "/"))
      return
    }
    scanner = line
    for words in [
      " is trying to ", " just changed the state of lock", " [HC", " is freeing memory", " is leaving the kernel",
    ]
      as [StaticString]
    {
      if comm == nil, OopsScanner(scanner.rest).contains(words) {
        take(named: scanner, upTo: words, separator: UInt8(ascii: "/"))
      }
    }
    // `in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 123, name: dd`
    if scanner.begins("in_atomic(): "), scanner.skip(past: " pid: "), let number = scanner.decimal(),
      scanner.take(", name: ")
    {
      (pid, comm) = (pid ?? number, comm ?? OopsBuilder.text(scanner))
      return
    }
    // ` 3-....: (2100 ticks this GP)`: the processor that stalled.
    if kind == .rcuStall, processor == nil {
      var stalled = line
      _ = stalled.take("rcu: ")
      stalled.skipSpaces()
      if let number = stalled.decimal(), stalled.take("-"),
        stalled.contains("ticks this GP") || stalled.contains("GPs behind")
      {
        processor = number
      }
    }
    scanner = line
    if complaint == .memoryLeak, comm == nil, scanner.take("comm \"") {
      let name = scanner.rest.prefix { $0 != UInt8(ascii: "\"") }
      comm = String(decoding: name.prefix(longestComm), as: UTF8.self)
      if scanner.skip(past: "pid ") { pid = pid ?? scanner.decimal() }
    }
    // lockdep names the lock's place: the first is the one that is wanted.
    scanner = line
    if complaint == .lockdep, barePlace == nil, scanner.skip(past: "at: "), let place = scanner.place() {
      barePlace = place
    }
    if complaint == .outOfMemory { takeKilled(line) }
  }

  /// `Out of memory: Killed process 123 (name)`, where nothing says who asked for memory.
  private mutating func takeKilled(_ line: OopsScanner) {
    var scanner = line
    guard comm == nil, scanner.skip(past: " process "), let number = scanner.decimal() else { return }
    scanner.skipSpaces()
    guard scanner.take("(") else { return }
    (pid, comm) = (
      number, String(decoding: scanner.rest.prefix { $0 != UInt8(ascii: ")") }.prefix(longestComm), as: UTF8.self)
    )
  }

  /// `name` or `name:12`, up to `end` or the line's end; kept if nothing was said of the task yet.
  private mutating func take(named scanner: OopsScanner, upTo end: StaticString?, separator: UInt8?) {
    var text = scanner.rest
    if let end {
      guard let count = scanner.offset(of: end) else { return }
      text = text.prefix(count)
    }
    while text.last == UInt8(ascii: " ") { text = text.dropLast() }
    var number: UInt64?
    if let separator {
      guard let index = text.lastIndex(of: separator) else { return }
      var digits = OopsScanner(text[(index + 1)...])
      number = digits.decimal()
      text = text[..<index]
    }
    guard comm == nil, (1...longestComm).contains(text.count) else { return }
    comm = String(decoding: text, as: UTF8.self)
    pid = pid ?? number
  }
}

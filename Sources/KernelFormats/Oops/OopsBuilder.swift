internal import KernelModel

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
    report.takeErrorCode(line)
    isAtOtherThings()
    return true
  }

  /// Forgets what the line before was part of.
  mutating func isAtOtherThings() {
    (isInTrace, isInModules, stack) = (false, false, nil)
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
    guard takeHeading(scanner) || takeDetail(scanner) else {
      return takeException(line) || Machine.takeRegisters(line, into: &report.registers)
    }
    return true
  }

  /// What begins a part of the report.
  private mutating func takeHeading(_ line: OopsScanner) -> Bool {
    var scanner = line
    if scanner.take("Call Trace:") || scanner.take("Call trace:") || scanner.take("Backtrace:") {
      isAtOtherThings()
      isInTrace = true
      if report.traces.count < Self.mostTraces { report.traces.append(OopsTrace()) }
      // Old kernels have the first entry, or the stack's name, in the same line.
      if !scanner.isAtEnd { _ = takeTraceEntry(scanner.rest) }
    } else if scanner.take("Modules linked in:") {
      isAtOtherThings()
      isInModules = takeModules(scanner)
    } else if scanner.take("---[ end ") {
      isAtOtherThings()
      hasEnded = true
      isComplete = scanner.take("Kernel panic")
    } else {
      return false
    }
    return true
  }

  private mutating func takeDetail(_ line: OopsScanner) -> Bool {
    var scanner = line
    if scanner.take("#PF: ") {
      takePageFault(scanner)
    } else if scanner.take("Hardware name: ") {
      report.hardware = report.hardware ?? Self.text(scanner)
    } else if scanner.take("Kernel Offset: ") {
      takeOffset(scanner)
    } else if scanner.take("Workqueue: ") {
      // The workqueue's name, and what it does.
      _ = scanner.word()
      scanner.skipSpaces()
      report.work = report.work ?? scanner.place()
    } else if scanner.take("PGD ") {
      if scanner.skip(past: " PTE ") { report.pageTableEntry = scanner.hexadecimal() }
    } else if scanner.take("CPU: ") || scanner.take("Pid: ") {
      report.takeWho(line.rest)
    } else if let place = scanner.barePlace() {
      report.barePlace = report.barePlace ?? place.place
      if place.isOfOtherMachine { report.architecture = report.architecture ?? .unknown }
      report.noteAddress(in: line)
    } else {
      return false
    }
    return true
  }

  /// `0x1e000000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)`; or `disabled`, where the
  /// kernel lies where it was linked.
  ///
  /// Source: dump_kernel_offset() in arch/x86/kernel/setup.c (Linux v5.10 to v7.2): the range ends before MODULES_VADDR.
  private mutating func takeOffset(_ scanner: OopsScanner) {
    var scanner = scanner
    guard scanner.take("0x"), let offset = scanner.hexadecimal() else {
      report.kernelOffset = nil
      return
    }
    report.kernelOffset = offset
    guard scanner.skip(past: "range: "), scanner.hexadecimal() != nil, scanner.take("-"),
      let end = scanner.hexadecimal()
    else { return }
    report.relocationEnd = end
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

  /// `? vfs_read+0x10/0x20 [ext4]`, ` [<ffffffff81000000>] ? vfs_read+0x10/0x20`, `<IRQ>`, or registers; false if it is none.
  private mutating func takeTraceEntry(_ line: ArraySlice<UInt8>) -> Bool {
    var scanner = OopsScanner(line)
    var isMarker = false
    while let name = scanner.stackMarker() {
      isMarker = true
      stack = name
    }
    if isMarker {
      scanner.skipSpaces()
      if scanner.isAtEnd { return true }
    }
    let start = scanner
    while scanner.bracketedAddress() != nil { scanner.skipSpaces() }
    let isReliable = !scanner.take("? ")
    if isReliable { scanner = start }
    // The address in brackets is the one that counts where nothing has a name.
    var place = start
    if !isReliable, place.next != UInt8(ascii: "[") { _ = place.take("? ") }
    // The registers of an interrupted frame stand between the entries.
    guard let found = place.place(), place.isAtEnd || place.next == UInt8(ascii: " ") else {
      return isMarker || Machine.takeRegisters(line, into: &report.registers)
    }
    // An address alone is an entry only if nothing but a remark follows: a dump of the stack is many of them.
    if found.address != nil {
      place.skipSpaces()
      guard place.isAtEnd || place.next == UInt8(ascii: "(") else { return isMarker }
    }
    report.noteAddress(in: start)
    let last = report.traces.count - 1
    if report.traces[last].entries.count < Self.mostEntries {
      report.traces[last].entries.append(OopsTrace.Entry(place: found, isReliable: isReliable, stack: stack))
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
  /// `Oops: 0011 [#1] SMP`: where the fault is of a page, that number is the processor's error code.
  ///
  /// Source: page_fault_oops() in arch/x86/mm/fault.c (Linux v5.10 to v7.2; no_context() before).
  mutating func takeErrorCode(_ line: ArraySlice<UInt8>) {
    var scanner = OopsScanner(line)
    guard kind.isOfPage, scanner.skip(past: "Oops: ") else { return }
    _ = scanner.take("Oops: ")
    // Other architectures give more than these 16 bits, and another meaning.
    if let code = scanner.hexadecimal(), code <= 0xffff, scanner.take(" [#") { errorCode = errorCode ?? code }
  }

  /// Takes from the start of a line where the kernel's image and its modules lie, if an address stands beside a name.
  fileprivate mutating func noteAddress(in line: OopsScanner) {
    var scanner = line
    var address: KernelAddress?
    while let found = scanner.bracketedAddress() {
      address = found
      scanner.skipSpaces()
    }
    _ = scanner.take("? ")
    guard let address, let place = scanner.place()?.place else { return }
    if place.module == nil {
      imageAddress = imageAddress ?? address
    } else {
      moduleAddress = min(moduleAddress ?? address, address)
    }
  }
}

extension OopsScanner {
  /// `<IRQ>`, `</TASK>`, `<<EOE>>`: the name of the stack that begins, as `.some(nil)` where one ends; nil if there is none.
  ///
  /// Source: show_trace_log_lvl() in arch/x86/kernel/dumpstack.c (Linux v2.6.32 to v7.2), where `EOI` and `EOE` end a stack in old ones.
  fileprivate mutating func stackMarker() -> String?? {
    var ahead = self
    ahead.skipSpaces()
    let isDoubled = ahead.take("<<")
    guard isDoubled || ahead.take("<") else { return nil }
    let isEnd = ahead.take("/")
    let name = ahead.rest.prefix {
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0 & 0xdf) || $0 == UInt8(ascii: "#")
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
    }
    guard (1...32).contains(name.count) else { return nil }
    for _ in name { _ = ahead.takeByte() }
    guard isDoubled ? ahead.take(">>") : ahead.take(">") else { return nil }
    self = ahead
    let text = String(decoding: name, as: UTF8.self)
    return .some(isEnd || text.hasPrefix("EO") ? nil : text)
  }

  /// Where the processor was, as a line of its own says: `IP: [<…>] f+0x1/0x2`, `RIP  [<…>] f+0x1/0x2` on x86-64 before v4.10,
  /// `EIP: `, `pc : `, `epc : `, `NIP [c000…] ` on others.
  fileprivate mutating func barePlace() -> (place: OopsPlace, isOfOtherMachine: Bool)? {
    var ahead = self
    let isOfOtherMachine: Bool
    if ahead.take("IP: ") || ahead.take("RIP  ") || ahead.take("RIP [") {
      isOfOtherMachine = false
    } else if ahead.take("EIP: ") || ahead.take("EIP is at ") || ahead.take("pc : ") || ahead.take("epc : ")
      || ahead.take("PC is at ") || ahead.take("NIP ")
    {
      isOfOtherMachine = true
      // i386 has its segment before it.
      var segment = ahead
      if segment.hexadecimal() != nil, segment.take(":") { ahead = segment }
    } else {
      return nil
    }
    ahead.skipSpaces()
    guard let place = ahead.place() else { return nil }
    self = ahead
    return (place, isOfOtherMachine)
  }
}

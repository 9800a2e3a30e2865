internal import KernelModel

/// The lines of call traces, as each architecture and version prints them.
extension OopsBuilder {
  /// What a trace begins with, in a line of its own or before its first entry.
  private static let headings: [StaticString] = [
    "Call Trace:", "Call trace:", "Call Trace (", "Backtrace:", "backtrace:", "backtrace (", "Stack backtrace:",
    "Call Backtrace:",
  ]

  /// Whether a line begins a trace, and takes it if so.
  mutating func takeTraceHeading(_ line: OopsScanner) -> Bool {
    var scanner = line
    guard Self.headings.contains(where: { scanner.take($0) }) else { return false }
    // `backtrace (crc 1234abcd):`
    if scanner.rest.last == UInt8(ascii: ":") { scanner.drop(scanner.rest.count) }
    isAtOtherThings()
    isInTrace = true
    add(OopsTrace(heading: report.traces.isEmpty ? nil : heading))
    heading = nil
    // Old kernels have the first entry, or the stack's name, in the same line.
    if !scanner.isAtEnd { _ = takeTraceEntry(scanner.rest) }
    return true
  }

  private mutating func add(_ trace: OopsTrace) {
    if let last = report.traces.last, last.entries.isEmpty {
      report.traces[report.traces.count - 1] = trace
    } else if report.traces.count < Self.mostTraces {
      report.traces.append(trace)
    }
  }

  /// An entry of a trace that no line announced but one that ends in a colon: `Allocated by task 4400:`; false if it is none.
  ///
  /// arm has nothing above its traces.
  ///
  /// Source: print_track() in mm/kasan/report.c, print_lock_trace() in kernel/locking/lockdep.c (Linux v5.10 to v7.2).
  mutating func takeUnannounced(_ line: ArraySlice<UInt8>) -> Bool {
    var arm = OopsScanner(line)
    let isArm = arm.armCaller() != nil
    guard isArm || report.kind == .complaint, let heading = isArm ? "" : heading else { return false }
    let before = report.traces
    add(OopsTrace(heading: heading.isEmpty ? nil : heading))
    isInTrace = true
    guard takeTraceEntry(line), report.traces.last?.entries.isEmpty == false else {
      (report.traces, isInTrace) = (before, false)
      return false
    }
    self.heading = nil
    return true
  }

  /// `? vfs_read+0x10/0x20 [ext4]`, ` [<ffffffff81000000>] ? vfs_read+0x10/0x20`, `<IRQ>`, or registers; false if it is none.
  mutating func takeTraceEntry(_ line: ArraySlice<UInt8>) -> Bool {
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
    if let caller = scanner.armCaller() {
      append(caller, isReliable: true)
      report.architecture = report.architecture ?? .arm
      return true
    }
    // s390x puts the innermost in parentheses.
    _ = scanner.take("(")
    let start = scanner
    while scanner.bracketedAddress() != nil { scanner.skipSpaces() }
    var isReliable = !scanner.take("? ")
    if isReliable { scanner = start }
    // The address in brackets is the one that counts where nothing has a name.
    var place = start
    if !isReliable, place.next != UInt8(ascii: "[") { _ = place.take("? ") }
    // The registers of an interrupted frame stand between the entries.
    guard let found = place.place(), place.isAtEnd || place.next == UInt8(ascii: " ") || place.next == UInt8(ascii: ")")
    else { return isMarker || Machine.takeRegisters(line, into: &report.registers) }
    // An address alone is an entry only if nothing but a remark follows: a dump of the stack is many of them.
    if found.address != nil {
      place.skipSpaces()
      let isRemarked = place.next == UInt8(ascii: "(") && place.rest.count <= 14 && place.rest.last == UInt8(ascii: ")")
      guard place.isAtEnd || isRemarked || place.next == UInt8(ascii: ")") else { return isMarker }
    }
    // ppc64's mark of what the unwinder does not vouch for.
    if place.contains("(unreliable)"), report.traces.last?.entries.isEmpty == false { isReliable = false }
    report.noteAddress(in: start)
    append(found, isReliable: isReliable)
    return true
  }

  private mutating func append(_ place: OopsPlace, isReliable: Bool) {
    let last = report.traces.count - 1
    guard last >= 0, report.traces[last].entries.count < Self.mostEntries else { return }
    report.traces[last].entries.append(OopsTrace.Entry(place: place, isReliable: isReliable, stack: stack))
  }
}

extension OopsText {
  /// Takes from the start of a line where the kernel's image and its modules lie, if an address stands beside a name.
  mutating func noteAddress(in line: OopsScanner) {
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

  /// `[<c0017d54>] (show_stack) from [<c0014b4c>] (dump_stack+0x10/0x14)`, ` show_stack from dump_stack+0x10/0x14`: who called whom.
  ///
  /// Source: dump_backtrace_entry() in arch/arm/kernel/traps.c (Linux v2.6.32 to v7.2). The one called is said again by the line before,
  /// if one is; it has its offset in old kernels only.
  fileprivate mutating func armCaller() -> OopsPlace? {
    guard contains(" from ") else { return nil }
    var ahead = self
    _ = ahead.bracketedAddress()
    ahead.skipSpaces()
    _ = ahead.take("(")
    // Who was called: a name, and its offset in old kernels.
    guard !ahead.word().isEmpty else { return nil }
    if ahead.take(" ["), !ahead.skip(past: "]", within: 80) { return nil }
    _ = ahead.take(")")
    guard ahead.take(" from ") else { return nil }
    let address = ahead.bracketedAddress()
    ahead.skipSpaces()
    _ = ahead.take("(")
    guard let place = ahead.place() ?? address.map({ .address($0) }) else { return nil }
    self = ahead
    return place
  }
}

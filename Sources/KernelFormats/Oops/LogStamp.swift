/// The kernel's own time before a line: `[   12.345678]`, and what stands right behind it of who wrote the line.
///
/// `[  +0.000070]`, `[  12.345678 <    0.000070>]` and `[   12.345678@3]` are such too; `[ T2210]`, `[ C3]`, `(3)[2210:kworker/3:2]` and `[3:
/// kworker/3:2: 2210]` may follow.
///
/// Source: print_time() and print_caller() in kernel/printk/printk.c (Linux v2.6.32 to v7.2); dmesg of util-linux 2.41; the last two
/// are of vendors' kernels for telephones.
struct LogStamp {
  let start: Int
  let end: Int
  /// Since boot; nil if it is since the line before.
  let seconds: Double?
  let caller: OopsCaller?

  /// Stamps that are looked for in one line at most.
  private static let mostStamps = 16

  /// All that stand in a line, from left to right.
  static func all(in line: ArraySlice<UInt8>) -> [LogStamp] {
    var found: [LogStamp] = []
    var position = line.startIndex
    while found.count < mostStamps, let bracket = line[position...].firstIndex(of: UInt8(ascii: "[")) {
      if let stamp = LogStamp(line[bracket...]) {
        found.append(stamp)
        position = stamp.end
      } else {
        position = bracket + 1
      }
    }
    return found
  }

  /// The stamp that `line` starts with.
  private init?(_ line: ArraySlice<UInt8>) {
    var scanner = OopsScanner(line.dropFirst())
    scanner.skipSpaces()
    let isRelative = scanner.take("+")
    guard let whole = scanner.decimal(), scanner.take("."), let digits = scanner.digits(),
      (3...9).contains(digits.count)
    else { return nil }
    if scanner.take("@") || scanner.take(","), scanner.decimal() == nil { return nil }
    // dmesg --show-delta.
    if scanner.take(" <") {
      scanner.skipSpaces()
      guard scanner.decimal() != nil, scanner.take("."), scanner.decimal() != nil, scanner.take(">") else { return nil }
    }
    // A newer form has the caller in the same brackets.
    var caller: OopsCaller?
    if !scanner.take("]") {
      scanner.skipSpaces()
      _ = scanner.take("|")
      scanner.skipSpaces()
      guard let found = scanner.caller(), scanner.take("]") else { return nil }
      caller = found
    }
    while let found = scanner.callerInBrackets() { caller = found ?? caller }
    // One division of whole numbers is rounded once.
    let fraction = digits.reduce((value: UInt64(0), unit: UInt64(1))) {
      ($0.value * 10 + UInt64($1 &- UInt8(ascii: "0")), $0.unit * 10)
    }
    let (scaled, isTooLarge) = whole.multipliedReportingOverflow(by: fraction.unit)
    start = line.startIndex
    end = scanner.rest.startIndex
    seconds = isRelative || isTooLarge ? nil : Double(scaled &+ fraction.value) / Double(fraction.unit)
    self.caller = caller
  }
}

extension OopsScanner {
  /// The digits here; nil if there are none.
  fileprivate mutating func digits() -> ArraySlice<UInt8>? {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    drop(digits.count)
    return digits.isEmpty ? nil : digits
  }

  /// `T2210`, `C3`, `T2210@C3`.
  fileprivate mutating func caller() -> OopsCaller? {
    var ahead = self
    let isTask = ahead.take("T")
    guard isTask || ahead.take("C"), let number = ahead.decimal(), let number = UInt32(exactly: number) else {
      return nil
    }
    if ahead.take("@C"), ahead.decimal() == nil { return nil }
    self = ahead
    return isTask ? .task(pid: number) : .processor(number)
  }

  /// What stands in brackets behind a stamp: a caller, `.some(nil)` where a vendor's kernel names processor and task; nil if there is none.
  fileprivate mutating func callerInBrackets() -> OopsCaller?? {
    var ahead = self
    ahead.skipSpaces()
    _ = ahead.take("-")
    if ahead.take("(") {
      guard ahead.decimal() != nil, ahead.take(")") else { return nil }
      self = ahead
      return .some(nil)
    }
    guard ahead.take("[") else { return nil }
    ahead.skipSpaces()
    if let caller = ahead.caller() {
      ahead.skipSpaces()
      guard ahead.take("]") else { return nil }
      self = ahead
      return caller
    }
    // `[2210:kworker/3:2]`, `[3:  kworker/3:2: 2210]`.
    let text = ahead.rest.prefix { $0 != UInt8(ascii: "]") }
    guard text.count <= 40, ahead.decimal() != nil, ahead.take(":"), text.count < ahead.rest.count + 10 else {
      return nil
    }
    guard ahead.skip(past: "]") else { return nil }
    self = ahead
    return .some(nil)
  }
}

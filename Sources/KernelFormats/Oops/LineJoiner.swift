/// Joins what a console or a mail broke into several lines because it was too narrow.
///
/// A line is joined to the one before if that was as long as lines get there, and it has nothing before it as the others have.
struct LineJoiner {
  struct Line {
    let parts: [OopsLine]
    let number: Int
  }

  private struct Pending {
    var bytes: [UInt8]
    var parts: [OopsLine]
    let number: Int
    /// Bytes of what it was last made longer by.
    var lastCount: Int
  }

  private var pending: Pending?

  /// Consoles are no narrower, in bytes.
  private static let narrowest = 48
  /// The narrowest that mails are folded at.
  private static let folded = 72
  /// The width of a text console, and of others.
  private static let console = 80
  private static let usual: Set<Int> = [80, 100, 120, 128, 132, 160]
  /// Lines that are joined to one, at most, in bytes.
  private static let longest = 4096

  /// Takes a line, and returns those that are whole now.
  mutating func take(_ bytes: ArraySlice<UInt8>, number: Int, _ forms: [LineForm]) -> [Line] {
    var bytes = bytes
    while bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
    let parts = OopsLine.printed(bytes)
    if var before = pending {
      if isRest(bytes, parts, of: before, forms) {
        // At the usual width no space is lost; mails break at one.
        let joint: [UInt8] =
          Self.usual.contains(before.lastCount) || before.bytes.last == UInt8(ascii: " ") ? [] : [UInt8(ascii: " ")]
        before.bytes += joint + bytes
        before.lastCount = bytes.count
        before.parts = OopsLine.printed(before.bytes[...])
        pending = before
        return []
      }
      pending = Pending(bytes: Array(bytes), parts: parts, number: number, lastCount: bytes.count)
      return [Line(parts: before.parts, number: before.number)]
    }
    guard bytes.count >= Self.narrowest else { return [Line(parts: parts, number: number)] }
    pending = Pending(bytes: Array(bytes), parts: parts, number: number, lastCount: bytes.count)
    return []
  }

  mutating func finish() -> [Line] {
    defer { pending = nil }
    return pending.map { [Line(parts: $0.parts, number: $0.number)] } ?? []
  }

  private func isRest(_ bytes: ArraySlice<UInt8>, _ parts: [OopsLine], of before: Pending, _ forms: [LineForm]) -> Bool
  {
    guard let first = bytes.first, before.lastCount >= Self.narrowest,
      before.bytes.count + bytes.count <= Self.longest, let last = before.parts.last
    else { return false }
    guard !parts.isEmpty, parts.allSatisfy({ !$0.hasPrefix && OopsBeginning($0.text) == nil }),
      !parts.contains(where: { part in forms.contains { $0.removed(from: part.text) != nil } })
    else { return false }
    // Stamped lines have none behind them that is not; others are told by the width alone.
    if last.hasPrefix, last.seconds != nil {
      // A mail breaks a line where the next word would not fit.
      let word = bytes.prefix { $0 != UInt8(ascii: " ") }.count
      return Self.usual.contains(before.lastCount)
        || before.lastCount <= 100 && (Self.isOpen(last.text) || before.lastCount + 1 + word > Self.folded)
    }
    let others: Set<UInt8> = [UInt8(ascii: "["), UInt8(ascii: " "), UInt8(ascii: "\t")]
    return before.lastCount == Self.console && !others.contains(first)
  }

  /// Whether a line of the kernel's goes on: it is of a list, or of what has a known end.
  private static func isOpen(_ text: ArraySlice<UInt8>) -> Bool {
    let scanner = OopsScanner(text)
    if scanner.begins("Modules linked in:") || scanner.begins("Code: ") || scanner.begins("Kernel Offset: ") {
      return true
    }
    if scanner.begins("CPU: ") { return !scanner.contains(" #") }
    return scanner.begins("Hardware name: ") || scanner.begins("BUG: ")
      || scanner.begins("Kernel panic")
      || scanner.begins("WARNING: ")
  }
}

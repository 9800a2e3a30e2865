/// One line of a kernel's log without what a console or a log daemon put before it.
package struct OopsLine: Hashable, Sendable {
  package var text: ArraySlice<UInt8>
  /// Who wrote it, as far as the line says: `T2210` is a task, `C3` a processor.
  package var caller: OopsCaller?
  /// Seconds since boot; nil if the line does not say.
  package var seconds: Double?
  /// Whether something was taken off before it.
  var hasPrefix = false

  /// Bytes of a line that are looked at; the kernel writes 1024 at most (LOG_LINE_MAX, kernel/printk/printk.c, Linux v6.12),
  /// its list of modules excepted.
  package static let mostBytes = 16384

  /// A line of a record, which has nothing before it.
  package init(_ text: ArraySlice<UInt8>, caller: OopsCaller? = nil, seconds: Double? = nil) {
    (self.caller, self.seconds) = (caller, seconds)
    var text = text.prefix(Self.mostBytes)
    while let last = text.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: " ") || last == 0 {
      text = text.dropLast()
    }
    while let first = text.first,
      first == UInt8(ascii: "\r") || first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") || first == 0
    {
      text = text.dropFirst()
    }
    self.text = text
  }

  /// The kernel's lines in a line as it stands in a file, without the line feed: one, or several of which a console lost what ends them.
  package static func printed(_ line: ArraySlice<UInt8>) -> [OopsLine] {
    let whole = line.prefix(mostBytes)
    guard let line = OopsDressing.removed(from: whole) else { return [] }
    let stamps = LogStamp.all(in: line)
    var lines: [OopsLine] = []
    var start = line.startIndex
    var last: LogStamp?
    for end in stamps.map({ Optional($0) }) + [nil] {
      let part = line[start..<(end?.start ?? line.endIndex)]
      var found = OopsLine(LinePrefix.removed(from: part), caller: last?.caller, seconds: last?.seconds)
      found.hasPrefix =
        last != nil || line.count < whole.count || found.text.count < OopsLine(part).text.count
      // Before the first stamp stands what a console or a log daemon wrote, or a program.
      if !found.text.isEmpty, last != nil || end == nil || OopsBeginning(found.text) != nil { lines.append(found) }
      last = end
      start = end?.end ?? line.endIndex
    }
    return lines
  }
}

/// Who wrote a line of the kernel's log.
///
/// Source: `printk_caller_id()` in kernel/printk/printk.c (Linux v5.10 to v7.2).
package enum OopsCaller: Hashable, Sendable {
  case task(pid: UInt32)
  case processor(UInt32)
}

package import KernelModel

/// Decodes the text of `/proc/modules`.
///
/// Lines are `ext4 987136 1 mbcache,jbd2, Live 0xffffffffc0a31000 (OE)`: name, bytes of all its memory, references,
/// users, state, base address and, if it has any, taint letters (kernel/module/procfs.c, `m_show`, Linux v6.12).
package enum ProcModules {
  /// The modules that `text` lists, in its order.
  ///
  /// Fields are taken from the end of the line, so a module whose name holds a space is still one module.
  ///
  /// - Throws: if a line cannot be decoded; a list that is wrong in one place is not believed in the others.
  package static func decode(_ text: Span<UInt8>) throws(ProcModulesError) -> [ModuleClaim] {
    var claims: [ModuleClaim] = []
    var lineNumber = 0
    var start = 0
    while start < text.count {
      var end = start
      while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
      lineNumber += 1
      claims.append(try claim(text.extracting(start..<end), lineNumber: lineNumber))
      start = end + 1
    }
    return claims
  }

  private static func claim(_ line: Span<UInt8>, lineNumber: Int) throws(ProcModulesError) -> ModuleClaim {
    // What is left of the line, cut from the end field by field.
    var end = line.count
    func takeField() -> Range<Int>? {
      while end > 0, line[end - 1] == UInt8(ascii: " ") { end -= 1 }
      var start = end
      while start > 0, line[start - 1] != UInt8(ascii: " ") { start -= 1 }
      guard start < end else { return nil }
      defer { end = start }
      return start..<end
    }
    func text(_ range: Range<Int>) -> String {
      line.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
    func malformed(_ field: String) -> ProcModulesError {
      .malformedLine(number: lineNumber, field: field, text: text(0..<min(line.count, 120)))
    }

    guard var last = takeField() else { throw malformed("name") }
    var taints = ""
    if line[last.lowerBound] == UInt8(ascii: "("), line[last.upperBound - 1] == UInt8(ascii: ")"), last.count > 2 {
      // `+` and `-` say that it is being loaded or unloaded, which its state says too.
      taints = text(last.lowerBound + 1..<last.upperBound - 1).filter { $0 != "+" && $0 != "-" }
      guard let next = takeField() else { throw malformed("address") }
      last = next
    }
    guard let base = address(line.extracting(last)) else { throw malformed("address") }
    guard let stateField = takeField() else { throw malformed("state") }
    let state = text(stateField)
    guard ["Live", "Loading", "Unloading"].contains(state) else { throw malformed("state") }
    guard takeField() != nil, takeField() != nil else { throw malformed("references") }
    guard let sizeField = takeField(), let byteCount = decimal(line.extracting(sizeField)) else {
      throw malformed("size")
    }
    while end > 0, line[end - 1] == UInt8(ascii: " ") { end -= 1 }
    guard end > 0 else { throw malformed("name") }
    return ModuleClaim(
      name: text(0..<end), byteCount: byteCount, base: base == 0 ? nil : KernelAddress(base), state: state,
      taints: taints)
  }

  private static func address(_ field: Span<UInt8>) -> UInt64? {
    guard field.count > 2, field.count <= 18, field[0] == UInt8(ascii: "0"), field[1] == UInt8(ascii: "x") else {
      return nil
    }
    var address: UInt64 = 0
    for index in 2..<field.count {
      guard let digit = HexDigit.value(field[index]) else { return nil }
      address = address << 4 | UInt64(digit)
    }
    return address
  }

  private static func decimal(_ field: Span<UInt8>) -> UInt64? {
    guard !field.isEmpty, field.count <= 19 else { return nil }
    var value: UInt64 = 0
    for index in field.indices {
      let digit = field[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + UInt64(digit)  // 19 digits fit
    }
    return value
  }
}

/// Why the text of `/proc/modules` was not believed.
package enum ProcModulesError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The line's number, counted from 1, the field that makes no sense, and how the line begins: hostile text.
  case malformedLine(number: Int, field: String, text: String)

  package var description: String {
    switch self {
    case .malformedLine(let number, let field, let text):
      "line \(number) of the module list makes no sense: no \(field) in '\(text)'"
    }
  }
}

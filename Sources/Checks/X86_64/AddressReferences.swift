internal import KernelFormats
internal import KernelModel

extension X86_64 {
  /// Bytes of an instruction that may follow a distance: an immediate value.
  private static let mostBehind: UInt64 = 4

  /// Calls `body` with each place in code where four bytes may be an address within `wanted`, or a distance to one, and with what
  /// they may lead to.
  ///
  /// Bytes are not taken apart into instructions: what may be one is counted. Calls and jumps are no such place, neither to a distance
  /// (`e8`, `e9`, `0f 8x`), nor through a pointer (`ff /2`, `ff /4`).
  static func forEachReference(
    in code: UnsafeRawBufferPointer, at address: UInt64, to wanted: Range<UInt64>,
    _ body: (_ place: UInt64, _ target: Range<UInt64>) -> Void
  ) {
    guard code.count >= 4 else { return }
    for index in 0...code.count - 4 {
      let distance = UInt64(bitPattern: Int64(code.value(Int32.self, at: index)))
      let relative = address &+ UInt64(index) &+ 4 &+ distance
      let isAbsolute = wanted.contains(distance)
      let isRelative =
        relative &+ mostBehind >= wanted.lowerBound && relative < wanted.upperBound && !isBranch(code, index)
      guard isAbsolute || isRelative, !isBranchThroughPointer(code, index) else { continue }
      if isAbsolute { body(address &+ UInt64(index), distance..<distance &+ 1) }
      if isRelative { body(address &+ UInt64(index), relative..<relative &+ mostBehind &+ 1) }
    }
  }

  /// Where calls and jumps of code may lead: those with a distance of 32 bits.
  static func callees(in code: UnsafeRawBufferPointer, at address: UInt64) -> [UInt64] {
    guard code.count >= 5 else { return [] }
    return (1...code.count - 4).compactMap { index in
      guard isBranch(code, index) else { return nil }
      return address &+ UInt64(index) &+ 4 &+ UInt64(bitPattern: Int64(code.value(Int32.self, at: index)))
    }
  }

  /// Whether a branch's distance may stand at `index`.
  private static func isBranch(_ code: UnsafeRawBufferPointer, _ index: Int) -> Bool {
    guard index >= 1 else { return false }
    return code[index - 1] & 0xfe == 0xe8 || index >= 2 && code[index - 2] == 0x0f && code[index - 1] & 0xf0 == 0x80
  }

  private static func isBranchThroughPointer(_ code: UnsafeRawBufferPointer, _ index: Int) -> Bool {
    if index >= 2, code[index - 2] == 0xff, code[index - 1] == 0x15 || code[index - 1] == 0x25 { return true }
    return index >= 3 && code[index - 3] == 0xff && (code[index - 2] == 0x14 || code[index - 2] == 0x24)
      && code[index - 1] == 0x25
  }
}

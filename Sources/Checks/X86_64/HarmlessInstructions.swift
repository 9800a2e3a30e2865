internal import KernelModel

extension X86_64 {
  /// int3.
  static let breakpoint: UInt8 = 0xcc

  /// Zeros, or breakpoints.
  static func isFiller(_ byte: UInt8) -> Bool { byte == 0 || byte == breakpoint }

  /// The kernel gives the thunks of the ITS mitigation pages that nothing lists: only in the upper half of a cache line, each
  /// followed by a breakpoint.
  ///
  /// Source: its_init_thunk() in arch/x86/kernel/alternative.c (Linux v6.12, v7.2).
  static func isHarmless(_ page: [UInt8]) -> Bool {
    // Most pages are nothing but breakpoints: all of them at once is quicker than one after the other.
    if page.reduce(0, { $0 | ($1 ^ breakpoint) }) == 0 { return true }
    var position = 0
    while position < page.count {
      if page[position] == breakpoint {
        position += 1
        continue
      }
      guard position % 64 >= 32, let end = endOfThunk(page, at: position) else { return false }
      position = end
    }
    return true
  }

  /// Where the thunk at `position` ends, or nil if there is none: `jmp *%reg`, and three bytes before it that trap where
  /// FineIBT is paranoid.
  private static func endOfThunk(_ bytes: [UInt8], at position: Int) -> Int? {
    var rest = bytes[position...]
    if rest.starts(with: [0xd6, 0x75, 0xfd]) { rest = rest.dropFirst(3) }
    if rest.first == 0x41 { rest = rest.dropFirst() }
    guard rest.count >= 2, rest[rest.startIndex] == 0xff, (0xe0...0xe7).contains(rest[rest.startIndex + 1]) else {
      return nil
    }
    return rest.startIndex + 2
  }
}

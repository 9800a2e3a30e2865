/// What the bytes of a symbol's name say.
extension Span<UInt8> {
  /// Whether the name of a code symbol is a function's: not that of the room before one for code to be put in, or of what is there for
  /// kCFI, `__pfx_` or `__cfi_` and the function's name; and not that of its unlikely part, `.cold` behind the name and then perhaps
  /// a number, which is jumped to.
  ///
  /// Source: add_prefix_symbol(), tools/objtool/check.c (Linux v6.2 to v7.2); emitKCFITypeId() of LLVM's printer of assembly (LLVM 16
  /// to 19); cold_partition_p in gcc/varasm.c (GCC 8 to 15).
  var namesFunction: Bool {
    let end = endBeforeNumber
    return !has("__pfx_", at: 0) && !has("__cfi_", at: 0) && !has(".cold", at: count - 5)
      && !(end < count && has(".cold.", at: end - 6))
  }

  /// Where the digits begin that a name ends with; its end if it ends otherwise.
  private var endBeforeNumber: Int {
    var end = count
    while end > 0, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self[unchecked: end - 1]) { end -= 1 }
    return end
  }

  private func has(_ mark: StaticString, at start: Int) -> Bool {
    guard start >= 0, start + mark.utf8CodeUnitCount <= count else { return false }
    return (0..<mark.utf8CodeUnitCount).allSatisfy { self[unchecked: start + $0] == mark.utf8Start[$0] }
  }

  /// How many bytes of a symbol's name are its name in the source: all but `.llvm.` and the digits behind it.
  package var lengthInSource: Int {
    let end = endBeforeNumber
    return end < count && end > 6 && has(".llvm.", at: end - 6) ? end - 6 : count
  }
}

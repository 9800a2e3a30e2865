/// The letters of a taint mask.
///
/// Source: `taint_flags` in kernel/panic.c (Linux v7.2).
enum TaintFlags {
  private static let all = Array("PFSRMBUDAWCIOELKXTNJ")

  /// In the order of the bits, as an oops prints them; `none` of a mask without any.
  static func letters(_ mask: UInt64) -> String {
    let known = all.enumerated().filter { mask >> UInt64($0.offset) & 1 == 1 }.map { String($0.element) }
    let others = mask & ~(1 << UInt64(all.count) - 1)
    let rest = others == 0 ? [] : ["0x\(String(others, radix: 16))"]
    return mask == 0 ? "none" : (known + rest).joined()
  }
}

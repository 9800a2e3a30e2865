internal import KernelModel

/// The letters of a taint mask.
///
/// Source: `taint_flags` in kernel/panic.c (Linux v7.2).
package enum TaintFlags {
  private static let all = Array("PFSRMBUDAWCIOELKXTNJ")

  /// What happened to the kernel since it booted, and is gone with the next boot: a machine check, a bad page, an oops, a
  /// warning, a lockup.
  package static let events: UInt64 = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14

  /// The mask of letters that are told; what is no letter of a taint is passed over.
  package static func mask(of letters: String) -> UInt64 {
    letters.reduce(0) { mask, letter in all.firstIndex(of: letter).map { mask | 1 << UInt64($0) } ?? mask }
  }

  /// In the order of the bits, as an oops prints them; `none` of a mask without any.
  package static func letters(_ mask: UInt64) -> String {
    let known = all.enumerated().filter { mask >> UInt64($0.offset) & 1 == 1 }.map { String($0.element) }
    let others = mask & ~(1 << UInt64(all.count) - 1)
    let rest = others == 0 ? [] : [others.hexadecimal]
    return mask == 0 ? "none" : (known + rest).joined()
  }
}

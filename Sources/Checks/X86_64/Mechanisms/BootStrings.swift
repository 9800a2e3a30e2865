internal import Glibc
internal import KernelModel
internal import KernelObjects

/// Constant strings that the kernel takes apart with strsep() while it boots, before constants become read-only: each
/// comma becomes a NUL.
///
/// Source: `__check_quirks_intel()` and set_rdt_options() in arch/x86/kernel/cpu/resctrl/core.c (Linux v5.10 to v7.2), on
/// Skylake servers.
struct BootStrings {
  private static let strings = ["!cmt,!mbmtotal,!mbmlocal,!l3cat"]

  let facts: KernelFacts
  let vendor: VendorKernel

  func apply(to recreation: Recreation) {
    guard let constants = vendor.sections.first(where: { $0.name == ".rodata" }) else { return }
    let start = constants.address &+ vendor.offset
    guard let place = recreation.image.pointer(at: start, count: constants.fileRange.count) else { return }
    for text in Self.strings {
      let whole = Array(text.utf8) + [0]
      guard let found = Self.find(whole, in: place, count: constants.fileRange.count) else { continue }
      let address = start &+ UInt64(found - place)
      // All of it or nothing: a string half taken apart is nobody's doing.
      let apart = whole.map { $0 == UInt8(ascii: ",") ? 0 : $0 }
      guard facts.live.bytes(at: address, count: apart.count) == apart else { continue }
      PatchBytes(apart).withBytes {
        recreation.write(
          .bootString, at: address, found, $0, count: apart.count, "the kernel took this string of options apart")
      }
    }
  }

  private static func find(
    _ text: [UInt8], in place: UnsafeMutableRawPointer, count: Int
  ) -> UnsafeMutableRawPointer? {
    var position = place
    let end = place + count - text.count
    while position <= end, let next = memchr(position, Int32(text[0]), end - position + 1) {
      if memcmp(next, text, text.count) == 0 { return next }
      position = next + 1
    }
    return nil
  }
}

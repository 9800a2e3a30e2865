package import KernelModel

/// A place in code as the kernel's messages name it: `vfs_read+0x10/0x20 [ext4]`, or an address where it had no name for it.
///
/// Source: `__sprint_symbol()` in kernel/kallsyms.c (Linux v5.10 to v7.2); some distributions have the module's build id
/// follow its name (CONFIG_STACKTRACE_BUILD_ID).
package enum OopsPlace: Hashable, Sendable {
  /// - size: bytes of the function, as kallsyms knows it; 0 where a script put the source's place there instead of the offset.
  case named(Place, size: UInt64)
  case address(KernelAddress)

  /// The place that stands behind a phrase in a line; nil if none does.
  package init?(behind phrase: StaticString, in line: String) {
    let bytes = Array(line.utf8)
    var scanner = OopsScanner(bytes[...])
    guard scanner.skip(past: phrase), let place = scanner.place() else { return nil }
    self = place
  }

  package var place: Place? {
    if case .named(let place, _) = self { place } else { nil }
  }

  package var address: KernelAddress? {
    if case .address(let address) = self { address } else { nil }
  }
}

extension OopsPlace: CustomStringConvertible {
  package var description: String {
    switch self {
    case .named(let place, let size):
      (size == 0 ? place.symbol : "\(place.symbol)+\(place.offset.hexadecimal)/\(size.hexadecimal)")
        + (place.module.map { " [\($0)]" } ?? "")
    case .address(let address): address.description
    }
  }
}

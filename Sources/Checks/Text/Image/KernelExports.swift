internal import KernelModel
internal import KernelObjects

/// The symbols that the kernel exports to modules, by name.
///
/// Entries of 12 bytes since Linux kernel commit 7290d5809571 ("module: use relative references for __ksymtab entries")
/// (in v4.19): distances to the value, to the name and to the namespace.
struct KernelExports {
  private var addresses: [String: UInt64] = [:]

  /// - Parameters:
  ///   - image: the kernel's constants, moved to where they lie.
  init(_ vendor: VendorKernel, image: TextImage) {
    for section in vendor.sections where section.name == "__ksymtab" || section.name == "__ksymtab_gpl" {
      let start = section.address &+ vendor.offset
      guard let bytes = image.pointer(at: start, count: section.fileRange.count) else { continue }
      let table = PatchTable(
        bytes: UnsafeRawBufferPointer(start: bytes, count: section.fileRange.count), address: start)
      addresses.reserveCapacity(addresses.count + table.entryCount(of: 12))
      for index in 0..<table.entryCount(of: 12) {
        guard let name = Self.text(at: table.target(at: index * 12 + 4), image) else { continue }
        addresses[name] = table.target(at: index * 12)
      }
    }
  }

  subscript(name: String) -> UInt64? { addresses[name] }

  private static func text(at address: UInt64, _ image: TextImage) -> String? {
    let limit = min(image.byteCount(from: address), 512)
    guard limit > 0, let place = image.pointer(at: address, count: limit) else { return nil }
    let bytes = UnsafeRawBufferPointer(start: place, count: limit)
    guard let end = bytes.firstIndex(of: 0), end > 0 else { return nil }
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<end]), as: UTF8.self)
  }
}

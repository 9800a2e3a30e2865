internal import KernelModel
internal import KernelObjects

/// The symbols that the kernel exports to modules, by name.
///
/// Entries of 12 bytes since Linux kernel commit 7290d5809571 ("module: use relative references for __ksymtab entries")
/// (in v4.19): distances to the value, to the name and to the namespace, so that they are read from the file as it is. What a
/// processor has of its own is numbered from 0 up to v6.14, and does not move with the kernel.
struct KernelExports {
  private var addresses: [String: UInt64] = [:]

  /// - Parameter offset: how far the running kernel was moved from its link-time addresses.
  init(of object: VendorObject, offset: UInt64) {
    guard let names = object.section(named: "__ksymtab_strings") else { return }
    let texts = object.bytes(of: names)
    for section in object.sections where section.name == "__ksymtab" || section.name == "__ksymtab_gpl" {
      let table = PatchTable(bytes: object.bytes(of: section), address: section.address)
      addresses.reserveCapacity(addresses.count + table.entryCount(of: 12))
      for index in 0..<table.entryCount(of: 12) {
        guard let name = Self.text(at: table.target(at: index * 12 + 4) &- names.address, texts) else { continue }
        let target = table.target(at: index * 12)
        addresses[name] = Machine.imageSpace.contains(KernelAddress(target)) ? target &+ offset : target
      }
    }
  }

  subscript(name: String) -> UInt64? { addresses[name] }

  private static func text(at offset: UInt64, _ texts: UnsafeRawBufferPointer) -> String? {
    guard offset < UInt64(texts.count) else { return nil }
    let rest = UnsafeRawBufferPointer(rebasing: texts[Int(offset)...].prefix(512))
    guard let end = rest.firstIndex(of: 0), end > 0 else { return nil }
    return String(decoding: UnsafeRawBufferPointer(rebasing: rest[..<end]), as: UTF8.self)
  }
}

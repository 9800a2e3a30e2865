internal import KernelFormats
internal import KernelModel

/// The bytes of a file by their link-time addresses, for who goes through many of them in order.
///
/// They are there as long as the file.
struct FileBytes {
  private let object: VendorObject
  /// Those that have bytes and an address of their own, lowest first.
  private let sections: [VendorObject.Section]
  private var recent = 0

  init(_ object: VendorObject) {
    self.object = object
    sections = object.sections.filter { section in
      section.isAllocated && !section.fileRange.isEmpty && section.address != 0
        && !section.address.addingReportingOverflow(UInt64(section.fileRange.count)).overflow
    }.sorted { $0.address < $1.address }
  }

  /// The section that has the byte at `address`.
  mutating func section(at address: UInt64) -> VendorObject.Section? {
    guard !sections.isEmpty else { return nil }
    if sections[recent].contains(address) { return sections[recent] }
    let index = sections.partitionPoint { $0.address > address }
    guard index > 0, sections[index - 1].contains(address) else { return nil }
    recent = index - 1
    return sections[recent]
  }

  /// The `count` bytes at `address`, if one section has them all.
  mutating func pointer(at address: UInt64, count: Int) -> UnsafeRawPointer? {
    guard let section = section(at: address) else { return nil }
    return object.pointer(at: address &- section.address, of: section, count: count)
  }

  /// The code, section by section.
  var code: [(address: UInt64, bytes: UnsafeRawBufferPointer)] {
    sections.filter(\.isExecutable).map { ($0.address, object.bytes(of: $0)) }
  }
}

extension VendorObject {
  /// The `count` bytes so far into `section`, if it has them all in the file.
  func pointer(at offset: UInt64, of section: Section, count: Int) -> UnsafeRawPointer? {
    guard offset <= UInt64(section.fileRange.count), count <= section.fileRange.count - Int(offset) else { return nil }
    return contents.bytes.baseAddress.map { $0 + section.fileRange.lowerBound + Int(offset) }
  }
}

extension VendorObject.Section {
  fileprivate func contains(_ place: UInt64) -> Bool { place &- address < UInt64(fileRange.count) }
}

extension UnsafeRawPointer {
  /// The little-endian integer there.
  @inline(__always)
  func value<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> Value {
    Value(littleEndian: loadUnaligned(as: type))
  }
}

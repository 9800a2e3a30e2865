internal import KernelFormats
internal import KernelModel

/// The bytes of a file by their link-time addresses, for who goes through many of them in order.
///
/// They are there as long as the file.
struct FileBytes {
  private let object: VendorObject
  /// Sections that have bytes and an address of their own, lowest first.
  ///
  /// Of each, what is asked for hundreds of thousands of times: copying a section takes longer than all else.
  private let extents: [(start: UInt64, bytes: UnsafeRawBufferPointer, permissions: Permissions)]
  private var recent = 0

  /// What a section says of its memory.
  struct Permissions {
    var isExecutable: Bool
    var isWritable: Bool
  }

  init(_ object: VendorObject) {
    self.object = object
    let sections = object.sections.filter { section in
      section.isAllocated && !section.fileRange.isEmpty && section.address != 0
        && !section.address.addingReportingOverflow(UInt64(section.fileRange.count)).overflow
    }.sorted { $0.address < $1.address }
    extents = sections.map {
      ($0.address, object.bytes(of: $0), Permissions(isExecutable: $0.isExecutable, isWritable: $0.isWritable))
    }
  }

  /// What the section says of itself that has the byte at `address`.
  mutating func permissions(at address: UInt64) -> Permissions? { index(at: address).map { extents[$0].permissions } }

  /// Whether the byte at `address` is in a section of code.
  mutating func isCode(at address: UInt64) -> Bool { permissions(at: address)?.isExecutable ?? false }

  /// The `count` bytes at `address`, if one section has them all.
  mutating func pointer(at address: UInt64, count: Int) -> UnsafeRawPointer? {
    guard let index = index(at: address) else { return nil }
    let (start, bytes, _) = extents[index]
    let offset = Int(address &- start)
    guard count <= bytes.count - offset else { return nil }
    return bytes.baseAddress.map { $0 + offset }
  }

  private mutating func index(at address: UInt64) -> Int? {
    func isIn(_ index: Int) -> Bool { address &- extents[index].start < UInt64(extents[index].bytes.count) }
    guard !extents.isEmpty else { return nil }
    if isIn(recent) { return recent }
    let next = extents.partitionPoint { $0.start > address }
    guard next > 0, isIn(next - 1) else { return nil }
    recent = next - 1
    return recent
  }

  /// The code, section by section.
  var code: [(address: UInt64, bytes: UnsafeRawBufferPointer)] {
    extents.filter(\.permissions.isExecutable).map { ($0.start, $0.bytes) }
  }
}

extension VendorObject {
  /// The `count` bytes so far into `section`, if it has them all in the file.
  func pointer(at offset: UInt64, of section: Section, count: Int) -> UnsafeRawPointer? {
    guard offset <= UInt64(section.fileRange.count), count <= section.fileRange.count - Int(offset) else { return nil }
    return contents.bytes.baseAddress.map { $0 + section.fileRange.lowerBound + Int(offset) }
  }
}

extension UnsafeRawPointer {
  /// The little-endian integer there.
  @inline(__always)
  func value<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> Value {
    Value(littleEndian: loadUnaligned(as: type))
  }
}

/// The header that BTF starts with, and the sections it tells of.
///
/// Layout: include/uapi/linux/btf.h, `struct btf_header` and `struct btf_layout` (Linux v7.2; without the latter, v6.12).
struct BTFHeader {
  let types: UnsafeRawBufferPointer
  let names: UnsafeRawBufferPointer
  /// For each kind, four bytes: of how many bytes its details are, and of how many each element; empty before v7.
  private let layout: UnsafeRawBufferPointer

  /// - Throws: if it is not the header of little-endian BTF, version 1, or a section does not lie in `bytes`.
  init(_ bytes: UnsafeRawBufferPointer) throws(BTFError) {
    func field<Value: FixedWidthInteger & BitwiseCopyable>(
      _ type: Value.Type, at offset: Int
    ) throws(BTFError) -> Value {
      guard offset <= bytes.count - MemoryLayout<Value>.size else {
        throw .truncated("the BTF header", needed: 24, available: UInt64(bytes.count))
      }
      return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }
    let magic = try field(UInt16.self, at: 0)
    guard magic != 0x9feb else { throw .bigEndian }
    guard magic == 0xeb9f else { throw .notBTF(magic: magic) }
    let version = try field(UInt8.self, at: 2)
    guard version == 1 else { throw .unsupported(field: "version", value: UInt64(version)) }
    let headerByteCount = Int(try field(UInt32.self, at: 4))
    guard headerByteCount >= 24 else { throw .unsupported(field: "hdr_len", value: UInt64(headerByteCount)) }

    /// The section whose offset from the header's end and byte count stand at `place`.
    func section(_ name: String, at place: Int) throws(BTFError) -> UnsafeRawBufferPointer {
      let start = headerByteCount + Int(try field(UInt32.self, at: place))
      let end = start + Int(try field(UInt32.self, at: place + 4))
      guard end <= bytes.count else { throw .truncated(name, needed: UInt64(end), available: UInt64(bytes.count)) }
      return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }
    types = try section("the BTF type section", at: 8)
    names = try section("the BTF string section", at: 16)
    layout =
      headerByteCount >= 32
      ? try section("the BTF layout section", at: 24) : UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// How many bytes follow the first 12 of `type`, whose kind is newer than this program, or nil if nothing says it.
  func detailByteCount(of type: BTFType) -> Int? {
    let place = Int(type.rawKind) * 4
    guard place + 4 <= layout.count else { return nil }
    return Int(layout[place]) + type.elementCount * Int(layout[place + 1])
  }
}

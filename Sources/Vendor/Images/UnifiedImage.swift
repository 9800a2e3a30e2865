internal import KernelModel

/// A unified kernel image (UKI): a program for EFI firmware in which the kernel's boot image is a section.
///
/// Source: the UAPI group's specification of unified kernel images: `.linux` holds the boot image, `.uname` the kernel's
/// release; Microsoft's "PE Format" for the headers. Offsets are bytes of the file.
struct UnifiedImage {
  /// Where the boot image is.
  let kernel: Range<Int>
  /// The release that it says it has; nil if it says none.
  let release: String?

  private static let mostSections = 96
  private static let sectionByteCount = 40
  private static let mostReleaseBytes = 64

  /// - Parameter file: the file, or so much of it as has the headers; what lies behind that is only placed.
  /// - Parameter byteCount: of the whole file.
  /// - Returns: nil if it is none.
  init?(_ file: UnsafeRawBufferPointer, byteCount: Int) {
    func word<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Int? {
      guard offset >= 0, offset <= file.count - MemoryLayout<Value>.size else { return nil }
      return Int(Value(littleEndian: file.loadUnaligned(fromByteOffset: offset, as: Value.self)))
    }
    // "MZ", and where "PE\0\0" stands.
    guard word(UInt16.self, at: 0) == 0x5a4d, let header = word(UInt32.self, at: 0x3c),
      word(UInt32.self, at: header) == 0x4550, let count = word(UInt16.self, at: header + 6),
      let optional = word(UInt16.self, at: header + 20), count <= Self.mostSections
    else { return nil }
    var kernel: Range<Int>?
    var release: String?
    for index in 0..<count {
      let section = header + 24 + optional + index * Self.sectionByteCount
      guard section + Self.sectionByteCount <= file.count, let virtual = word(UInt32.self, at: section + 8),
        let raw = word(UInt32.self, at: section + 16), let start = word(UInt32.self, at: section + 20)
      else { return nil }
      // What the file has of it is padded; what it has in memory is its true size, where that is said.
      let end = start + (virtual > 0 ? min(virtual, raw) : raw)
      guard start <= end, end <= byteCount else { continue }
      let name = file[section..<section + 8].prefix { $0 != 0 }
      if name.elementsEqual(".linux".utf8) {
        kernel = start..<end
      } else if name.elementsEqual(".uname".utf8), end <= file.count, end - start <= Self.mostReleaseBytes {
        release = String(decoding: file[start..<end].prefix { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
      }
    }
    guard let kernel else { return nil }
    self.kernel = kernel
    self.release = release
  }
}

import KernelFormats

/// A kernel image as a boot loader takes it, and where in it the kernel proper lies.
///
/// A bzImage (`vmlinuz`) is a small loader with the compressed ELF kernel inside; a `vmlinux` is that ELF file itself.
/// Source: Documentation/arch/x86/boot.rst (Linux 7.2).
package struct BootImage {
  /// The largest compressed kernel we read: twenty times what distributions ship.
  static let payloadLimit: UInt64 = 256 << 20

  package let compression: Compression
  private let source: any ByteSource
  private let payload: Range<UInt64>

  /// Finds the kernel in `source`.
  package init(_ source: any ByteSource) throws(BootImageError) {
    var header = [UInt8](repeating: 0, count: 0x250)
    let count = try source.read(at: 0, into: &header)
    header.removeSubrange(count...)

    var payload = 0..<source.byteCount
    if Compression(firstBytes: header) != Compression.none {
      payload = try Self.payload(header: header, fileByteCount: source.byteCount)
    }
    var magic = [UInt8](repeating: 0, count: 9)
    let magicCount = try source.read(at: payload.lowerBound, into: &magic)
    magic.removeSubrange(magicCount...)
    guard let compression = Compression(firstBytes: magic) else { throw .unknownCompression(magic) }
    self.source = source
    self.payload = payload
    self.compression = compression
  }

  /// Decompresses the kernel into `image`, no further than the image asks for.
  func decode(into image: inout KernelImageReader) throws(BootImageError) {
    var reader = PayloadReader(source, range: payload, compression: compression)
    try compression.makeDecoder().decode(&reader, into: &image)
  }

  /// Where the compressed kernel lies in a bzImage.
  private static func payload(header: [UInt8], fileByteCount: UInt64) throws(BootImageError) -> Range<UInt64> {
    guard header.count == 0x250, header[0x1fe] == 0x55, header[0x1ff] == 0xaa,
      header[0x202...].starts(with: [0x48, 0x64, 0x72, 0x53])  // HdrS
    else { throw .notABootImage }
    let fields = header.span
    let version = fields.integer(UInt16.self, at: 0x206) ?? 0
    guard version >= 0x0208 else { throw .protocolTooOld(version) }
    // The real-mode sectors, of which there are 4 if the field says 0, and the boot sector before them.
    let setupSectors = UInt64(header[0x1f1] == 0 ? 4 : header[0x1f1])
    let offset = (setupSectors + 1) * 512 + UInt64(fields.integer(UInt32.self, at: 0x248) ?? 0)
    let byteCount = UInt64(fields.integer(UInt32.self, at: 0x24c) ?? 0)
    guard byteCount <= payloadLimit else {
      throw .tooLarge("its compressed kernel", byteCount: byteCount, limit: payloadLimit)
    }
    guard byteCount > 0, offset + byteCount <= fileByteCount else {
      throw .payloadOutside(offset: offset, byteCount: byteCount, fileByteCount: fileByteCount)
    }
    return offset..<offset + byteCount
  }
}

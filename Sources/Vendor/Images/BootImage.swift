import KernelFormats
package import KernelModel

/// A kernel image as a boot loader takes it, and where in it the kernel proper lies.
///
/// A bzImage (`vmlinuz`) is a small loader with the compressed ELF kernel inside; a `vmlinux` is that ELF file itself.
/// Source: Documentation/arch/x86/boot.rst (Linux 7.2).
package struct BootImage {
  /// The largest file we read: a vmlinuz has 5 to 15 MB, a vmlinux without debugging information up to 100.
  package static let fileLimit = 256 << 20
  /// The most that is decompressed: several times what distributions ship.
  package static let kernelLimit = 256 << 20

  package let compression: Compression
  private let file: VendorObject.Contents
  private let payload: Range<Int>

  /// Finds the kernel in `file`.
  package init(_ file: VendorObject.Contents) throws(VendorFileError) {
    var payload = 0..<file.bytes.count
    if Compression(of: file.bytes) != Compression.none {
      payload = try Self.payload(in: file.bytes)
    }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[payload])
    guard let compression = Compression(of: bytes) else { throw .unknownCompression(Array(bytes.prefix(9))) }
    self.file = file
    self.payload = payload
    self.compression = compression
  }

  /// The kernel, decompressed: an ELF file, and whatever follows it in the payload.
  package func kernel(limit: Int = kernelLimit) throws(VendorFileError) -> VendorObject.Contents {
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[payload])
    if compression == .none {
      return VendorObject.Contents(bytes) { [file] _ in withExtendedLifetime(file) {} }
    }
    let kernel = try GrowingBytes(limit: limit)
    try compression.decompress(bytes, into: kernel)
    return kernel.finish()
  }

  /// Where the compressed kernel lies in a bzImage.
  private static func payload(in file: UnsafeRawBufferPointer) throws(VendorFileError) -> Range<Int> {
    guard file.count >= 0x250, file[0x1fe] == 0x55, file[0x1ff] == 0xaa,
      file[0x202...].starts(with: [0x48, 0x64, 0x72, 0x53])  // HdrS
    else { throw .notABootImage }
    let fields = file.bindMemory(to: UInt8.self).span
    let version = fields.integer(UInt16.self, at: 0x206) ?? 0
    guard version >= 0x0208 else { throw .protocolTooOld(version) }
    // The real-mode sectors, of which there are 4 if the field says 0, and the boot sector before them.
    let setupSectors = Int(file[0x1f1] == 0 ? 4 : file[0x1f1])
    let offset = (setupSectors + 1) * 512 + Int(fields.integer(UInt32.self, at: 0x248) ?? 0)
    let byteCount = Int(fields.integer(UInt32.self, at: 0x24c) ?? 0)
    guard byteCount > 0, offset + byteCount <= file.count else {
      throw .payloadOutside(offset: offset, byteCount: byteCount, fileByteCount: file.count)
    }
    return offset..<offset + byteCount
  }
}

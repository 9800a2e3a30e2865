import KernelFormats
package import KernelModel

/// A kernel image as a boot loader takes it, and where in it the kernel proper lies.
///
/// A `vmlinuz` is a small loader with the compressed ELF kernel inside; a `vmlinux` is that ELF file itself; a unified kernel
/// image has a `vmlinuz` inside.
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
      let image = UnifiedImage(file.bytes, byteCount: file.bytes.count)?.kernel ?? payload
      payload = try Machine.bootPayload(in: UnsafeRawBufferPointer(rebasing: file.bytes[image]))
      payload = payload.lowerBound + image.lowerBound..<payload.upperBound + image.lowerBound
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
}

package import KernelModel

/// What was wanted of a vendor's kernel image: its build id, and the bytes at some link-time addresses.
package struct VendorImage: Hashable, Sendable {
  package let buildID: BuildID
  /// One for each region asked for; nil where the image holds nothing for all of it.
  package let contents: [[UInt8]?]
  /// Tables of pointers into the kernel that lie before the build id.
  package let tables: [Table]

  /// A long run of pointers into the kernel's image.
  package struct Table: Hashable, Sendable {
    /// Its link-time address.
    package let start: KernelAddress
    package let pointers: [UInt64]

    /// The pointers at `region`, link-time addresses, or nil if the table does not have all of them.
    func pointers(in region: MemoryRegion) -> [UInt64]? {
      guard MemoryRegion(start: start, byteCount: UInt64(pointers.count * 8)).contains(region),
        let offset = region.start.offset(from: start), offset.isMultiple(of: 8), region.byteCount.isMultiple(of: 8)
      else { return nil }
      return Array(pointers[Int(offset / 8)..<Int((offset + region.byteCount) / 8)])
    }
  }

  /// Reads the bytes at `regions`, link-time addresses, from a kernel image.
  ///
  /// Decompression stops once the regions and the build id have passed, so the compressed data's own checksum, at its
  /// end, is not verified; that the build id is right says that what was decompressed before it most likely is.
  /// Memory: what is kept, and the decoder's window, which is as large as what was decompressed, at most 128 MiB.
  package static func read(
    _ regions: [MemoryRegion], from source: any ByteSource
  ) throws(BootImageError) -> VendorImage {
    let image = try BootImage(source)
    var reader = KernelImageReader(regions: regions)
    try image.decode(into: &reader)
    return try reader.finish()
  }

  /// Reads the bytes at `regions`, link-time addresses, from the kernel image at `path`.
  package static func read(_ regions: [MemoryRegion], path: String) throws(BootImageError) -> VendorImage {
    let file = try ImageFile(path)
    return try read(regions, from: file)
  }
}

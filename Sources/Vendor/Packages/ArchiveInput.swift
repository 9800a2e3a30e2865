import Clzma

/// The bytes of a package's archive, as libarchive asks for them.
///
/// xz and lzma are decompressed here: libarchive sets no limit to the memory that such data may ask for.
final class ArchiveInput {
  private static let bufferByteCount = 256 << 10

  private let source: any ByteSource
  private let compression: Compression
  private var rest: Range<Int>
  private let compressed = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferByteCount, alignment: 16)
  private let decompressed = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferByteCount, alignment: 16)
  private var lzma: UnsafeMutablePointer<lzma_stream>?
  private var byteCount = 0
  /// Why the bytes could not be had.
  private(set) var failure: VendorFileError?

  init(_ source: any ByteSource, _ layout: PackageLayout) throws(VendorFileError) {
    self.source = source
    compression = layout.compression
    rest = layout.archive
    if compression == .xz || compression == .lzma {
      lzma = try Lzma.makeStream(compression == .xz ? .xz : .lzma, isConcatenated: true)
    }
  }

  deinit {
    if let lzma { Lzma.destroy(lzma) }
    compressed.deallocate()
    decompressed.deallocate()
  }

  /// Points `start` at the next bytes, and returns how many: 0 at the end, negative if they cannot be had.
  func next(_ start: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
    do throws(VendorFileError) {
      guard let lzma else {
        start?.pointee = UnsafeRawPointer(compressed.baseAddress)
        return try readOn()
      }
      start?.pointee = UnsafeRawPointer(decompressed.baseAddress)
      return try decompress(lzma)
    } catch {
      failure = error
      return -1
    }
  }

  /// Reads the next bytes into `compressed`, and returns how many there were.
  private func readOn() throws(VendorFileError) -> Int {
    let part = UnsafeMutableRawBufferPointer(rebasing: compressed.prefix(rest.count))
    let count = try source.read(at: rest.lowerBound, into: part)
    rest = count < part.count ? rest.upperBound..<rest.upperBound : rest.dropFirst(count)
    return count
  }

  private func decompress(_ lzma: UnsafeMutablePointer<lzma_stream>) throws(VendorFileError) -> Int {
    lzma.pointee.next_out = decompressed.bindMemory(to: UInt8.self).baseAddress
    lzma.pointee.avail_out = decompressed.count
    // Every turn reads on, or is the last.
    while true {
      if lzma.pointee.avail_in == 0, !rest.isEmpty {
        lzma.pointee.avail_in = try readOn()
        lzma.pointee.next_in = UnsafePointer(compressed.bindMemory(to: UInt8.self).baseAddress)
      }
      let isAll = rest.isEmpty
      let status = lzma_code(lzma, isAll ? LZMA_FINISH : LZMA_RUN)
      let produced = decompressed.count - lzma.pointee.avail_out
      if produced > 0 || status == LZMA_STREAM_END {
        byteCount += produced
        return produced
      }
      guard status == LZMA_OK, !isAll else { throw Lzma.failure(status, compression, decompressed: byteCount) }
    }
  }
}

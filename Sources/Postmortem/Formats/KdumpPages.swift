internal import KernelFormats

/// The pages of a kdump-compressed file, by their number among those that are in it.
final class KdumpPages {
  /// One page's descriptor (`page_desc` in diskdump_mod.h, makedumpfile 1.7.2).
  private struct Descriptor {
    static let byteCount = 24
    var offset: UInt64
    var size: UInt32
    /// How the page is compressed.
    var flags: UInt32

    init?(_ bytes: UnsafeRawBufferPointer) {
      guard bytes.count >= Self.byteCount else { return nil }
      offset = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
      size = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
      flags = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    }

    /// Whether nobody wrote this descriptor.
    var isBlank: Bool { offset == 0 && size == 0 }

    func ends(within byteCount: UInt64) -> Bool {
      offset <= byteCount && UInt64(size) <= byteCount - offset
    }
  }

  private let header: KdumpHeader
  private let count: UInt64
  private let source: any DumpSource
  private let descriptors: ReadAhead
  private let data: ReadAhead
  private let decompressor = PageDecompressor()

  init(_ header: KdumpHeader, count: UInt64, _ source: any DumpSource) {
    self.header = header
    self.count = count
    self.source = source
    descriptors = ReadAhead(source, largest: 64 << 10)
    data = ReadAhead(source, largest: 256 << 10)
  }

  /// Decompresses the page `number` into `page`.
  func read(_ number: UInt64, into page: UnsafeMutableRawBufferPointer) throws(SourceFault) {
    guard let descriptor = try descriptor(number) else { throw .truncated }
    // Of a file that was written to its end, no descriptor is blank.
    guard !descriptor.isBlank else { throw header.isIncomplete ? .truncated : .damaged }
    // Whoever compresses a page keeps it as it was if that is not shorter.
    guard Int(descriptor.size) <= page.count else { throw .damaged }
    let compressed = try data.bytes(at: descriptor.offset, count: Int(descriptor.size))
    guard compressed.count == Int(descriptor.size) else { throw .truncated }
    guard decompressor.decompress(compressed, flags: descriptor.flags, into: page) else { throw .damaged }
  }

  /// What of the pages is missing because the file ends early, in words; nil if nothing is.
  ///
  /// Looks at all descriptors only if the last ones, or the header, say that something is missing.
  func missing() throws(DumpError) -> String? {
    let last = count - min(count, Self.lastLooked)
    let lastMissing = try missingCount(last..<count)
    guard header.isIncomplete || lastMissing > 0 else { return nil }
    let looked = min(count, Self.mostLooked)
    let missing = try missingCount(0..<looked)
    guard missing > 0 || looked < count else { return nil }
    return "the file ends early: \(missing) of its \(count) pages are missing\(looked < count ? ", at least" : "")"
  }

  private static let lastLooked: UInt64 = 4096
  private static let mostLooked: UInt64 = 1 << 24

  private func missingCount(_ numbers: Range<UInt64>) throws(DumpError) -> UInt64 {
    var missing: UInt64 = 0
    for number in numbers {
      do throws(SourceFault) {
        guard let descriptor = try descriptor(number) else { return missing + (numbers.upperBound - number) }
        let isUnwritten = header.isIncomplete && descriptor.isBlank
        if isUnwritten || !descriptor.ends(within: source.byteCount) { missing += 1 }
      } catch {
        throw .unreadable(error)
      }
    }
    return missing
  }

  /// The descriptor of a page, or nil past the end of the file.
  private func descriptor(_ number: UInt64) throws(SourceFault) -> Descriptor? {
    let offset = header.descriptorOffset + number * UInt64(Descriptor.byteCount)
    return Descriptor(try descriptors.bytes(at: offset, count: Descriptor.byteCount))
  }
}

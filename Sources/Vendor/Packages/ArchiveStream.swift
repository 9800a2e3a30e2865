import Carchive

/// An archive in a package, decompressed by libarchive while it is read from front to back.
///
/// libarchive is told which compression to expect: left to guess, it would also unpack one compression in another,
/// without end. It reads tar; of cpio it only decompresses the bytes, because it takes a name of gigabytes for one.
final class ArchiveStream {
  private let archive: OpaquePointer
  private let input: ArchiveInput

  /// Opens the archive at `layout.archive` in `source`.
  init(_ source: any ByteSource, _ layout: PackageLayout) throws(VendorFileError) {
    guard let archive = archive_read_new() else { throw .noMemory(byteCount: 0, errno: 0) }
    self.archive = archive
    input = try ArchiveInput(source, layout)
    let filter = try Self.filter(layout.compression)
    let statuses = [
      layout.format == .tar ? archive_read_support_format_tar(archive) : archive_read_support_format_raw(archive),
      filter == 0 ? ARCHIVE_OK : archive_read_append_filter(archive, filter),
      // An apk is several in a row.
      layout.format == .tar
        ? archive_read_set_option(archive, "tar", "read_concatenated_archives", "1") : ARCHIVE_OK,
      archive_read_set_callback_data(archive, Unmanaged.passUnretained(input).toOpaque()),
      archive_read_set_read_callback(archive) { _, context, start in
        guard let context else { return -1 }
        return Unmanaged<ArchiveInput>.fromOpaque(context).takeUnretainedValue().next(start)
      },
      archive_read_open1(archive),
    ]
    guard statuses.allSatisfy({ $0 == ARCHIVE_OK }) else { throw failure }
  }

  deinit {
    archive_read_free(archive)
  }

  /// A file in a tar archive; cpio's bytes are one file without end.
  struct Header {
    /// Empty if it cannot be told.
    var name: String
    /// As in `st_mode`.
    var mode: UInt32
    var byteCount: Int64
  }

  /// The next file's header, or nil at the end.
  func next() throws(VendorFileError) -> Header? {
    var entry: OpaquePointer?
    // A few times more, if libarchive wants to try again.
    for _ in 0..<16 {
      switch archive_read_next_header(archive, &entry) {
      case ARCHIVE_OK, ARCHIVE_WARN:
        guard let entry else { throw failure }
        return Header(
          name: archive_entry_pathname(entry).map { String(cString: $0) } ?? "", mode: archive_entry_mode(entry),
          byteCount: archive_entry_size(entry))
      case ARCHIVE_EOF: return nil
      case ARCHIVE_RETRY: continue
      default: throw failure
      }
    }
    throw failure
  }

  /// Fills `bytes` with the next ones of the file; returns how many there were, fewer only at its end.
  func read(into bytes: UnsafeMutableRawBufferPointer) throws(VendorFileError) -> Int {
    var filled = 0
    while filled < bytes.count {
      let count = archive_read_data(archive, bytes.baseAddress.map { $0 + filled }, bytes.count - filled)
      guard count >= 0 else { throw failure }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  private var failure: VendorFileError {
    if let failure = input.failure { return failure }
    let problem = archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
    return .notAPackage("libarchive: \(problem)")
  }

  /// libarchive's number of a compression: ARCHIVE_FILTER_* in archive.h.
  private static func filter(_ compression: Compression) throws(VendorFileError) -> Int32 {
    switch compression {
    case .none: 0
    case .gzip: 1
    case .bzip2: 2
    // Already decompressed: see ``ArchiveInput``.
    case .lzma, .xz: 0
    // Its window is at most 128 MiB, libzstd's own default.
    case .zstd: 14
    case .lz4, .lzo: throw .notAPackage("its files are compressed by \(compression.rawValue), as in no package")
    }
  }
}

import Carchive
package import KernelModel

/// The files in a distribution's package (`.deb`, `.rpm`), read from front to back by libarchive.
///
/// What holds the archive is taken apart here, and libarchive is told which compression and which kind of archive to
/// expect: left to guess, it would also unpack one compression in another, without end. Nothing is written to disk.
package struct PackageReader {
  /// One file is never larger than this: the kernel with all its debugging information is below it.
  private static let largestFile: Int64 = 2 << 30
  /// All of a package's files; the largest kernel packages have 1 GB.
  private static let mostBytes: Int64 = 4 << 30
  private static let mostFiles = 200_000
  private static let largestPackage = 2 << 30

  private let package: any ByteSource
  private let layout: PackageLayout

  /// A file in the package.
  package struct Entry {
    /// Below the root, without a slash at its beginning: `boot/vmlinuz-6.1.0-56-amd64`.
    package let path: String
    package let byteCount: Int
  }

  package init(_ package: any ByteSource) throws(VendorFileError) {
    guard package.byteCount <= Self.largestPackage else {
      throw .tooLarge("the package", byteCount: UInt64(package.byteCount), limit: Self.largestPackage)
    }
    self.package = package
    layout = try PackageLayout(package)
  }

  /// Reads the files that are wanted, and hands each to `use`.
  ///
  /// - Parameters:
  ///   - isWanted: whether a plain file is to be read; the caller bounds its size.
  ///   - use: takes it, and says whether to go on.
  package func read(
    _ isWanted: (Entry) throws(VendorFileError) -> Bool,
    _ use: (Entry, VendorObject.Contents) -> Bool
  ) throws(VendorFileError) {
    guard let archive = archive_read_new() else { throw .noMemory(byteCount: 0, errno: 0) }
    defer { archive_read_free(archive) }
    let input = Input(package, range: layout.archive)
    try prepare(archive, input)
    var fileCount = 0
    var unpacked: Int64 = 0
    while let entry = try nextEntry(archive, input) {
      fileCount += 1
      // What a header promises is what skipping it may cost.
      let byteCount = archive_entry_size(entry)
      guard 0...Self.largestFile ~= byteCount else {
        throw .tooLarge("a file in it", byteCount: UInt64(clamping: byteCount), limit: Int(Self.largestFile))
      }
      unpacked += byteCount
      guard fileCount <= Self.mostFiles, unpacked <= Self.mostBytes else {
        throw .notAPackage("it has more than \(Self.mostFiles) files or \(Self.mostBytes) bytes")
      }
      guard archive_entry_filetype(entry) == 0o100000, let name = archive_entry_pathname(entry) else { continue }
      let file = Entry(path: Self.belowRoot(String(cString: name)), byteCount: Int(byteCount))
      guard try isWanted(file) else { continue }
      guard use(file, try contents(of: file, archive, input)) else { return }
    }
  }

  private func prepare(_ archive: OpaquePointer, _ input: Input) throws(VendorFileError) {
    // Codes of archive.h.
    let filter: Int32
    switch layout.compression {
    case .none: filter = 0
    case .gzip: filter = 1
    case .bzip2: filter = 2
    case .lzma: filter = 5
    case .xz: filter = 6
    case .zstd: filter = 14
    case .lz4, .lzo: throw .notAPackage("its files are compressed by \(layout.compression.rawValue), as in no package")
    }
    let statuses = [
      layout.format == .tar ? archive_read_support_format_tar(archive) : archive_read_support_format_cpio(archive),
      filter == 0 ? ARCHIVE_OK : archive_read_append_filter(archive, filter),
      archive_read_set_callback_data(archive, Unmanaged.passUnretained(input).toOpaque()),
      archive_read_set_read_callback(archive) { _, context, start in
        guard let context else { return -1 }
        return Unmanaged<Input>.fromOpaque(context).takeUnretainedValue().next(start)
      },
      archive_read_open1(archive),
    ]
    guard statuses.allSatisfy({ $0 == ARCHIVE_OK }) else { throw failure(archive, input) }
  }

  private func nextEntry(_ archive: OpaquePointer, _ input: Input) throws(VendorFileError) -> OpaquePointer? {
    var entry: OpaquePointer?
    // Room for a few headers that libarchive wants to try again.
    for _ in 0..<16 {
      switch archive_read_next_header(archive, &entry) {
      case ARCHIVE_OK, ARCHIVE_WARN: return entry
      case ARCHIVE_EOF: return nil
      case ARCHIVE_RETRY: continue
      default: throw failure(archive, input)
      }
    }
    throw failure(archive, input)
  }

  private func contents(
    of file: Entry, _ archive: OpaquePointer, _ input: Input
  ) throws(VendorFileError) -> VendorObject.Contents {
    let bytes = try GrowingBytes(limit: file.byteCount)
    while bytes.byteCount < file.byteCount {
      let room = bytes.room
      let count = archive_read_data(archive, room.baseAddress, room.count)
      guard count >= 0 else { throw failure(archive, input) }
      guard count > 0 else {
        throw .notAPackage("\(file.path) ends after \(bytes.byteCount) of \(file.byteCount) bytes")
      }
      bytes.advance(by: count)
    }
    return bytes.finish()
  }

  private func failure(_ archive: OpaquePointer, _ input: Input) -> VendorFileError {
    if let failure = input.failure { return failure }
    let problem = archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
    return .notAPackage("libarchive: \(problem)")
  }

  private static func belowRoot(_ path: String) -> String {
    var rest = path[...]
    while rest.hasPrefix("./") || rest.hasPrefix("/") { rest = rest.drop { $0 == "." }.dropFirst() }
    return String(rest)
  }

  /// The archive's bytes, as libarchive asks for them.
  private final class Input {
    private let source: any ByteSource
    private var rest: Range<Int>
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    private(set) var failure: VendorFileError?

    init(_ source: any ByteSource, range: Range<Int>) {
      self.source = source
      rest = range
    }

    deinit {
      buffer.deallocate()
    }

    /// Points `start` at the next bytes, and returns how many: 0 at the end, negative if they cannot be read.
    func next(_ start: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(rest.count))
      do throws(VendorFileError) {
        let count = try source.read(at: rest.lowerBound, into: part)
        rest = rest.dropFirst(count)
        if count < part.count { rest = rest.lowerBound..<rest.lowerBound }
        start?.pointee = UnsafeRawPointer(part.baseAddress)
        return count
      } catch {
        failure = error
        return -1
      }
    }
  }
}

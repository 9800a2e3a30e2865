package import KernelModel

/// The files in a distribution's package (`.deb`, `.rpm`, `.pkg.tar.zst`, `.apk`), read from front to back.
///
/// Nothing is written to disk.
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

  /// The files with which a `.deb` describes itself.
  init(controlOf package: any ByteSource) throws(VendorFileError) {
    self.package = package
    layout = try PackageLayout.ofDebControl(package)
  }

  /// Reads the files that are wanted, and hands each to `use`.
  ///
  /// - Parameters:
  ///   - isWanted: whether a plain file is to be read; the caller bounds its size.
  ///   - use: takes it, and says whether to go on.
  package func read(
    _ isWanted: (Entry) throws(VendorFileError) -> Bool, _ use: (Entry, VendorObject.Contents) -> Bool
  ) throws(VendorFileError) {
    let stream = try ArchiveStream(package, layout)
    var cpio = layout.format == .cpio ? try CpioReader(stream) : nil
    var fileCount = 0
    var unpacked: Int64 = 0
    while true {
      guard let header = cpio == nil ? try stream.next() : try cpio?.next() else { return }
      fileCount += 1
      // What a header promises is what skipping it may cost.
      guard 0...Self.largestFile ~= header.byteCount else {
        throw .tooLarge(
          "a file in it", byteCount: UInt64(clamping: header.byteCount), limit: Int(Self.largestFile))
      }
      unpacked += header.byteCount
      guard fileCount <= Self.mostFiles, unpacked <= Self.mostBytes else {
        throw .notAPackage("it has more than \(Self.mostFiles) files or \(Self.mostBytes) bytes")
      }
      // S_IFMT and S_IFREG: a plain file.
      guard header.mode & 0o170000 == 0o100000 else { continue }
      let entry = Entry(path: Self.belowRoot(header.name), byteCount: Int(header.byteCount))
      guard !entry.path.isEmpty, try isWanted(entry) else { continue }
      let bytes = try GrowingBytes(limit: entry.byteCount)
      let room = UnsafeMutableRawBufferPointer(rebasing: bytes.room.prefix(entry.byteCount))
      bytes.advance(by: cpio == nil ? try stream.read(into: room) : try cpio?.read(into: room) ?? 0)
      guard bytes.byteCount == entry.byteCount else {
        throw .notAPackage("\(entry.path) ends after \(bytes.byteCount) of \(entry.byteCount) bytes")
      }
      guard use(entry, bytes.finish()) else { return }
    }
  }

  private static func belowRoot(_ path: String) -> String {
    var rest = path[...]
    while rest.hasPrefix("./") || rest.hasPrefix("/") { rest = rest.drop { $0 == "." }.dropFirst() }
    return String(rest)
  }
}

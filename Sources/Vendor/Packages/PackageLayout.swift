/// Where in a package the archive of its files lies, and what kind of archive that is.
struct PackageLayout {
  enum Format {
    case tar
    case cpio
  }

  let format: Format
  let archive: Range<Int>
  let compression: Compression

  /// How pacman's packages are compressed, and apk's: a signature, a description and the files, each a gzip stream with a part
  /// of one tar archive (apk-package(5)).
  private static let ofArchives: Set<Compression> = [.gzip, .xz, .zstd]

  /// Members of a `.deb`: there are three or four.
  private static let mostMembers = 16

  /// Whether a file that begins so is a package; of pacman's and apk's, which are nothing but a compressed archive, the name
  /// says it.
  static func isPackage(_ head: [UInt8]) -> Bool {
    head.starts(with: debMagic) || head.starts(with: rpmMagic)
  }

  private static let debMagic = Array("!<arch>\n".utf8)
  private static let rpmMagic: [UInt8] = [0xed, 0xab, 0xee, 0xdb]

  init(_ package: any ByteSource) throws(VendorFileError) {
    let head = try package.bytes(0..<8)
    if head.starts(with: Self.debMagic) {
      format = .tar
      archive = try Self.debMember("data.tar", package)
    } else if head.starts(with: Self.rpmMagic) {
      format = .cpio
      archive = try Self.rpmArchive(package)
    } else if let compression = head.withUnsafeBytes({ Compression(of: $0) }), Self.ofArchives.contains(compression) {
      format = .tar
      archive = 0..<package.byteCount
    } else {
      throw .notAPackage("it is no .deb, .rpm, .pkg.tar.zst or .apk")
    }
    let start = try package.bytes(archive.lowerBound..<min(archive.lowerBound + 16, archive.upperBound))
    // An archive that is not compressed begins with a file's name, or with cpio's magic.
    compression = start.withUnsafeBytes { Compression(of: $0) } ?? .none
  }

  /// The description of itself in a `.deb`, a tar archive.
  static func ofDebControl(_ package: any ByteSource) throws(VendorFileError) -> PackageLayout {
    let archive = try debMember("control.tar", package)
    let start = try package.bytes(archive.lowerBound..<min(archive.lowerBound + 16, archive.upperBound))
    return PackageLayout(
      format: .tar, archive: archive, compression: start.withUnsafeBytes { Compression(of: $0) } ?? .none)
  }

  private init(format: Format, archive: Range<Int>, compression: Compression) {
    (self.format, self.archive, self.compression) = (format, archive, compression)
  }

  /// A member, such as `data.tar*`, of the ar archive that a `.deb` is.
  ///
  /// Source: deb(5); ar(5): 60 bytes before each member, of which 16 are the name and 10 from byte 48 on the size in
  /// decimal digits; members begin at even offsets.
  private static func debMember(
    _ name: String, _ package: any ByteSource
  ) throws(VendorFileError) -> Range<Int> {
    var position = debMagic.count
    for _ in 0..<mostMembers {
      let header = try package.bytes(position..<position + 60)
      guard header.count == 60 else { break }
      let digits = String(decoding: header[48..<58].prefix { $0 != 0x20 }, as: UTF8.self)
      let start = position + 60
      guard let byteCount = Int(digits), byteCount >= 0, byteCount <= package.byteCount - start else {
        throw .notAPackage("a member of it at byte \(position) has \"\(digits)\" bytes")
      }
      if header.starts(with: Array(name.utf8)) { return start..<start + byteCount }
      position = start + byteCount + byteCount % 2
    }
    throw .notAPackage("it has no member \(name)")
  }

  private static func rpmArchive(_ package: any ByteSource) throws(VendorFileError) -> Range<Int> {
    let position = try rpmHeader(package).upperBound
    guard position < package.byteCount else { throw .notAPackage("it ends before its files") }
    return position..<package.byteCount
  }

  /// The package's own header, behind its magic.
  static func rpmHeader(_ package: any ByteSource) throws(VendorFileError) -> Range<Int> {
    try rpmHeaders(package).own
  }

  /// The header with the signatures, after the lead of 96 bytes, and the package's own one after that, padded to 8 bytes; each
  /// without its magic of 8 bytes.
  ///
  /// Source: rpm's docs/manual/format.md (4.18).
  static func rpmHeaders(_ package: any ByteSource) throws(VendorFileError) -> (signatures: Range<Int>, own: Range<Int>)
  {
    let signatures = try rpmHeader(package, at: 96)
    return (signatures, try rpmHeader(package, at: (signatures.upperBound + 7) & ~7))
  }

  /// Before each header stands this, and four zeros.
  static let rpmHeaderMagic: [UInt8] = [0x8e, 0xad, 0xe8, 0x01]

  private static func rpmHeader(_ package: any ByteSource, at position: Int) throws(VendorFileError) -> Range<Int> {
    let intro = try package.bytes(position..<position + 16)
    guard intro.count == 16, intro.starts(with: rpmHeaderMagic) else {
      throw .notAPackage("it has no rpm header at byte \(position)")
    }
    let (entryCount, dataByteCount) = try RpmHeader.sizes(Array(intro[8...]))
    return position + 8..<position + 16 + entryCount * 16 + dataByteCount
  }
}

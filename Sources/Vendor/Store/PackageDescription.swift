import Cryptography
import Files
import KernelModel

/// What a package says of itself, before its files are read.
enum PackageDescription {
  /// No description has a hundredth of it.
  private static let limit = 1 << 20

  static func read(_ package: OpenedFile) throws(VendorFileError) -> PackageIdentity {
    let head = try package.bytes(0..<8)
    let fields =
      if PackageLayout.isPackage(head), head.first == 0xed {
        try rpm(package)
      } else if PackageLayout.isPackage(head) {
        try lines(
          PackageReader(controlOf: package), "control", between: ":",
          ["Package", "Version", "Architecture", "Maintainer"])
      } else {
        // PKGINFO(5) of pacman; apk-package(5) has the same form.
        try lines(PackageReader(package), ".PKGINFO", between: "=", ["pkgname", "pkgver", "arch", "packager"])
      }
    return PackageIdentity(
      name: fields[0], version: fields[1], architecture: fields[2], maker: fields[3],
      file: FileNames.lastComponent(package.path), byteCount: package.byteCount, digest: try digest(package))
  }

  private static func rpm(_ package: OpenedFile) throws(VendorFileError) -> [String] {
    let bytes = try package.bytes(PackageLayout.rpmHeader(package))
    return try bytes.withUnsafeBytes { raw in
      Result { () throws(VendorFileError) in
        let header = try RpmHeader(raw)
        let version = [RpmHeader.Tag.version, .release].compactMap { header.text($0) }.joined(separator: "-")
        return [
          header.text(.name) ?? "", version, header.text(.architecture) ?? "", header.text(.vendor) ?? "",
        ]
      }
    }.get()
  }

  /// The values of `keys` in a file of the package's own, a line each: `Package: linux-image-6.1.0-56-amd64`.
  private static func lines(
    _ reader: PackageReader, _ name: String, between separator: Character, _ keys: [String]
  ) throws(VendorFileError) -> [String] {
    var text = ""
    try reader.read { (entry) throws(VendorFileError) in
      entry.path == name && entry.byteCount <= limit
    } _: { _, contents in
      text = contents.withBytes { String(decoding: $0, as: UTF8.self) }
      return false
    }
    guard !text.isEmpty else { throw .notAPackage("it has no file \(name), in which it would describe itself") }
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") where line.first != " " {
      guard let end = line.firstIndex(of: separator) else { continue }
      let key = line[..<end].drop { $0 == " " }.prefix { $0 != " " }
      values[String(key)] = String(line[line.index(after: end)...].drop { $0 == " " })
    }
    return keys.map { values[$0] ?? "" }
  }

  private static func digest(_ package: OpenedFile) throws(VendorFileError) -> String {
    do throws(FileFault) {
      return try FileDigest(of: package).sha256
    } catch {
      throw .file(error)
    }
  }
}

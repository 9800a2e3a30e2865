import Cryptography
import Files
import Glibc
import KernelModel

/// A repository's list of packages, `Packages`, of which only the packages' SHA-256 are of use.
///
/// Source: https://wiki.debian.org/DebianRepository/Format, "Packages" indices.
struct PackageList {
  /// The list's own digests, as it was brought and without its compression.
  let digests: [String]
  let packages: Set<String>

  /// Compressed, and not; Debian's have 9 MB and 50 MB.
  private static let largest = 256 << 20
  private static let largestPlain = 1 << 30
  /// Of LZ4's frames, in which apt may keep lists: lz4's doc/lz4_Frame_format.md (1.9.4).
  private static let lz4Frame: [UInt8] = [0x04, 0x22, 0x4d, 0x18]

  init(_ path: String) throws(VendorFileError) {
    let file = try OpenedFile.contents(of: path, limit: Self.largest)
    if file.bytes.starts(with: Self.lz4Frame) {
      throw .unsigned("it is compressed by LZ4: give what '/usr/lib/apt/apt-helper cat-file \(path)' prints")
    }
    var plain = file
    if let compression = Compression(of: file.bytes), compression != .none {
      let bytes = try GrowingBytes(limit: Self.largestPlain)
      try file.withBytes { (raw) throws(VendorFileError) in try compression.decompress(raw, into: bytes) }
      plain = bytes.finish()
    }
    digests = [file, plain].map { $0.withBytes { Digest.sha256.of($0) } }
    packages = plain.withBytes(Self.packages)
  }

  /// The values of all lines `SHA256: …`; what continues a field begins with a blank.
  private static func packages(_ text: UnsafeRawBufferPointer) -> Set<String> {
    let key = Array("SHA256: ".utf8)
    var found: Set<String> = []
    text.forEachLine { line in
      guard line.count == key.count + 64, line.hasPrefix(key) else { return }
      let digest = String(decoding: line.dropFirst(key.count), as: UTF8.self)
      if KernelStore.isDigest(digest) { found.insert(digest) }
    }
    return found
  }
}

import TestKernel
package import Vendor

/// Writes small packages, right or wrong.
package enum SamplePackage {
  package typealias File = (path: String, bytes: [UInt8])

  /// Packages of one small file, in Debian's form and rpm's: every bit of them is flipped by a test.
  package static let samples: [[UInt8]] = {
    let files: [File] = [("lib/modules/6.1/x.ko", [1, 2, 3])]
    // A library that fails to compress leaves one sample fewer.
    return [
      ar([("debian-binary", Array("2.0\n".utf8)), ("data.tar", tar(files))]),
      try? deb(files, .xz), try? rpm(files, .zstd),
    ].compactMap { $0 }
  }()

  // MARK: - Debian

  package static func deb(
    _ files: [File], _ compression: Compression, control: String = "\n"
  ) throws -> [UInt8] {
    let data = try SampleCompression.compress(tar(files), compression)
    let suffix = compression == .none ? "" : "." + (compression == .zstd ? "zst" : compression.rawValue)
    return ar([
      ("debian-binary", Array("2.0\n".utf8)), ("control.tar", tar([("./control", Array(control.utf8))])),
      ("data.tar" + suffix, data),
    ])
  }

  package static func ar(_ members: [File]) -> [UInt8] {
    var archive = Array("!<arch>\n".utf8)
    for member in members {
      archive += text(member.path, 16)
      archive += text("0", 12)
      archive += text("0", 6)
      archive += text("0", 6)
      archive += text("100644", 8)
      archive += text("\(member.bytes.count)", 10)
      archive += [0x60, 0x0a] as [UInt8]
      archive += member.bytes
      if member.bytes.count % 2 == 1 { archive.append(0x0a) }
    }
    return archive
  }

  /// With `byteCount`, the first file's header promises so many bytes.
  package static func tar(_ files: [File], byteCount: Int? = nil) -> [UInt8] {
    var archive: [UInt8] = []
    for (index, file) in files.enumerated() {
      let promised = index == 0 ? byteCount ?? file.bytes.count : file.bytes.count
      var header = text("./" + file.path, 100, fill: 0)
      for field in [octal(0o644, 8), octal(0, 8), octal(0, 8), octal(promised, 12), octal(0, 12)] { header += field }
      header += text("        ", 8)
      header.append(0x30)
      header += text("", 100, fill: 0)
      header += Array("ustar".utf8)
      header += text("", 1, fill: 0)
      header += Array("00".utf8)
      header += text("", 512 - 265, fill: 0)
      let sum = header.reduce(0) { $0 + Int($1) }
      header.replaceSubrange(148..<156, with: octal(sum, 7) + [0x20])
      archive += header
      archive += file.bytes
      archive += text("", (512 - file.bytes.count % 512) % 512, fill: 0)
    }
    return archive + [UInt8](repeating: 0, count: 1024)
  }

  // MARK: - pacman and apk

  /// A compressed tar archive with a description of itself.
  package static func pacman(_ files: [File], information: String) throws -> [UInt8] {
    try SampleCompression.compress(tar([(".PKGINFO", Array(information.utf8))] + files), .zstd)
  }

  /// Three gzip streams: a signature, a description, the files.
  ///
  /// Only the last tar archive has an end.
  package static func apk(_ files: [File], information: String) throws -> [UInt8] {
    let first = try [(".SIGN.RSA.sample", [UInt8](repeating: 7, count: 256)), (".PKGINFO", Array(information.utf8))]
      .flatMap { try SampleCompression.compress(tar([$0]).dropLast(1024) + [], .gzip) }
    return first + (try SampleCompression.compress(tar(files), .gzip))
  }

  // MARK: - rpm

  package static func rpm(_ files: [File], _ compression: Compression) throws -> [UInt8] {
    let magic: [UInt8] = [0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0]
    var package: [UInt8] = [0xed, 0xab, 0xee, 0xdb, 3, 0]
    package += text("", 90, fill: 0)
    package += magic
    package += rpmHeader([])
    package += text("", (8 - package.count % 8) % 8, fill: 0)
    package += magic
    package += sampleHeader(files.map { ("/" + $0.path, "00") })
    package += try SampleCompression.compress(cpio(files), compression)
    return package
  }

  /// One entry of an rpm header.
  package enum Value {
    case text(String)
    case texts([String])
    case numbers([UInt32])
  }

  package static func sampleHeader(_ files: [(path: String, digest: String)], algorithm: UInt32 = 8) -> [UInt8] {
    let split = files.map { file in
      let end = file.path.lastIndex(of: "/").map { file.path.index(after: $0) } ?? file.path.startIndex
      return (folder: String(file.path[..<end]), name: String(file.path[end...]))
    }
    return rpmHeader([
      (1000, .text("kernel-core")), (1001, .text("6.1")), (1002, .text("3.el9")),
      (1035, .texts(files.map(\.digest))), (1116, .numbers(files.indices.map { UInt32($0) })),
      (1117, .texts(split.map(\.name))), (1118, .texts(split.map(\.folder))), (5011, .numbers([algorithm])),
    ])
  }

  /// The header from its two sizes on, as rpm's database keeps it.
  package static func rpmHeader(_ values: [(tag: UInt32, value: Value)]) -> [UInt8] {
    var index: [UInt8] = []
    var data: [UInt8] = []
    for (tag, value) in values {
      let type: UInt32
      let count: Int
      let bytes: [UInt8]
      switch value {
      case .text(let text): (type, count, bytes) = (6, 1, Array(text.utf8) + [0])
      case .texts(let texts): (type, count, bytes) = (8, texts.count, texts.flatMap { Array($0.utf8) + [0] })
      case .numbers(let numbers):
        (type, count, bytes) = (4, numbers.count, numbers.flatMap { big($0) })
        data += [UInt8](repeating: 0, count: (4 - data.count % 4) % 4)
      }
      for number in [tag, type, UInt32(data.count), UInt32(count)] { index += big(number) }
      data += bytes
    }
    var header = big(UInt32(values.count))
    header += big(UInt32(data.count))
    header += index
    header += data
    return header
  }

  /// The "new" format of cpio.
  private static func cpio(_ files: [File]) -> [UInt8] {
    var archive: [UInt8] = []
    for file in files.map({ ("./" + $0.path, $0.bytes) }) + [("TRAILER!!!", [])] {
      let name = Array(file.0.utf8) + [0]
      let fields = [1, 0o100644, 0, 0, 1, 0, file.1.count, 0, 0, 0, 0, name.count, 0]
      archive += Array("070701".utf8)
      archive += fields.flatMap { hexadecimal($0) }
      archive += name
      archive += [UInt8](repeating: 0, count: (4 - archive.count % 4) % 4)
      archive += file.1
      archive += [UInt8](repeating: 0, count: (4 - archive.count % 4) % 4)
    }
    return archive
  }

  // MARK: - Fields

  private static func text(_ text: String, _ count: Int, fill: UInt8 = 0x20) -> [UInt8] {
    let bytes = Array(text.utf8.prefix(count))
    return bytes + [UInt8](repeating: fill, count: count - bytes.count)
  }

  /// `count` bytes, the last of them NUL.
  private static func octal(_ value: Int, _ count: Int) -> [UInt8] {
    let digits = String(value, radix: 8)
    return Array((String(repeating: "0", count: max(0, count - 1 - digits.count)) + digits).utf8) + [0]
  }

  private static func hexadecimal(_ value: Int) -> [UInt8] {
    let digits = String(value, radix: 16)
    return Array((String(repeating: "0", count: max(0, 8 - digits.count)) + digits).utf8)
  }

  private static func big(_ value: UInt32) -> [UInt8] {
    little(value).reversed()
  }
}

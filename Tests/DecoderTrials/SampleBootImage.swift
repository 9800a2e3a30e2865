import Vendor

/// A kernel of little more than a kilobyte, and bzImages around it.
package enum SampleBootImage {
  /// A table of 128 pointers, a build id, and what follows the ELF file in a payload.
  package static let vmlinux: [UInt8] = {
    let table = (0..<128).map { 0xffff_ffff_8100_0000 + UInt64($0) * 16 }.flatMap { little($0) }
    let note = SampleCoreFile.note("GNU", type: 3, Array(1...20))
    let object = SampleObject(sections: [
      SampleObject.Section(".rodata", address: 0xffff_ffff_8100_0000, table),
      SampleObject.Section(".bss", type: 8, address: 0xffff_ffff_8200_0000, [], byteCount: 1 << 20),
      SampleObject.Section(".notes", type: 7, address: 0xffff_ffff_8100_0400, note),
    ])
    return object.file + little(UInt32(0)) + little(UInt32(0x8100_0008))
  }()

  /// The kernel in each compression, and an image with it.
  package static let samples: [[UInt8]] = {
    let payloads = Compression.allCases.compactMap { compression in
      // A library that fails to compress leaves one sample fewer.
      (try? SampleCompression.compress(vmlinux, compression)).map {
        $0 + (compression == .gzip ? [] : little(UInt32(vmlinux.count)))
      }
    }
    let images = payloads.dropFirst().prefix(1).map { file(payload: $0) }
    return payloads + images + images.map { unified([(".uname", Array("6.12".utf8)), (".linux", $0)]) }
  }()

  /// A bzImage with this payload.
  package static func file(payload: [UInt8], setupSectors: UInt8 = 1, version: UInt16 = 0x020f) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: (Int(setupSectors == 0 ? 4 : setupSectors) + 1) * 512)
    header[0x1f1] = setupSectors
    header.replaceSubrange(0x1fe..<0x206, with: [0x55, 0xaa, 0xeb, 0x66, 0x48, 0x64, 0x72, 0x53])
    header.replaceSubrange(0x206..<0x208, with: little(version))
    // The decompressor's own code lies before the payload, and more behind it.
    let loader = [UInt8](repeating: 0xcc, count: 0x2cc)
    header.replaceSubrange(0x248..<0x24c, with: little(UInt32(loader.count)))
    header.replaceSubrange(0x24c..<0x250, with: little(UInt32(payload.count)))
    return header + loader + payload + [UInt8](repeating: 0, count: 100)
  }

  /// The same image, saying that it is of a release.
  package static func named(_ image: [UInt8], _ release: String) -> [UInt8] {
    var image = image
    let text = Array("\(release) (builder@host) #1 SMP".utf8) + [0]
    image.replaceSubrange(0x20e..<0x210, with: little(UInt16(0x80)))
    image.replaceSubrange(0x280..<0x280 + text.count, with: text)
    return image
  }

  /// A unified kernel image: headers of a program for EFI firmware, and sections with these contents.
  package static func unified(_ sections: [(name: String, contents: [UInt8])]) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 0x400)
    header.replaceSubrange(0..<2, with: Array("MZ".utf8))
    header.replaceSubrange(0x3c..<0x40, with: little(UInt32(0x80)))
    header.replaceSubrange(0x80..<0x86, with: Array("PE".utf8) + [0, 0, 0x64, 0x86])
    header.replaceSubrange(0x86..<0x88, with: little(UInt16(sections.count)))
    header.replaceSubrange(0x94..<0x96, with: little(UInt16(0xf0)))
    var file: [UInt8] = []
    for (index, section) in sections.enumerated() {
      let place = 0x80 + 24 + 0xf0 + index * 40
      let padded = section.contents + [UInt8](repeating: 0, count: -section.contents.count & 0x1ff)
      header.replaceSubrange(place..<place + section.name.utf8.count, with: Array(section.name.utf8))
      header.replaceSubrange(place + 8..<place + 12, with: little(UInt32(section.contents.count)))
      header.replaceSubrange(place + 16..<place + 20, with: little(UInt32(padded.count)))
      header.replaceSubrange(place + 20..<place + 24, with: little(UInt32(header.count + file.count)))
      file += padded
    }
    return header + file
  }

  private static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    SampleCompression.littleEndian(value)
  }
}

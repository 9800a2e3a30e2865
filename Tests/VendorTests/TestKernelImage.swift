import DecoderTrials
import KernelModel

@testable import Vendor

/// A small kernel such as a linker would leave it, with a table of pointers and a build id, and the bzImage around it.
struct TestKernelImage {
  static let link = KernelAddress(0xffff_ffff_8100_0000)
  /// 160 pointers, some way into the text, past the first pieces that a decoder gives.
  static let table = MemoryRegion(start: KernelAddress(0xffff_ffff_8100_0000 + 150_000), byteCount: 1280)
  static let textByteCount = 200_000

  var buildID: [UInt8] = Array(1...20)
  var pointers: [UInt64] = (0..<160).map { 0xffff_ffff_8100_1000 + $0 * 64 }
  var notes: [UInt8]?
  /// What is wrong with it.
  var damage: (inout SampleObject) -> Void = { _ in }
  /// Bytes behind the ELF file, where the kernel's build puts the relocations.
  var tail = [UInt8](repeating: 0x90, count: 300_000)

  /// Text that compresses badly, so that it comes in several pieces.
  private static let text = noise(textByteCount)

  /// Bytes without pattern, always the same.
  static func noise(_ count: Int) -> [UInt8] {
    var state: UInt32 = 1
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
  }

  /// The ELF file, and the tail.
  func vmlinux() -> [UInt8] {
    let noteBytes = notes ?? Self.note(name: "Linux", type: 6, [0]) + Self.note(name: "GNU", type: 3, buildID)
    var text = Self.text
    text.replaceSubrange(150_000..<151_280, with: pointers.flatMap { SampleCompression.littleEndian($0) })
    var object = SampleObject(sections: [
      SampleObject.Section(".text", flags: 6, address: Self.link.rawValue, text),
      SampleObject.Section(".notes", type: 7, address: 0xffff_ffff_8104_0000, noteBytes),
      SampleObject.Section(".bss", type: 8, address: 0xffff_ffff_8105_0000, [], byteCount: 1 << 20),
    ])
    damage(&object)
    return object.file + tail
  }

  /// The bzImage around the compressed ELF file.
  func bzImage(_ compression: Compression) throws -> [UInt8] {
    let kernel = vmlinux()
    var payload = try SampleCompression.compress(kernel, compression)
    // All but gzip, which has it already, get the size appended: scripts/Makefile.lib, size_append (Linux 7.2).
    if compression != .gzip { payload += SampleCompression.littleEndian(UInt32(kernel.count)) }
    return Self.bzImage(payload: payload)
  }

  static func bzImage(payload: [UInt8], setupSectors: UInt8 = 2, version: UInt16 = 0x020f) -> [UInt8] {
    SampleBootImage.file(payload: payload, setupSectors: setupSectors, version: version)
  }

  static func note(name: String, type: UInt32, _ descriptor: [UInt8]) -> [UInt8] {
    let name = Array(name.utf8) + [0]
    let padded = { (bytes: [UInt8]) in bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4) }
    return SampleCompression.littleEndian(UInt32(name.count)) + SampleCompression.littleEndian(UInt32(descriptor.count))
      + SampleCompression.littleEndian(type) + padded(name) + padded(descriptor)
  }
}

import DecoderTrials
import KernelModel

@testable import Baseline

/// A small kernel such as a linker would leave it, with a table of pointers and a build id, and the bzImage around it.
struct TestKernelImage {
  static let link = KernelAddress(0xffff_ffff_8100_0000)
  /// 160 pointers, some way into the text, past the first pieces that a decoder gives.
  static let table = MemoryRegion(start: KernelAddress(0xffff_ffff_8100_0000 + 150_000), byteCount: 1280)
  static let textOffset = 4096
  static let textByteCount = 200_000
  static let notesOffset = textOffset + 190_000

  var buildID: [UInt8] = Array(1...20)
  var pointers: [UInt64] = (0..<160).map { 0xffff_ffff_8100_1000 + $0 * 64 }
  var notes: [UInt8]?
  var type: UInt16 = 2
  var machine: UInt16 = 62
  var programHeaderOffset: UInt64 = 64
  var notesProgramHeader: (offset: UInt64, byteCount: UInt64)?
  var loadProgramHeader: (address: UInt64, offset: UInt64, byteCount: UInt64)?
  /// Bytes behind all that is ever wanted.
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

  /// The ELF file.
  func vmlinux() -> [UInt8] {
    let noteBytes = notes ?? Self.note(name: "Linux", type: 6, [0]) + Self.note(name: "GNU", type: 3, buildID)
    let load = loadProgramHeader ?? (Self.link.rawValue, UInt64(Self.textOffset), UInt64(Self.textByteCount))
    let note = notesProgramHeader ?? (UInt64(Self.notesOffset), UInt64(noteBytes.count))
    var elf: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
    elf += little(type) + little(machine) + little(UInt32(1)) + little(UInt64(0x100_0000))
    elf += little(programHeaderOffset) + little(UInt64(0)) + little(UInt32(0))
    elf += little(UInt16(64)) + little(UInt16(56)) + little(UInt16(2)) + little(UInt16(64)) + little(UInt32(0))
    elf += programHeader(1, offset: load.1, address: load.0, load.2)
    elf += programHeader(4, offset: note.offset, address: 0xffff_ffff_8102_e630, note.byteCount)
    elf += [UInt8](repeating: 0, count: Self.textOffset - elf.count)
    var text = Self.text
    text.replaceSubrange(150_000..<151_280, with: pointers.flatMap { little($0) })
    let notesStart = Self.notesOffset - Self.textOffset
    text.replaceSubrange(notesStart..<notesStart + noteBytes.count, with: noteBytes)
    return elf + text + tail
  }

  /// The bzImage around the compressed ELF file.
  func bzImage(_ compression: Compression) throws -> [UInt8] {
    let kernel = vmlinux()
    var payload = try SampleCompression.compress(kernel, compression)
    // All but gzip, which has it already, get the size appended: scripts/Makefile.lib, size_append (Linux 7.2).
    if compression != .gzip { payload += little(UInt32(kernel.count)) }
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

  private func programHeader(_ type: UInt32, offset: UInt64, address: UInt64, _ byteCount: UInt64) -> [UInt8] {
    little(type) + little(UInt32(5)) + little(offset) + little(address) + little(UInt64(0)) + little(byteCount)
      + little(byteCount) + little(UInt64(0x20_0000))
  }

  private func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    SampleCompression.littleEndian(value)
  }
}

import TestKernel

/// Writes small core files, right or wrong.
package struct SampleCoreFile {
  package struct Segment {
    package var type: UInt32 = 1
    package var flags: UInt32 = 7
    package var fileOffset: UInt64 = 0x1000
    package var address: UInt64
    package var physicalAddress: UInt64 = .max
    package var fileByteCount: UInt64
    package var memoryByteCount: UInt64

    /// A load segment of `byteCount` bytes at `address`.
    package init(address: UInt64, byteCount: UInt64) {
      self.address = address
      fileByteCount = byteCount
      memoryByteCount = byteCount
    }
  }

  package var segments: [Segment]

  package init(segments: [Segment]) {
    self.segments = segments
  }

  /// A live kernel's core file with kernel text, a direct map and a note segment, as `/proc/kcore` has them.
  package static var kcore: SampleCoreFile {
    var note = Segment(address: 0, byteCount: 0)
    note.type = 4
    note.flags = 0
    note.fileOffset = 64 + 3 * 56
    note.fileByteCount = 200
    note.physicalAddress = 0
    var text = Segment(address: 0xffff_ffff_8100_0000, byteCount: 0x200_0000)
    text.fileOffset = 0x7fff_8100_3000
    text.physicalAddress = 0x100_0000
    var directMap = Segment(address: 0xffff_8880_0000_1000, byteCount: 0x9_e000)
    directMap.fileOffset = 0x4000
    directMap.physicalAddress = 0x1000
    return SampleCoreFile(segments: [note, text, directMap])
  }

  package var table: [UInt8] {
    var bytes: [UInt8] = []
    for segment in segments {
      bytes += little(segment.type)
      bytes += little(segment.flags)
      let numbers = [
        segment.fileOffset, segment.address, segment.physicalAddress, segment.fileByteCount, segment.memoryByteCount,
        0x1000,
      ]
      for number in numbers { bytes += little(number) }
    }
    return bytes
  }

  package var header: [UInt8] {
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    bytes += little(UInt16(4))  // ET_CORE
    bytes += little(UInt16(62))  // EM_X86_64
    bytes += little(UInt32(1))
    for number: UInt64 in [0, 64, 0] { bytes += little(number) }
    bytes += little(UInt32(0))
    for number: UInt16 in [64, 56, UInt16(truncatingIfNeeded: segments.count), 0, 0, 0] { bytes += little(number) }
    return bytes
  }

  /// One note, padded to four bytes.
  package static func note(_ name: String, type: UInt32, _ descriptor: [UInt8]) -> [UInt8] {
    let named = Array(name.utf8) + [0]
    var bytes = little(UInt32(named.count))
    bytes += little(UInt32(descriptor.count))
    bytes += little(type)
    bytes += padded(named)
    bytes += padded(descriptor)
    return bytes
  }

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }
}

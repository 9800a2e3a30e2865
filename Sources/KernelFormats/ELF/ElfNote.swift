package import KernelModel

/// One note: of a core file's note segment, or of `/sys/kernel/notes`.
///
/// Layout: include/uapi/linux/elf.h (`Elf64_Nhdr`), Linux v6.12; name and descriptor are each padded to four bytes.
package struct ElfNote: Hashable, Sendable {
  /// Who defined it: `CORE`, `GNU`, `Linux`, `VMCOREINFO`; without the final NUL.
  package var name: String
  package var type: UInt32
  package var descriptor: [UInt8]

  package init(name: String, type: UInt32, descriptor: [UInt8]) {
    self.name = name
    self.type = type
    self.descriptor = descriptor
  }

  /// All notes in `bytes`, in their order.
  ///
  /// A note whose header is all zero ends the list, as in the kernel's own reader (fs/proc/vmcore.c, Linux v6.12).
  ///
  /// - Throws: if a note runs past the end; only the padding after the last descriptor may be missing.
  package static func decodeAll(_ bytes: Span<UInt8>) throws(CoreFileError) -> [ElfNote] {
    let (notes, problem) = decodeLeading(bytes)
    if let problem { throw problem }
    return notes
  }

  /// The notes in `bytes` up to the first that runs past the end, and what is wrong with that one.
  package static func decodeLeading(_ bytes: Span<UInt8>) -> (notes: [ElfNote], problem: CoreFileError?) {
    var notes: [ElfNote] = []
    var position = 0
    // Each round moves on by at least the 12 bytes of a header.
    while position < bytes.count {
      guard let nameByteCount = bytes.integer(UInt32.self, at: position),
        let descriptorByteCount = bytes.integer(UInt32.self, at: position + 4),
        let type = bytes.integer(UInt32.self, at: position + 8)
      else {
        guard (position..<bytes.count).allSatisfy({ bytes[$0] == 0 }) else {
          return (
            notes,
            .truncated("the note at byte \(position)", needed: 12, available: UInt64(bytes.count - position))
          )
        }
        break
      }
      if nameByteCount == 0, descriptorByteCount == 0, type == 0 { break }
      let nameStart = position + 12
      let descriptorStart = nameStart + padded(nameByteCount)
      guard let name = bytes.copy(at: nameStart, byteCount: Int(nameByteCount)),
        let descriptor = bytes.copy(at: descriptorStart, byteCount: Int(descriptorByteCount))
      else {
        let needed = 12 + UInt64(padded(nameByteCount)) + UInt64(descriptorByteCount)
        return (
          notes,
          .truncated(
            "the note at byte \(position)", needed: needed, available: UInt64(bytes.count - position))
        )
      }
      notes.append(
        ElfNote(
          name: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self), type: type, descriptor: descriptor))
      position = descriptorStart + padded(descriptorByteCount)
    }
    return (notes, nil)
  }

  /// The note as a file holds it: what ``decodeAll(_:)`` reads.
  package var bytes: [UInt8] {
    let nameBytes = Array(name.utf8) + [0]
    var bytes: [UInt8] = []
    for field in [UInt32(clamping: nameBytes.count), UInt32(clamping: descriptor.count), type] {
      withUnsafeBytes(of: field.littleEndian) { bytes += $0 }
    }
    for part in [nameBytes, descriptor] {
      bytes += part + [UInt8](repeating: 0, count: Self.padded(UInt32(clamping: part.count)) - part.count)
    }
    return bytes
  }

  /// The GNU build id among `notes`, or nil if none of them is one (`NT_GNU_BUILD_ID`: name `GNU`, type 3).
  package static func buildID(in notes: [ElfNote]) -> BuildID? {
    notes.first { $0.name == "GNU" && $0.type == 3 && !$0.descriptor.isEmpty }.map { BuildID(bytes: $0.descriptor) }
  }

  private static func padded(_ byteCount: UInt32) -> Int {
    (Int(byteCount) + 3) & ~3
  }
}

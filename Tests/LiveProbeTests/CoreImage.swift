/// The bytes of a small `/proc/kcore`, laid out as a test wants them.
struct CoreImage {
  struct Load {
    var address: UInt64
    var physical: UInt64 = .max
    var bytes: [UInt8]
    /// What p_memsz says; the number of bytes if nil.
    var memoryByteCount: UInt64?
    /// What p_offset says; where the bytes are if nil.
    var offset: UInt64?
  }

  var loads: [Load] = []
  var notes: [(name: String, type: UInt32, descriptor: [UInt8])] = []
  /// Program headers of a type of their own, after the others.
  var otherTypes: [UInt32] = []

  func encoded() -> [UInt8] {
    let noteBytes = notes.flatMap { note in
      let name = Array(note.name.utf8) + [0]
      return le32(UInt32(name.count)) + le32(UInt32(note.descriptor.count)) + le32(note.type) + padded(name)
        + padded(note.descriptor)
    }
    let headerCount = loads.count + 1 + otherTypes.count
    var position = UInt64(64 + 56 * headerCount)
    var table = programHeader(
      type: 4, offset: position, address: 0, physical: 0, fileSize: UInt64(noteBytes.count), memorySize: 0)
    position += UInt64(noteBytes.count)
    var body = noteBytes
    for load in loads {
      table += programHeader(
        type: 1, offset: load.offset ?? position, address: load.address, physical: load.physical,
        fileSize: UInt64(load.bytes.count), memorySize: load.memoryByteCount ?? UInt64(load.bytes.count))
      body += load.bytes
      position += UInt64(load.bytes.count)
    }
    for type in otherTypes {
      table += programHeader(type: type, offset: 0, address: 0, physical: 0, fileSize: 0, memorySize: 0)
    }
    // ELFCLASS64, little endian, version 1; ET_CORE, EM_X86_64.
    var header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    header += [4, 0, 62, 0] + le32(1) + le64(0) + le64(64) + le64(0) + le32(0)
    header += [64, 0, 56, 0] + [UInt8(headerCount & 0xff), UInt8(headerCount >> 8)] + [0, 0, 0, 0, 0, 0]
    return header + table + body
  }

  private func programHeader(
    type: UInt32, offset: UInt64, address: UInt64, physical: UInt64, fileSize: UInt64, memorySize: UInt64
  ) -> [UInt8] {
    le32(type) + le32(7) + le64(offset) + le64(address) + le64(physical) + le64(fileSize) + le64(memorySize)
      + le64(4096)
  }

  private func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }
}

func le32(_ value: UInt32) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

func le64(_ value: UInt64) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

extension SampleDump {
  /// As an ELF core file: a program header for each stretch that is held or left out.
  package func elf() -> [UInt8] {
    let pieces = pieces
    let notes = Self.noteBytes
    var file = SampleCoreFile(segments: [])
    var note = SampleCoreFile.Segment(address: 0, byteCount: 0)
    note.type = 4
    note.fileOffset = UInt64(64 + (pieces.count + 1) * 56)
    note.fileByteCount = UInt64(notes.count)
    note.physicalAddress = 0
    file.segments.append(note)
    var body: [UInt8] = []
    for piece in pieces {
      var segment = SampleCoreFile.Segment(
        address: 0xffff_8880_0000_0000 + piece.start * 4096, byteCount: UInt64(piece.count) * 4096)
      segment.physicalAddress = piece.start * 4096
      segment.fileOffset = note.fileOffset + UInt64(notes.count + body.count)
      segment.fileByteCount = UInt64(piece.bytes.count)
      file.segments.append(segment)
      body += piece.bytes
    }
    return file.header + file.table + notes + body
  }

  /// Stretches of pages, each first what is held of it and then what is left out.
  private var pieces: [Piece] {
    var pieces: [Piece] = []
    for number in pages.keys.sorted() {
      let continues = pieces.last.map { $0.start + UInt64($0.count) == number } ?? false
      var piece = continues ? pieces.removeLast() : Piece(start: number)
      if case .held(let bytes) = pages[number] {
        if piece.bytes.count < piece.count * 4096 {
          pieces.append(piece)
          piece = Piece(start: number)
        }
        piece.bytes += bytes
      }
      piece.count += 1
      pieces.append(piece)
    }
    return pieces
  }

  private struct Piece {
    var start: UInt64
    var count = 0
    var bytes: [UInt8] = []
  }
}

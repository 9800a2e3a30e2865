import DecoderTrials
import KernelFormats
import KernelModel
import Testing

@Suite struct ElfNoteTests {
  @Test func `notes are decoded in order, with their padding`() throws {
    let bytes = SampleCoreFile.note("CORE", type: 1, [1, 2, 3, 4, 5]) + SampleCoreFile.note("GNU", type: 3, [0xab])
    let notes = try ElfNote.decodeAll(bytes.span)
    #expect(
      notes == [
        ElfNote(name: "CORE", type: 1, descriptor: [1, 2, 3, 4, 5]), ElfNote(name: "GNU", type: 3, descriptor: [0xab]),
      ])
    #expect(ElfNote.buildID(in: notes)?.description == "ab")
  }

  @Test func `a note is written as it is decoded`() throws {
    for byteCount in 0...5 {
      let note = ElfNote(name: "VMCOREINFO", type: 7, descriptor: [UInt8](repeating: 9, count: byteCount))
      let bytes = note.bytes + SampleCoreFile.note("GNU", type: 3, [0xab])
      #expect(try ElfNote.decodeAll(bytes.span) == [note, ElfNote(name: "GNU", type: 3, descriptor: [0xab])])
    }
    #expect(
      ElfNote(name: "CORE", type: 1, descriptor: [1, 2]).bytes == SampleCoreFile.note("CORE", type: 1, [1, 2]))
  }

  @Test func `padding after the last descriptor may be missing`() throws {
    let bytes = Array(SampleCoreFile.note("GNU", type: 3, [0xab]).dropLast(3))
    #expect(try ElfNote.decodeAll(bytes.span) == [ElfNote(name: "GNU", type: 3, descriptor: [0xab])])
  }

  @Test func `a note that runs past the end is refused`() {
    let bytes = Array(SampleCoreFile.note("GNU", type: 3, [1, 2, 3, 4]).dropLast())
    #expect(throws: CoreFileError.truncated("the note at byte 0", needed: 20, available: 19)) {
      try ElfNote.decodeAll(bytes.span)
    }
  }

  @Test func `sizes of four gigabytes are refused, not allocated`() {
    let bytes = [UInt8](repeating: 0xff, count: 64)
    #expect(
      throws: CoreFileError.truncated("the note at byte 0", needed: 12 + 0x1_0000_0000 + 0xffff_ffff, available: 64)
    ) {
      try ElfNote.decodeAll(bytes.span)
    }
  }

  @Test func `zeros end the notes`() throws {
    let bytes = SampleCoreFile.note("GNU", type: 3, [7]) + [UInt8](repeating: 0, count: 18)
    #expect(try ElfNote.decodeAll(bytes.span).count == 1)
    let none: [UInt8] = []
    #expect(try ElfNote.decodeAll(none.span).isEmpty)
  }

  @Test func `only a GNU note of type 3 is a build id`() {
    let notes = [
      ElfNote(name: "Linux", type: 3, descriptor: [1]), ElfNote(name: "GNU", type: 1, descriptor: [2]),
      ElfNote(name: "GNU", type: 3, descriptor: []), ElfNote(name: "GNU", type: 3, descriptor: [4]),
    ]
    #expect(ElfNote.buildID(in: notes) == BuildID(bytes: [4]))
    #expect(ElfNote.buildID(in: Array(notes.prefix(3))) == nil)
  }
}

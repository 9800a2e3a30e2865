internal import KernelFormats

extension DumpSource {
  /// The most notes that are read of one place, in bytes; each processor has a few hundred.
  private var largestNotes: UInt64 { 4 << 20 }

  /// The ELF notes in a stretch of the file; those that are damaged, missing or too large to read become a remark.
  func notes(
    at offset: UInt64, byteCount: UInt64, _ remarks: inout [String]
  ) throws(DumpError) -> [ElfNote] {
    let bytes = try available(Int(min(byteCount, largestNotes)), at: offset)
    if UInt64(bytes.count) < byteCount {
      remarks.append("of \(byteCount) bytes of notes, \(bytes.count) were read")
    }
    let (notes, problem) = ElfNote.decodeLeading(bytes.span)
    if let problem { remarks.append("notes are left out: \(problem)") }
    return notes
  }

  /// The text VMCOREINFO in a stretch of the file, or nil, with a remark, if it is not all there.
  func vmcoreInfo(
    at offset: UInt64, byteCount: UInt64, _ remarks: inout [String]
  ) throws(DumpError) -> [UInt8]? {
    let text = try available(Int(min(byteCount, largestNotes)), at: offset)
    guard UInt64(text.count) == byteCount else {
      remarks.append("of \(byteCount) bytes of VMCOREINFO, \(text.count) are there: it is left out")
      return nil
    }
    return text
  }
}

extension [ElfNote] {
  /// The descriptor of the note VMCOREINFO.
  var vmcoreInfo: [UInt8]? {
    first { $0.name == "VMCOREINFO" }?.descriptor
  }
}

/// LiME's files (`format=lime`), and AVML's without compression: a header before each stretch of memory.
enum LimeDump {
  /// More stretches of memory than this are not believed; a machine has some tens.
  private static let mostSegments = 1 << 16

  static func open(_ source: any DumpSource, remarks: [String] = []) throws(DumpError) -> PlainDump {
    var segments: [PlainDump.Segment] = []
    var remarks = remarks
    var position: UInt64 = 0
    while position < source.byteCount {
      guard segments.count < mostSegments else { throw .tooMany("stretches of memory", limit: mostSegments) }
      let bytes = try source.available(LimeHeader.byteCount, at: position)
      guard let header = LimeHeader(bytes.span), header.magic == LimeHeader.lime else {
        let rest = source.byteCount - position
        remarks.append("the last \(rest) bytes are left out: no header of LiME stands before them")
        break
      }
      position += UInt64(LimeHeader.byteCount)
      segments.append(
        PlainDump.Segment(
          start: header.start, memoryByteCount: header.memoryByteCount, fileOffset: position,
          fileByteCount: header.memoryByteCount))
      position += header.memoryByteCount
    }
    return try PlainDump(format: "LiME", source: source, segments: segments, remarks: remarks)
  }
}

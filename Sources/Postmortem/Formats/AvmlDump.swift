internal import KernelFormats
internal import KernelModel

/// AVML's compressed files: before each stretch of memory a header as LiME's, then the memory as a stream in Snappy's
/// framing format, then the size of the stream in eight bytes.
///
/// Source: src/image.rs of AVML.
enum AvmlDump {
  /// More stretches of memory than this are not believed; AVML makes them of 16 MiB and less.
  private static let mostSegments = 1 << 18

  static func open(_ source: any DumpSource, remarks: [String] = []) throws(DumpError) -> PlainDump {
    let memory = SnappySource(source)
    let reader = ReadAhead(source, largest: 64 << 10)
    var segments: [PlainDump.Segment] = []
    var remarks = remarks
    var position: UInt64 = 0
    while position < source.byteCount {
      guard segments.count < mostSegments else { throw .tooMany("stretches of memory", limit: mostSegments) }
      let bytes = try source.available(LimeHeader.byteCount, at: position)
      guard let header = LimeHeader(bytes.span), header.magic == LimeHeader.avml else {
        let rest = source.byteCount - position
        remarks.append("the last \(rest) bytes are left out: no header of AVML stands before them")
        break
      }
      position += UInt64(LimeHeader.byteCount)
      segments.append(
        PlainDump.Segment(
          start: header.start, memoryByteCount: header.memoryByteCount, fileOffset: memory.byteCount,
          fileByteCount: header.memoryByteCount))
      guard let end = try memory.index(from: position, wanted: header.memoryByteCount, reader) else {
        remarks.append("the stream of compressed memory that starts at byte \(position) breaks off")
        break
      }
      let size = try source.available(8, at: end)
      if size.span.integer(UInt64.self, at: 0) != end - position {
        remarks.append("the stream of compressed memory that starts at byte \(position) is not followed by its size")
        break
      }
      position = end + 8
    }
    return try PlainDump(format: "AVML", source: memory, segments: segments, remarks: remarks)
  }
}

internal import KernelModel

/// Memory and nothing else: no header says where it belongs.
enum RawDump {
  /// - Parameter map: where memory is; without one, the file is memory from physical address zero on.
  static func open(_ source: any DumpSource, map: [UInt8]?) throws(DumpError) -> PlainDump {
    let taken = "it is in no format that is known, and was taken for memory and nothing else"
    guard let map else {
      let byteCount = min(source.byteCount, Machine.physicalLimit.rawValue)
      let all = PlainDump.Segment(
        start: PhysicalAddress(0), memoryByteCount: byteCount, fileOffset: 0, fileByteCount: byteCount)
      return try PlainDump(format: "raw memory", source: source, segments: [all], remarks: [taken], isUnmapped: true)
    }
    let memory = try MemoryMapText.decode(map)
    // LiME's `format=raw` has the stretches one after the other; its `padded`, and QEMU, have each at its address.
    let together = memory.reduce(UInt64(0)) { $0 &+ $1.byteCount }
    let isTogether = source.byteCount == together
    var position: UInt64 = 0
    var segments: [PlainDump.Segment] = []
    for region in memory {
      segments.append(
        PlainDump.Segment(
          start: region.lowerBound, memoryByteCount: region.byteCount,
          fileOffset: isTogether ? position : region.lowerBound.rawValue, fileByteCount: region.byteCount))
      position &+= region.byteCount
    }
    let remark =
      isTogether ? "\(taken): the stretches of the map, one after the other" : "\(taken), each byte at its address"
    return try PlainDump(format: "raw memory", source: source, segments: segments, remarks: [remark])
  }
}

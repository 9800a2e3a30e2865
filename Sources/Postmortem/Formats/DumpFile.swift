internal import Files
internal import KernelFormats

/// Opens dumps: what format a file has is told by its content, never by its name.
package enum DumpFile {
  /// The dump in the file at `path`.
  ///
  /// - Parameter map: the path of a text in the way of `/proc/iomem`, which says where raw memory belongs.
  package static func open(path: String, map: String? = nil) throws(DumpError) -> any Dump {
    let source = try file(path)
    guard let map else { return try open(source) }
    let text = try file(map)
    guard text.byteCount <= UInt64(MemoryMapText.largest) else { throw .map("it is larger than a map is") }
    return try open(source, map: try text.available(MemoryMapText.largest, at: 0))
  }

  /// The regular file at `path`, links followed.
  private static func file(_ path: String) throws(DumpError) -> OpenedFile {
    do throws(FileFault) {
      return try OpenedFile(path, followingLinks: true)
    } catch {
      throw DumpError(error)
    }
  }

  /// The dump in `source`.
  ///
  /// - Parameter map: the text of the map of raw memory.
  package static func open(_ source: any DumpSource, map: [UInt8]? = nil) throws(DumpError) -> any Dump {
    guard source.byteCount > 0 else { throw .empty }
    let start = try source.available(64, at: 0)
    guard
      let dump = try recognised(source, start, map == nil ? [] : ["the map is not used: the file says where memory is"])
    else {
      if let compression = compression(start.span) {
        throw .unsupported("a file compressed with \(compression)", remedy: "decompress it first")
      }
      if map == nil, let form = ForeignForm.of(try source.available(ForeignForm.byteCount, at: 0)) {
        throw .unsupported(form.name, remedy: form.remedy)
      }
      return try RawDump.open(source, map: map)
    }
    return dump
  }

  private static func recognised(
    _ source: any DumpSource, _ start: [UInt8], _ remarks: [String]
  ) throws(DumpError) -> (any Dump)? {
    if ElfDump.recognises(start.span) { return try ElfDump.open(source, remarks: remarks) }
    if KdumpHeader.recognises(start.span) { return try KdumpDump(source, remarks: remarks) }
    if LimeHeader.recognises(start.span, magic: LimeHeader.lime) { return try LimeDump.open(source, remarks: remarks) }
    if LimeHeader.recognises(start.span, magic: LimeHeader.avml) { return try AvmlDump.open(source, remarks: remarks) }
    if FlattenedSource.recognises(start.span) { return try flattened(FlattenedSource(source), remarks) }
    return nil
  }

  /// What a flattened file holds: an ELF core file or a kdump-compressed one.
  private static func flattened(_ source: FlattenedSource, _ remarks: [String]) throws(DumpError) -> any Dump {
    let start = try source.available(64, at: 0)
    let remarks = remarks + source.remarks
    if ElfDump.recognises(start.span) {
      return try ElfDump.open(source, format: "ELF vmcore, flattened", remarks: remarks)
    }
    if KdumpHeader.recognises(start.span) {
      return try KdumpDump(source, format: "kdump-compressed, flattened", remarks: remarks)
    }
    throw .unsupported(
      "what this flattened file holds", remedy: "only ELF core files and kdump-compressed ones are known to be in one")
  }

  /// The name of the program that a compressed file is of, by the bytes it starts with.
  private static func compression(_ start: Span<UInt8>) -> String? {
    let known: [(magic: [UInt8], name: String)] = [
      ([0x1f, 0x8b], "gzip"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz"), ([0x28, 0xb5, 0x2f, 0xfd], "zstd"),
      ([0x04, 0x22, 0x4d, 0x18], "lz4"), ([0x42, 0x5a, 0x68], "bzip2"), ([0x89, 0x4c, 0x5a, 0x4f], "lzop"),
    ]
    return known.first { magic, _ in
      start.count >= magic.count && magic.indices.allSatisfy { start[$0] == magic[$0] }
    }?.name
  }
}

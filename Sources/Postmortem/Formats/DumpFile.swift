/// Opens dumps: what format a file has is told by its content, never by its name.
package enum DumpFile {
  /// The dump in the file at `path`.
  ///
  /// - Parameter map: the path of a text in the way of `/proc/iomem`, for raw memory only.
  package static func open(path: String, map: String? = nil) throws(DumpError) -> any Dump {
    try open(FileSource(path))
  }

  /// The dump in `source`.
  package static func open(_ source: any DumpSource) throws(DumpError) -> any Dump {
    guard source.byteCount > 0 else { throw .empty }
    let start = try source.available(4096, at: 0)
    if ElfDump.recognises(start.span) { return try ElfDump.open(source) }
    throw .unsupported("this format", remedy: "give an ELF vmcore")
  }
}

/// The sections of DWARF that types are read from, decompressed.
package struct DwarfSections {
  package var information: UnsafeRawBufferPointer
  package var abbreviations: UnsafeRawBufferPointer
  package var strings: UnsafeRawBufferPointer
  /// `.debug_line_str` and `.debug_str_offsets`, which version 5 has.
  package var lineStrings: UnsafeRawBufferPointer
  package var stringOffsets: UnsafeRawBufferPointer

  /// - Parameters:
  ///   - section: gives the bytes of a section, or nil if there is none; they must stay as they are for as long as this
  ///     value is used.
  /// - Throws: if one is missing that all of DWARF has.
  package init(_ section: (String) -> UnsafeRawBufferPointer?) throws(DwarfError) {
    func needed(_ name: String) throws(DwarfError) -> UnsafeRawBufferPointer {
      guard let bytes = section(name) else { throw .sectionMissing(name) }
      return bytes
    }
    information = try needed(".debug_info")
    abbreviations = try needed(".debug_abbrev")
    strings = try needed(".debug_str")
    lineStrings = section(".debug_line_str") ?? UnsafeRawBufferPointer(start: nil, count: 0)
    stringOffsets = section(".debug_str_offsets") ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// The bytes of a text without its NUL; nil if it has no end.
  func bytes(of text: DwarfEntry.Text) -> UnsafeRawBufferPointer? {
    let section =
      switch text.section {
      case .information: information
      case .strings: strings
      case .lineStrings: lineStrings
      }
    var cursor = DwarfCursor(section, from: text.offset)
    let range = cursor.text()
    return cursor.isTorn ? nil : UnsafeRawBufferPointer(rebasing: section[range])
  }
}

/// A compilation unit: what one source file was compiled to.
struct DwarfUnit {
  /// Where its header starts, in `.debug_info`.
  let start: Int
  /// Where its own entry starts, and where all of it ends.
  let entries: Range<Int>
  let abbreviations: DwarfAbbreviations
  private(set) var stringOffsetsBase: UInt64 = 8

  /// Where an entry is that is counted from the unit's start; nil if that is outside of it.
  func place(_ offset: UInt64) -> Int? {
    guard offset < UInt64(entries.upperBound - start) else { return nil }
    return start + Int(offset)
  }

  /// The bounds of the unit whose header starts at `start`.
  struct Bounds {
    let entries: Range<Int>
    /// Where its table is in `.debug_abbrev`.
    let abbreviations: UInt64
    /// Whether it is one of a source file (DW_UT_compile, DW_UT_partial) and not of single types, or a stand-in.
    let isCompilation: Bool

    /// Source: DWARF version 4 and 5, section 7.5.1.1.
    init(_ information: UnsafeRawBufferPointer, at start: Int) throws(DwarfError) {
      var cursor = DwarfCursor(information, from: start)
      let byteCount = cursor.integer(UInt32.self)
      guard byteCount < 0xffff_fff0 else { throw .unsupported("64-bit DWARF", value: UInt64(byteCount), at: start) }
      guard !cursor.isTorn, Int(byteCount) <= information.count - cursor.position else { throw .truncated(at: start) }
      let end = cursor.position + Int(byteCount)
      let version = cursor.integer(UInt16.self)
      var kind: UInt8 = 1
      let addressByteCount: UInt8
      switch version {
      case 4:
        abbreviations = UInt64(cursor.integer(UInt32.self))
        addressByteCount = cursor.integer(UInt8.self)
      case 5:
        kind = cursor.integer(UInt8.self)
        addressByteCount = cursor.integer(UInt8.self)
        abbreviations = UInt64(cursor.integer(UInt32.self))
      default: throw .unsupported("its version", value: UInt64(version), at: start)
      }
      guard addressByteCount == 8 else {
        throw .unsupported("an address's byte count", value: UInt64(addressByteCount), at: start)
      }
      guard !cursor.isTorn, cursor.position <= end else { throw .truncated(at: start) }
      isCompilation = kind == 1 || kind == 3
      entries = cursor.position..<end
    }
  }

  /// - Parameter start: where its header starts.
  init(_ dwarf: DwarfSections, at start: Int, _ bounds: Bounds) throws(DwarfError) {
    self.start = start
    entries = bounds.entries
    abbreviations = try DwarfAbbreviations(dwarf.abbreviations, at: bounds.abbreviations)
    var cursor = DwarfCursor(dwarf.information, from: entries.lowerBound, to: entries.upperBound)
    if let own = try DwarfEntry(&cursor, self, dwarf)?.stringOffsetsBase { stringOffsetsBase = own }
  }
}

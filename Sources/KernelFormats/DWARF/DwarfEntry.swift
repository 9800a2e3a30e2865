/// One entry of `.debug_info`, as far as types need it.
///
/// Source: DWARF version 4 and 5, sections 2 and 5, and 7.5 for the numbers.
struct DwarfEntry {
  /// DW_TAG_*.
  enum Tag {
    static let array: UInt16 = 0x01
    static let enumeration: UInt16 = 0x04
    static let parameter: UInt16 = 0x05
    static let member: UInt16 = 0x0d
    static let pointer: UInt16 = 0x0f
    static let structure: UInt16 = 0x13
    static let functionType: UInt16 = 0x15
    static let typedef: UInt16 = 0x16
    static let union: UInt16 = 0x17
    static let moreParameters: UInt16 = 0x18
    static let range: UInt16 = 0x21
    static let base: UInt16 = 0x24
    static let const: UInt16 = 0x26
    static let enumerator: UInt16 = 0x28
    static let function: UInt16 = 0x2e
    static let volatile: UInt16 = 0x35
    static let restrict: UInt16 = 0x37
    static let atomic: UInt16 = 0x47
  }

  /// Where a text lies.
  struct Text {
    /// `.debug_info` itself, `.debug_str`, or `.debug_line_str`.
    enum Section: UInt64 {
      case information, strings, lineStrings
    }

    var section: Section
    var offset: Int
  }

  var tag: UInt16 = 0
  var hasChildren = false
  var name: Text?
  /// Where the entry of its type is, in the section.
  var type: Int?
  /// Where the next entry on the same level is, in the section.
  var sibling: Int?
  var byteCount: UInt64?
  /// Of a bitfield: its bits, where they start counted from the highest (up to version 4), or from the structure's start.
  var bitCount: UInt64?
  var bitOffset: UInt64?
  var dataBitOffset: UInt64?
  /// Of a member: bytes from the structure's start.
  var location: UInt64 = 0
  var encoding: UInt64 = 0
  var constant: Int64 = 0
  /// Of an array's dimension: how many elements.
  var elementCount: UInt64 = 0
  var isDeclaration = false
  /// Whether it has code of its own.
  var hasCode = false
  var stringOffsetsBase: UInt64?
}

extension DwarfEntry {
  /// The entry at the cursor, which is then behind it: at its first child, if it has any.
  ///
  /// - Returns: nil for the end of a level, or where nothing can be read any more.
  init?(_ cursor: inout DwarfCursor, _ unit: DwarfUnit, _ dwarf: DwarfSections) throws(DwarfError) {
    let start = cursor.position
    let number = cursor.uleb()
    guard number != 0 else { return nil }
    guard let shape = unit.abbreviations.shape(number) else {
      throw .unsupported("an abbreviation", value: number, at: start)
    }
    try self.init(shape, &cursor, unit, dwarf)
  }

  /// - Parameter cursor: behind the number of its abbreviation.
  @inline(never)
  init(
    _ shape: DwarfAbbreviations.Shape, _ cursor: inout DwarfCursor, _ unit: DwarfUnit, _ dwarf: DwarfSections
  ) throws(DwarfError) {
    tag = shape.tag
    hasChildren = shape.hasChildren
    for index in shape.attributes {
      let attribute = unit.abbreviations.attributes[index]
      var form = attribute.form
      // DW_FORM_indirect: the form itself stands in the entry.
      if form == 0x16 { form = UInt16(truncatingIfNeeded: cursor.uleb()) }
      switch attribute.name {
      case 0x01: sibling = Self.reference(form, &cursor, unit)
      case 0x03: name = Self.text(form, &cursor, unit, dwarf)
      case 0x0b: byteCount = Self.number(form, attribute, &cursor)
      case 0x0c: bitOffset = Self.number(form, attribute, &cursor)
      case 0x0d: bitCount = Self.number(form, attribute, &cursor)
      case 0x1c: constant = Int64(bitPattern: Self.number(form, attribute, &cursor) ?? 0)
      case 0x2f:
        // An upper bound of -1 is how some compilers write that there is none.
        if let bound = Self.number(form, attribute, &cursor), bound < 1 << 32 - 1 { elementCount = bound &+ 1 }
      case 0x37: elementCount = Self.number(form, attribute, &cursor) ?? 0
      case 0x38: location = Self.number(form, attribute, &cursor) ?? 0
      case 0x3c: isDeclaration = (Self.number(form, attribute, &cursor) ?? 0) != 0
      case 0x3e: encoding = Self.number(form, attribute, &cursor) ?? 0
      case 0x49: type = Self.reference(form, &cursor, unit)
      case 0x6b: dataBitOffset = Self.number(form, attribute, &cursor)
      case 0x72: stringOffsetsBase = Self.number(form, attribute, &cursor)
      default:
        if attribute.name == 0x11 { hasCode = true }
        guard DwarfForm.skip(form, &cursor) else {
          throw .unsupported("an attribute's form", value: UInt64(form), at: cursor.position)
        }
      }
    }
    guard !cursor.isTorn else { throw .truncated(at: unit.start) }
  }

  /// A number, or nil if the value is none; an expression that adds one is that number (DW_OP_plus_uconst).
  private static func number(
    _ form: UInt16, _ attribute: DwarfAbbreviations.Attribute, _ cursor: inout DwarfCursor
  ) -> UInt64? {
    switch form {
    case 0x19: return 1
    case DwarfForm.implicitConstant: return UInt64(bitPattern: attribute.constant)
    case 0x0b, 0x0c: return UInt64(cursor.integer(UInt8.self))
    case 0x05: return UInt64(cursor.integer(UInt16.self))
    case 0x06, 0x17: return UInt64(cursor.integer(UInt32.self))
    case 0x07, 0x01: return cursor.integer(UInt64.self)
    case 0x0d: return UInt64(bitPattern: cursor.sleb())
    case 0x0f: return cursor.uleb()
    case 0x0a, 0x18:
      let byteCount = form == 0x0a ? UInt64(cursor.integer(UInt8.self)) : cursor.uleb()
      var expression = cursor
      cursor.skip(byteCount)
      guard byteCount > 1, expression.integer(UInt8.self) == 0x23 else { return nil }
      return expression.uleb()
    default:
      // An unknown form is met again by whoever reads on: nothing is taken from it.
      _ = DwarfForm.skip(form, &cursor)
      return nil
    }
  }

  private static func reference(_ form: UInt16, _ cursor: inout DwarfCursor, _ unit: DwarfUnit) -> Int? {
    switch form {
    case 0x11: unit.place(UInt64(cursor.integer(UInt8.self)))
    case 0x12: unit.place(UInt64(cursor.integer(UInt16.self)))
    case 0x13: unit.place(UInt64(cursor.integer(UInt32.self)))
    case 0x14: unit.place(cursor.integer(UInt64.self))
    case 0x15: unit.place(cursor.uleb())
    case 0x10: Int(cursor.integer(UInt32.self))  // counted from the section's start
    default: DwarfForm.skip(form, &cursor) ? nil : nil
    }
  }

  private static func text(
    _ form: UInt16, _ cursor: inout DwarfCursor, _ unit: DwarfUnit, _ dwarf: DwarfSections
  ) -> Text? {
    let index: UInt64
    switch form {
    case 0x08: return Text(section: .information, offset: cursor.text().lowerBound)
    case 0x0e: return Text(section: .strings, offset: Int(cursor.integer(UInt32.self)))
    case 0x1f: return Text(section: .lineStrings, offset: Int(cursor.integer(UInt32.self)))
    case 0x1a: index = cursor.uleb()
    case 0x25: index = UInt64(cursor.integer(UInt8.self))
    case 0x26: index = UInt64(cursor.integer(UInt16.self))
    case 0x27: index = UInt64(cursor.integer(UInt16.self)) | UInt64(cursor.integer(UInt8.self)) << 16
    case 0x28: index = UInt64(cursor.integer(UInt32.self))
    default: return DwarfForm.skip(form, &cursor) ? nil : nil
    }
    guard index < 1 << 32 else { return nil }
    let place = Int(clamping: unit.stringOffsetsBase &+ index * 4)
    var offsets = DwarfCursor(dwarf.stringOffsets, from: place)
    let offset = Int(offsets.integer(UInt32.self))
    return offsets.isTorn ? nil : Text(section: .strings, offset: offset)
  }
}

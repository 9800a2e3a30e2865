/// What the entries of a unit may look like: a table of `.debug_abbrev`.
///
/// Source: DWARF version 5, section 7.5.3; version 4 differs in nothing but fewer forms.
struct DwarfAbbreviations {
  struct Attribute {
    /// DW_AT_*, with DW_FORM_*; see ``DwarfName``.
    var name: UInt16
    var form: UInt16
    /// The value that stands here and not in the entry (DW_FORM_implicit_const).
    var constant: Int64
  }

  struct Shape {
    /// DW_TAG_*.
    var tag: UInt16 = 0
    var hasChildren = false
    var attributes = 0..<0
    /// Bytes of all attributes, where each entry of this shape has as many; else nil.
    var byteCount: Int?
  }

  private(set) var attributes: [Attribute] = []
  /// By number; one that was not given has tag 0.
  private var shapes: [Shape] = []

  /// No table of a kernel has a thousandth of that.
  private static let mostShapes: UInt64 = 1 << 16
  private static let mostAttributes = 1 << 20

  init(_ section: UnsafeRawBufferPointer, at start: UInt64) throws(DwarfError) {
    var cursor = DwarfCursor(section, from: Int(clamping: start))
    shapes.append(Shape())
    while true {
      let number = cursor.uleb()
      guard number != 0, !cursor.isTorn else { break }
      guard number < Self.mostShapes else {
        throw .unsupported("an abbreviation's number", value: number, at: Int(clamping: start))
      }
      var shape = Shape(tag: UInt16(truncatingIfNeeded: cursor.uleb()), hasChildren: cursor.integer(UInt8.self) != 0)
      let first = attributes.count
      var byteCount: Int? = 0
      while true {
        let name = UInt16(truncatingIfNeeded: cursor.uleb())
        let form = UInt16(truncatingIfNeeded: cursor.uleb())
        guard name != 0 || form != 0, !cursor.isTorn else { break }
        let constant = form == DwarfForm.implicitConstant ? cursor.sleb() : 0
        attributes.append(Attribute(name: name, form: form, constant: constant))
        if let known = byteCount { byteCount = DwarfForm.byteCount(of: form).map { known + $0 } }
        guard attributes.count < Self.mostAttributes else {
          throw .unsupported("attributes", value: UInt64(attributes.count), at: Int(clamping: start))
        }
      }
      shape.attributes = first..<attributes.count
      shape.byteCount = byteCount
      while shapes.count <= Int(number) { shapes.append(Shape()) }
      shapes[Int(number)] = shape
    }
    guard !cursor.isTorn else { throw .truncated(at: Int(clamping: start)) }
  }

  /// The shape of `number`, or nil if the table has none.
  @inline(__always)
  func shape(_ number: UInt64) -> Shape? {
    guard number < UInt64(shapes.count) else { return nil }
    let shape = shapes[Int(number)]
    return shape.tag == 0 ? nil : shape
  }
}

/// DW_FORM_*: how an attribute's value stands in an entry.
///
/// Source: DWARF version 5, section 7.5.5 and 7.5.6; in 32-bit DWARF, on a machine with addresses of 8 bytes.
enum DwarfForm {
  static let implicitConstant: UInt16 = 0x21

  /// How many bytes a value takes; nil if each says so itself, or the form is not known.
  static func byteCount(of form: UInt16) -> Int? {
    switch form {
    case 0x19, 0x21: 0  // flag_present, implicit_const
    case 0x0b, 0x0c, 0x11, 0x25, 0x29: 1  // data1, flag, ref1, strx1, addrx1
    case 0x05, 0x12, 0x26, 0x2a: 2  // data2, ref2, strx2, addrx2
    case 0x27, 0x2b: 3  // strx3, addrx3
    // data4, strp, ref_addr, ref4, sec_offset, ref_sup4, strp_sup, line_strp, strx4, addrx4, GNU_ref_alt, GNU_strp_alt
    case 0x06, 0x0e, 0x10, 0x13, 0x17, 0x1c, 0x1d, 0x1f, 0x28, 0x2c, 0x1f20, 0x1f21: 4
    case 0x01, 0x07, 0x14, 0x20, 0x24: 8  // addr, data8, ref8, ref_sig8, ref_sup8
    case 0x1e: 16  // data16
    default: nil
    }
  }

  /// Passes over a value.
  ///
  /// - Returns: false if the form is not known.
  @inline(never)
  static func skip(_ form: UInt16, _ cursor: inout DwarfCursor) -> Bool {
    if let byteCount = byteCount(of: form) {
      cursor.skip(UInt64(byteCount))
      return true
    }
    switch form {
    case 0x0a: cursor.skip(UInt64(cursor.integer(UInt8.self)))  // block1
    case 0x03: cursor.skip(UInt64(cursor.integer(UInt16.self)))  // block2
    case 0x04: cursor.skip(UInt64(cursor.integer(UInt32.self)))  // block4
    case 0x09, 0x18: cursor.skip(cursor.uleb())  // block, exprloc
    case 0x08: _ = cursor.text()  // string
    // sdata, udata, ref_udata, strx, addrx, loclistx, rnglistx, GNU_addr_index, GNU_str_index
    case 0x0d, 0x0f, 0x15, 0x1a, 0x1b, 0x22, 0x23, 0x1f01, 0x1f02: _ = cursor.uleb()
    default: return false
    }
    return true
  }
}

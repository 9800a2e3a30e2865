/// Where the types with names are defined, and the functions: one pass over the entries on the first level of each unit.
///
/// Source: DWARF version 5, section 2.3: the entries of a unit are a tree, laid out parents first; DW_AT_sibling, where a
/// compiler wrote it, leads past an entry's children.
struct DwarfIndex {
  /// A definition: of a name the first, and each of another size than those before.
  struct Definition {
    let unit: Int
    let place: Int
    let byteCount: UInt64
    /// The next one of the same name, or -1.
    var next = -1
  }

  /// What a name is looked up by: structures, unions and enumerations have names of their own each.
  static func key(_ tag: UInt16, _ name: UInt32) -> UInt64 { UInt64(tag) << 32 | UInt64(name) }

  private(set) var bounds: [(start: Int, unit: DwarfUnit.Bounds)] = []
  private(set) var definitions: [Definition] = []
  /// Numbers in ``definitions``.
  private(set) var firsts: [UInt64: UInt32] = [:]
  /// Functions that have a name and code, by where their entries are.
  private(set) var functions: [(unit: Int, place: Int)] = []

  /// No kernel has a tenth of it.
  private static let most = 1 << 20

  /// - Parameter writer: keeps the names.
  init(_ dwarf: DwarfSections, _ writer: inout BTFWriter) throws(DwarfError) {
    var start = 0
    var names: [UInt64: UInt32] = [:]
    // Each unit has at least the 11 bytes of its header.
    while start < dwarf.information.count {
      let found = try DwarfUnit.Bounds(dwarf.information, at: start)
      if found.isCompilation {
        bounds.append((start, found))
        try read(try DwarfUnit(dwarf, at: start, found), number: bounds.count - 1, dwarf, &names, &writer)
      }
      start = found.entries.upperBound
    }
  }

  /// The number of the unit in which `place` lies, or nil if there is none.
  func unit(at place: Int) -> Int? {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle].start <= place { low = middle + 1 } else { high = middle }
    }
    return low > 0 && bounds[low - 1].unit.entries.contains(place) ? low - 1 : nil
  }

  private mutating func read(
    _ unit: DwarfUnit, number: Int, _ dwarf: DwarfSections, _ names: inout [UInt64: UInt32], _ writer: inout BTFWriter
  ) throws(DwarfError) {
    var cursor = DwarfCursor(dwarf.information, from: unit.entries.lowerBound, to: unit.entries.upperBound)
    guard let own = try DwarfEntry(&cursor, unit, dwarf), own.hasChildren else { return }
    var depth = 0
    while !cursor.isAtEnd {
      let place = cursor.position
      let abbreviation = cursor.uleb()
      guard abbreviation != 0 else {
        if depth == 0 { return }
        depth -= 1
        continue
      }
      guard let shape = unit.abbreviations.shape(abbreviation) else {
        throw .unsupported("an abbreviation", value: abbreviation, at: place)
      }
      var sibling: Int?
      let isWanted = depth == 0 && Self.isWanted(shape.tag)
      if !isWanted, !shape.hasChildren, let byteCount = shape.byteCount {
        cursor.skip(UInt64(byteCount))
      } else {
        let entry = try DwarfEntry(shape, &cursor, unit, dwarf)
        sibling = entry.sibling
        if isWanted { try note(entry, at: place, unit: number, dwarf, &names, &writer) }
      }
      if shape.hasChildren {
        if let sibling { cursor.move(to: sibling) } else { depth += 1 }
      }
      guard !cursor.isTorn else { throw .truncated(at: place) }
    }
  }

  private static func isWanted(_ tag: UInt16) -> Bool {
    switch tag {
    case DwarfEntry.Tag.structure, DwarfEntry.Tag.union, DwarfEntry.Tag.enumeration, DwarfEntry.Tag.function: true
    default: false
    }
  }

  private mutating func note(
    _ entry: DwarfEntry, at place: Int, unit: Int, _ dwarf: DwarfSections, _ names: inout [UInt64: UInt32],
    _ writer: inout BTFWriter
  ) throws(DwarfError) {
    guard let text = entry.name, !entry.isDeclaration else { return }
    if entry.tag == DwarfEntry.Tag.function {
      if entry.hasCode { functions.append((unit, place)) }
      guard functions.count < Self.most else { throw .tooManyTypes(functions.count) }
      return
    }
    let name = Self.name(text, dwarf, &names, &writer)
    guard name != 0 else { return }
    let byteCount = entry.byteCount ?? 0
    let key = Self.key(entry.tag, name)
    let new = Definition(unit: unit, place: place, byteCount: byteCount)
    guard let first = firsts[key] else {
      firsts[key] = UInt32(truncatingIfNeeded: definitions.count)
      definitions.append(new)
      guard definitions.count < Self.most else { throw .tooManyTypes(definitions.count) }
      return
    }
    // Of one name there are some twenty sizes at the very most; a file that has more has them for no good.
    var last = Int(first)
    for _ in 0..<64 {
      if definitions[last].byteCount == byteCount { return }
      guard definitions[last].next >= 0 else {
        definitions[last].next = definitions.count
        definitions.append(new)
        return
      }
      last = definitions[last].next
    }
  }

  /// Where `text` stands among the written names.
  static func name(
    _ text: DwarfEntry.Text, _ dwarf: DwarfSections, _ names: inout [UInt64: UInt32], _ writer: inout BTFWriter
  ) -> UInt32 {
    let isShared = text.section == .strings
    let key = UInt64(truncatingIfNeeded: text.offset)
    if isShared, let known = names[key] { return known }
    let name = dwarf.bytes(of: text).map { writer.name($0) } ?? 0
    if isShared { names[key] = name }
    return name
  }
}

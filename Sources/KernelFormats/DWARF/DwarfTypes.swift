/// Makes of a kernel's DWARF what its build would have made of it: type information as ``BTF`` reads it.
///
/// The kernel's build has `pahole` do that. Here it is done for a kernel that was built without, from the `vmlinux` with
/// debugging information that somebody brought. Structures, unions, enumerations, and functions with code; variables are
/// left out. Entries that stand for the same structure in the many units are told to be one by their name and size.
package struct DwarfTypes {
  private let dwarf: DwarfSections
  private let index: DwarfIndex
  private var writer: BTFWriter
  private var names: [UInt64: UInt32] = [:]
  /// Numbers of types, by where their entries are.
  private var numbers: [UInt64: UInt32] = [:]
  /// Numbers of pointers and qualifiers, by kind and by what they are of.
  private var references: [UInt64: UInt32] = [:]
  /// What has a number and was not written yet: in the order of the numbers.
  private var waiting: [Waiting] = []
  /// The latest, by their numbers.
  private var units: [(number: Int, unit: DwarfUnit)] = []
  private var numberCount: UInt32 = 0

  private enum Waiting {
    case entry(place: Int, unit: Int)
    case reference(BTFType.Kind, UInt32)
  }

  /// A kernel has 150 000.
  private static let mostTypes: UInt32 = 1 << 22
  /// Elements of one type; the field has 24 bits, and before v7 had 16.
  private static let mostElements = 1 << 16
  private static let mostUnits = 32

  /// The section `.BTF` that says the same.
  package static func btf(_ dwarf: DwarfSections) throws(DwarfError) -> [UInt8] {
    var types = try DwarfTypes(dwarf)
    try types.convert()
    return types.writer.finish()
  }

  private init(_ dwarf: DwarfSections) throws(DwarfError) {
    self.dwarf = dwarf
    var writer = BTFWriter()
    index = try DwarfIndex(dwarf, &writer)
    self.writer = writer
  }

  private mutating func convert() throws(DwarfError) {
    for definition in index.definitions {
      _ = try number(at: definition.place, in: definition.unit)
      try writeWaiting()
    }
    for (unit, place) in index.functions {
      guard let (entry, cursor) = try entry(at: place, in: unit) else { continue }
      try writePrototype(entry, cursor, in: unit, isFunction: true)
    }
  }

  private mutating func writeWaiting() throws(DwarfError) {
    var next = 0
    while next < waiting.count {
      guard numberCount < Self.mostTypes else { throw .tooManyTypes(Int(numberCount)) }
      switch waiting[next] {
      case .entry(let place, let unit): try write(at: place, in: unit)
      case .reference(let kind, let target): writer.begin(kind, sizeOrType: target)
      }
      next += 1
    }
    waiting.removeAll(keepingCapacity: true)
  }

  // MARK: Numbers

  private mutating func newNumber(_ what: Waiting) -> UInt32 {
    numberCount += 1
    waiting.append(what)
    return numberCount
  }

  /// The number of the type whose entry is at `place`; 0 is `void`, and what is not known.
  private mutating func number(at place: Int, in unit: Int, depth: Int = 0) throws(DwarfError) -> UInt32 {
    if let known = numbers[UInt64(place)] { return known }
    guard depth < BTF.deepest, let (entry, _) = try entry(at: place, in: unit) else { return 0 }
    let found: UInt32
    switch entry.tag {
    case DwarfEntry.Tag.pointer: found = try reference(.pointer, entry, unit, depth)
    case DwarfEntry.Tag.const: found = try reference(.const, entry, unit, depth)
    case DwarfEntry.Tag.volatile, DwarfEntry.Tag.atomic: found = try reference(.volatile, entry, unit, depth)
    case DwarfEntry.Tag.restrict: found = try reference(.restrict, entry, unit, depth)
    case DwarfEntry.Tag.structure, DwarfEntry.Tag.union, DwarfEntry.Tag.enumeration:
      if let other = definition(of: entry), other.place != place {
        found = try number(at: other.place, in: other.unit, depth: depth + 1)
      } else {
        found = newNumber(.entry(place: place, unit: unit))
      }
    case DwarfEntry.Tag.base, DwarfEntry.Tag.typedef, DwarfEntry.Tag.array, DwarfEntry.Tag.functionType:
      found = newNumber(.entry(place: place, unit: unit))
    default: found = 0
    }
    numbers[UInt64(place)] = found
    return found
  }

  private mutating func reference(
    _ kind: BTFType.Kind, _ entry: DwarfEntry, _ unit: Int, _ depth: Int
  ) throws(DwarfError) -> UInt32 {
    let target = try type(of: entry, in: unit, depth: depth + 1)
    let key = UInt64(kind.rawValue) << 32 | UInt64(target)
    if let known = references[key] { return known }
    let number = newNumber(.reference(kind, target))
    references[key] = number
    return number
  }

  /// The number of an entry's type.
  private mutating func type(of entry: DwarfEntry, in unit: Int, depth: Int = 0) throws(DwarfError) -> UInt32 {
    guard let place = entry.type else { return 0 }
    if let known = numbers[UInt64(place)] { return known }
    guard index.bounds[unit].unit.entries.contains(place) else {
      // Link-time optimisation makes units refer to each other.
      guard let other = index.unit(at: place) else { return 0 }
      return try number(at: place, in: other, depth: depth)
    }
    return try number(at: place, in: unit, depth: depth)
  }

  /// The one definition that stands for all of an entry's name and size; of a mere declaration, the first of its name.
  private mutating func definition(of entry: DwarfEntry) -> DwarfIndex.Definition? {
    guard entry.name != nil, let first = index.firsts[DwarfIndex.key(entry.tag, name(of: entry))] else { return nil }
    var found = Int(first)
    if entry.isDeclaration { return index.definitions[found] }
    for _ in 0..<64 {
      if index.definitions[found].byteCount == entry.byteCount ?? 0 { return index.definitions[found] }
      found = index.definitions[found].next
      if found < 0 { return nil }
    }
    return nil
  }

  // MARK: Entries

  /// The entry at `place`, and a cursor at its children.
  private mutating func entry(at place: Int, in unit: Int) throws(DwarfError) -> (DwarfEntry, DwarfCursor)? {
    let known = try self.unit(unit)
    guard known.entries.contains(place) else { return nil }
    var cursor = DwarfCursor(dwarf.information, from: place, to: known.entries.upperBound)
    return try DwarfEntry(&cursor, known, dwarf).map { ($0, cursor) }
  }

  private mutating func unit(_ number: Int) throws(DwarfError) -> DwarfUnit {
    if let known = units.last(where: { $0.number == number }) { return known.unit }
    if units.count >= Self.mostUnits { units.removeFirst() }
    let (start, bounds) = index.bounds[number]
    let unit = try DwarfUnit(dwarf, at: start, bounds)
    units.append((number, unit))
    return unit
  }

  /// The children of an entry, those with a tag of `tags`.
  private mutating func children(
    of entry: DwarfEntry, _ cursor: DwarfCursor, in unit: Int, _ tags: [UInt16]
  ) throws(DwarfError) -> [DwarfEntry] {
    guard entry.hasChildren else { return [] }
    let known = try self.unit(unit)
    var cursor = cursor
    var depth = 0
    var found: [DwarfEntry] = []
    while !cursor.isAtEnd {
      guard let child = try DwarfEntry(&cursor, known, dwarf) else {
        if depth == 0 { break }
        depth -= 1
        continue
      }
      if depth == 0, tags.contains(child.tag) {
        found.append(child)
        guard found.count < Self.mostElements else { throw .tooManyTypes(found.count) }
      }
      if child.hasChildren {
        if let sibling = child.sibling { cursor.move(to: sibling) } else { depth += 1 }
      }
      guard !cursor.isTorn else { throw .truncated(at: known.start) }
    }
    return found
  }

  private mutating func name(of entry: DwarfEntry) -> UInt32 {
    entry.name.map { DwarfIndex.name($0, dwarf, &names, &writer) } ?? 0
  }

  // MARK: Writing

  private mutating func write(at place: Int, in unit: Int) throws(DwarfError) {
    guard let (entry, cursor) = try entry(at: place, in: unit) else {
      // What was read once can be read again; a number must not be left without a type all the same.
      writer.begin(.forward, sizeOrType: 0)
      return
    }
    switch entry.tag {
    case DwarfEntry.Tag.base: writeBase(entry)
    case DwarfEntry.Tag.typedef:
      let target = try type(of: entry, in: unit)
      writer.begin(.typedef, name: name(of: entry), sizeOrType: target)
    case DwarfEntry.Tag.array: try writeArray(entry, cursor, in: unit)
    case DwarfEntry.Tag.functionType: try writePrototype(entry, cursor, in: unit)
    case DwarfEntry.Tag.enumeration: try writeEnumeration(entry, cursor, in: unit)
    default: try writeStructure(entry, cursor, in: unit)
    }
  }

  private mutating func writeBase(_ entry: DwarfEntry) {
    let byteCount = UInt32(clamping: entry.byteCount ?? 0)
    // DW_ATE_float; then signed and signed_char, boolean. Whether a number is a character nobody asks.
    guard entry.encoding != 4 else { return writer.begin(.float, name: name(of: entry), sizeOrType: byteCount) }
    let isSigned: UInt32 = entry.encoding == 5 || entry.encoding == 6 ? 1 : 0
    let isTruth: UInt32 = entry.encoding == 2 ? 4 : 0
    writer.begin(.integer, name: name(of: entry), sizeOrType: byteCount)
    writer.word((isSigned | isTruth) << 24 | min(byteCount, 31) * 8)
  }

  /// An array of arrays is told as one of all elements, as `pahole` does.
  private mutating func writeArray(_ entry: DwarfEntry, _ cursor: DwarfCursor, in unit: Int) throws(DwarfError) {
    let counts = try children(of: entry, cursor, in: unit, [DwarfEntry.Tag.range]).map(\.elementCount)
    let element = try type(of: entry, in: unit)
    writer.begin(.array, sizeOrType: 0)
    writer.word(element)
    writer.word(0)
    writer.word(UInt32(clamping: counts.isEmpty ? 0 : counts.reduce(1, &*)))
  }

  /// - Parameter isFunction: whether the function itself is written before it: two types that no other refers to.
  private mutating func writePrototype(
    _ entry: DwarfEntry, _ cursor: DwarfCursor, in unit: Int, isFunction: Bool = false
  ) throws(DwarfError) {
    let parameters = try children(
      of: entry, cursor, in: unit, [DwarfEntry.Tag.parameter, DwarfEntry.Tag.moreParameters])
    let result = try type(of: entry, in: unit)
    var types: [UInt32] = []
    for parameter in parameters { types.append(try type(of: parameter, in: unit)) }
    if isFunction {
      try writeWaiting()
      numberCount += 2
      writer.begin(.function, name: name(of: entry), sizeOrType: numberCount)
    }
    writer.begin(.functionPrototype, elementCount: types.count, sizeOrType: result)
    for type in types {
      writer.word(0)
      writer.word(type)
    }
  }

  private mutating func writeEnumeration(
    _ entry: DwarfEntry, _ cursor: DwarfCursor, in unit: Int
  ) throws(DwarfError) {
    let constants = try children(of: entry, cursor, in: unit, [DwarfEntry.Tag.enumerator])
    let isSigned = constants.contains { $0.constant < 0 }
    let isWide = constants.contains {
      $0.constant > (isSigned ? Int64(Int32.max) : Int64(UInt32.max)) || $0.constant < Int64(Int32.min)
    }
    writer.begin(
      isWide ? .enumeration64 : .enumeration, name: name(of: entry), elementCount: constants.count, flag: isSigned,
      sizeOrType: UInt32(clamping: entry.byteCount ?? 4))
    for constant in constants {
      writer.word(name(of: constant))
      writer.word(UInt32(truncatingIfNeeded: constant.constant))
      if isWide { writer.word(UInt32(truncatingIfNeeded: constant.constant >> 32)) }
    }
  }

  private mutating func writeStructure(
    _ entry: DwarfEntry, _ cursor: DwarfCursor, in unit: Int
  ) throws(DwarfError) {
    let isUnion = entry.tag == DwarfEntry.Tag.union
    guard !entry.isDeclaration else {
      writer.begin(.forward, name: name(of: entry), flag: isUnion, sizeOrType: 0)
      return
    }
    let members = try children(of: entry, cursor, in: unit, [DwarfEntry.Tag.member])
    let hasBitfields = members.contains { $0.bitCount != nil }
    var types: [UInt32] = []
    var offsets: [UInt32] = []
    for member in members {
      types.append(try type(of: member, in: unit))
      var offset = member.location &* 8
      if let start = member.dataBitOffset {
        offset = start
      } else if let start = member.bitOffset, let count = member.bitCount {
        // Counted from the highest bit of the number that it is in.
        offset = offset &+ (member.byteCount ?? 4) &* 8 &- start &- count
      }
      guard offset < (hasBitfields ? 1 << 24 : 1 << 32), member.bitCount ?? 0 < 256 else {
        throw .unsupported("a member's place", value: offset, at: index.bounds[unit].start)
      }
      offsets.append(UInt32(offset) | UInt32(member.bitCount ?? 0) << 24)
    }
    writer.begin(
      isUnion ? .union : .structure, name: name(of: entry), elementCount: members.count, flag: hasBitfields,
      sizeOrType: UInt32(clamping: entry.byteCount ?? 0))
    for (member, (type, offset)) in zip(members, zip(types, offsets)) {
      writer.word(name(of: member))
      writer.word(type)
      writer.word(offset)
    }
  }
}

/// A little type information, written type by type.
package struct SampleBTF {
  private var names: [UInt8] = [0]
  private var offsets: [String: UInt32] = ["": 0]
  package private(set) var types: [UInt8] = []
  /// How many types there are: the number of the last one.
  package private(set) var typeCount: UInt32 = 0

  /// What the numbers and names of a base's types leave to begin with.
  private let firstName: UInt32

  package init() { firstName = 0 }

  /// Types of a module, which count on from `base`.
  package init(splitFrom base: SampleBTF) {
    typeCount = base.typeCount
    firstName = base.firstName + UInt32(base.names.count)
    names = []
    offsets = base.offsets
  }

  /// Adds a type and returns its number.
  ///
  /// - Parameters:
  ///   - kind: BTF_KIND_*.
  ///   - flag: the kind flag.
  ///   - size: its byte count, or another type's number.
  ///   - details: all that follows the first 12 bytes.
  @discardableResult
  package mutating func add(
    _ kind: UInt32, _ name: String = "", count: Int = 0, flag: Bool = false, size: UInt32 = 0, details: [UInt8] = []
  ) -> UInt32 {
    types += little(nameOffset(name)) + little(UInt32(count) | kind << 24 | (flag ? 1 << 31 : 0)) + little(size)
    types += details
    typeCount += 1
    return typeCount
  }

  package mutating func integer(_ name: String, _ byteCount: UInt32) -> UInt32 {
    add(1, name, size: byteCount, details: little(byteCount * 8))
  }

  package mutating func array(of type: UInt32, _ count: UInt32) -> UInt32 {
    add(3, details: little(type) + little(type) + little(count))
  }

  /// A structure whose members are: name, type, bits from its start (with the bitfield's bits above, if `flag`).
  @discardableResult
  package mutating func structure(
    _ name: String, _ size: UInt32, kind: UInt32 = 4, flag: Bool = false, _ members: [(String, UInt32, UInt32)]
  ) -> UInt32 {
    var details: [UInt8] = []
    for (name, type, offset) in members { details += little(nameOffset(name)) + little(type) + little(offset) }
    return add(kind, name, count: members.count, flag: flag, size: size, details: details)
  }

  /// A function whose parameters are of these types.
  @discardableResult
  package mutating func function(_ name: String, _ parameters: [UInt32]) -> UInt32 {
    let prototype = add(
      13, count: parameters.count, details: parameters.flatMap { little(UInt32(0)) + little($0) })
    return add(12, name, size: prototype)
  }

  @discardableResult
  package mutating func enumeration(_ name: String, flag: Bool = false, _ values: [(String, UInt32)]) -> UInt32 {
    var details: [UInt8] = []
    for (name, value) in values { details += little(nameOffset(name)) + little(value) }
    return add(6, name, count: values.count, flag: flag, size: 4, details: details)
  }

  @discardableResult
  package mutating func enumeration64(_ name: String, _ values: [(String, UInt64)]) -> UInt32 {
    var details: [UInt8] = []
    for (name, value) in values { details += little(nameOffset(name)) + little(value) }
    return add(19, name, count: values.count, size: 8, details: details)
  }

  /// The whole section.
  ///
  /// - Parameter layout: the layout section, which makes the header 8 bytes longer; nil leaves it out.
  package func bytes(layout: [UInt8]? = nil) -> [UInt8] {
    var bytes = little(UInt16(0xeb9f)) + [1, 0] + little(UInt32(layout == nil ? 24 : 32))
    bytes += little(UInt32(0)) + little(UInt32(types.count)) + little(UInt32(types.count)) + little(UInt32(names.count))
    if let layout { bytes += little(UInt32(types.count + names.count)) + little(UInt32(layout.count)) }
    return bytes + types + names + (layout ?? [])
  }

  private mutating func nameOffset(_ name: String) -> UInt32 {
    if let offset = offsets[name] { return offset }
    let offset = firstName + UInt32(names.count)
    names += Array(name.utf8) + [0]
    offsets[name] = offset
    return offset
  }

  /// Structures within structures, typedefs, arrays, bitfields of both kinds, and enumerations.
  package static var module: SampleBTF {
    var btf = SampleBTF()
    let char = btf.integer("char", 1)
    let int = btf.integer("unsigned int", 4)
    let pointer = btf.add(2)
    let name = btf.array(of: char, 56)
    let layout = btf.structure("module_layout", 24, [("base", pointer, 0), ("size", int, 64), ("text_size", int, 96)])
    let qualified = btf.add(8, "layout_t", size: btf.add(10, size: layout))  // typedef of const
    let inner = btf.structure("", 8, kind: 5, [("taints", int, 0), ("whole", pointer, 0)])
    let outer = btf.structure("", 16, [("first", pointer, 0), ("", inner, 64)])
    let memory = btf.array(of: layout, 7)
    let matrix = btf.array(of: btf.array(of: int, 3), 2)
    let rest = btf.array(of: qualified, 0)
    let oldBits = btf.add(1, "unsigned int", size: 4, details: little(UInt32(3 << 16 | 5)))
    btf.structure(
      "module", 344,
      [
        ("state", int, 0), ("name", name, 8 * 8), ("core_layout", qualified, 64 * 8), ("", outer, 88 * 8),
        ("mem", memory, 104 * 8), ("matrix", matrix, 272 * 8), ("old", oldBits, 296 * 8), ("odd", int, 300 * 8 + 1),
        ("late", pointer, 340 * 8), ("args", rest, 344 * 8), ("function", btf.typeCount + 2, 0),
      ])
    btf.add(12, "init_module", size: 0)
    btf.structure(
      "bits", 8, flag: true, [("low", int, 0), ("wide", int, 12 << 24 | 28), ("one", int, 1 << 24 | 40)])
    btf.enumeration("mod_mem_type", [("MOD_TEXT", 0), ("MOD_DATA", 1), ("MOD_TOP", 1 << 31)])
    btf.enumeration("signs", flag: true, [("MINUS", .max), ("SHARED", 3), ("TWICE", 1)])
    btf.enumeration("", [("SHARED", 3), ("TWICE", 2)])
    btf.enumeration64("wide", [("WIDE", 1 << 40)])
    return btf
  }
}

/// The record of one type, where it lies in the type section.
///
/// Layout: include/uapi/linux/btf.h, `struct btf_type` and what follows it for each kind (Linux v6.12). The count of
/// elements had 16 bits and the kind 5 before v7; the bits between were zero (kernel/bpf/btf.c, `BTF_INFO_MASK`).
struct BTFType {
  /// The bytes that a type of any kind has.
  static let byteCount = 12

  enum Kind: UInt8 {
    case integer = 1
    case pointer, array, structure, union, enumeration, forward, typedef, volatile, const, restrict, function
    case functionPrototype, variable, dataSection, float, declarationTag, typeTag, enumeration64
  }

  /// Where its name is in the names; 0 if it has none.
  let nameOffset: UInt32
  /// Members, enumerators, parameters or variables.
  let elementCount: Int
  let rawKind: UInt8
  /// Whether the members' offsets of a structure hold the sizes of bitfields too, or an enumeration's values are signed.
  let hasKindFlag: Bool
  /// Bytes of the type, or the number of another type: the kind says which.
  let sizeOrType: UInt32
  /// The type section it lies in: of a module's types, some are the kernel's.
  private let types: UnsafeRawBufferPointer
  /// Where what follows the first 12 bytes is, in the type section.
  private let details: Int

  /// - Parameter start: where it is; the caller sees to it that 12 bytes are there, and that what ``detailByteCount``
  ///   says is, before it asks for an element.
  init(_ types: UnsafeRawBufferPointer, at start: Int) {
    let info = types.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self)
    nameOffset = types.loadUnaligned(fromByteOffset: start, as: UInt32.self)
    sizeOrType = types.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self)
    elementCount = Int(info & 0xff_ffff)
    rawKind = UInt8(truncatingIfNeeded: info >> 24 & 0x7f)
    hasKindFlag = info >> 31 != 0
    details = start + Self.byteCount
    self.types = types
  }

  /// Where it lies: no other type lies there.
  var id: Int { Int(bitPattern: types.baseAddress) &+ details }

  /// nil if it is newer than this program.
  var kind: Kind? { Kind(rawValue: rawKind) }

  /// How many bytes follow the first 12, or nil if the kind is not known.
  var detailByteCount: Int? {
    switch kind {
    case nil: nil
    case .pointer, .forward, .typedef, .volatile, .const, .restrict, .function, .float, .typeTag: 0
    case .integer, .variable, .declarationTag: 4
    case .array: 12
    case .enumeration, .functionPrototype: elementCount * 8
    case .structure, .union, .dataSection, .enumeration64: elementCount * 12
    }
  }

  /// A member of a structure or union.
  struct Member {
    var nameOffset: UInt32
    /// The number of its type.
    var type: UInt32
    /// Bits from the structure's start.
    var bitOffset: Int
    /// Bits of a bitfield, or 0 for any other member.
    var bitCount: Int
  }

  /// The member of number `index` of a structure or union.
  func member(_ index: Int) -> Member {
    let start = details + index * 12
    let offset = types.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self)
    return Member(
      nameOffset: types.loadUnaligned(fromByteOffset: start, as: UInt32.self),
      type: types.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self),
      bitOffset: Int(hasKindFlag ? offset & 0xff_ffff : offset), bitCount: hasKindFlag ? Int(offset >> 24) : 0)
  }

  /// The name and value of the constant of number `index` of an enumeration.
  func enumerator(_ index: Int) -> (nameOffset: UInt32, value: Int64) {
    let is64Bit = kind == .enumeration64
    let start = details + index * (is64Bit ? 12 : 8)
    let low = types.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self)
    let value: Int64
    if is64Bit {
      let high = types.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self)
      value = Int64(bitPattern: UInt64(high) << 32 | UInt64(low))
    } else {
      value = hasKindFlag ? Int64(Int32(bitPattern: low)) : Int64(low)
    }
    return (types.loadUnaligned(fromByteOffset: start, as: UInt32.self), value)
  }

  /// The number of an array's element type, and how many elements there are.
  var elements: (type: UInt32, count: UInt32) {
    (
      types.loadUnaligned(fromByteOffset: details, as: UInt32.self),
      types.loadUnaligned(fromByteOffset: details + 8, as: UInt32.self)
    )
  }

  /// The number of the type of the parameter of number `index` of a function's prototype.
  func parameter(_ index: Int) -> UInt32 {
    types.loadUnaligned(fromByteOffset: details + index * 8 + 4, as: UInt32.self)
  }

  /// Whether an integer's highest bit is its sign (`BTF_INT_SIGNED`).
  var isSigned: Bool { types.loadUnaligned(fromByteOffset: details, as: UInt32.self) >> 24 & 1 != 0 }

  /// An integer's bits, and where they start: a bitfield, if there are fewer than its bytes have (`BTF_INT_BITS`).
  var integerBits: (offset: Int, count: Int) {
    let details = types.loadUnaligned(fromByteOffset: details, as: UInt32.self)
    return (Int(details >> 16 & 0xff), Int(details & 0xff))
  }
}

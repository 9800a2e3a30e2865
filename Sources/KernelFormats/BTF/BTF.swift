package import KernelModel

/// What a kernel says of its own structures: the section `.BTF` of its image.
///
/// Only where each type starts is remembered; everything else is looked up when somebody asks. Layout:
/// include/uapi/linux/btf.h and Documentation/bpf/btf.rst (Linux v6.12, and v7.2 for 24-bit counts and the layout
/// section). The types of a module count on from the kernel's ("split BTF", Linux kernel commit 951bb64621b8 ("bpf: Add in-kernel
/// split BTF support") (in v5.11)): they are understood together with those.
package struct BTF {
  /// What keeps the bytes where they are.
  private let owner: VendorObject.Contents?
  let names: UnsafeRawBufferPointer
  /// The type section.
  let types: UnsafeRawBufferPointer
  /// The types that these count on from, if any.
  let base: Base?
  /// Where in ``types`` the types 1, 2, … start; type 0 is `void`.
  let starts: [UInt32]
  /// The structures and unions.
  private let structures: NameIndex
  /// Where the enumerations start.
  private let enumerations: [UInt32]

  /// Types that others count on from.
  final class Base {
    let btf: BTF

    init(_ btf: BTF) {
      self.btf = btf
    }
  }

  /// - Parameters:
  ///   - bytes: all of the section; they must stay as they are for as long as this value or a ``Structure`` of it lives.
  ///   - owner: what `bytes` belong to; kept, so that they do stay. Without one, the caller sees to it.
  ///   - base: of a module's types, the kernel's, from whose numbers and names its own count on.
  /// - Throws: if the header, a type or the names cannot be right. What one type says of another is not checked here,
  ///   but where it is looked up.
  package init(
    _ bytes: UnsafeRawBufferPointer, owner: VendorObject.Contents? = nil, base: BTF? = nil
  ) throws(BTFError) {
    let header = try BTFHeader(bytes)
    names = header.names
    types = header.types
    self.owner = owner
    self.base = base.map(Base.init)
    // The empty name is the kernel's; a module may have no names of its own.
    let isTerminated = base == nil ? names.first == 0 && names.last == 0 : names.isEmpty || names.last == 0
    guard isTerminated else { throw .unterminatedNames }

    var starts: [UInt32] = []
    var structures: [UInt32] = []
    var enumerations: [UInt32] = []
    starts.reserveCapacity(types.count / BTFType.byteCount)
    structures.reserveCapacity(types.count / 256)
    enumerations.reserveCapacity(types.count / 1024)
    var start = 0
    // Each round moves on by at least the 12 bytes that every type has.
    while start < types.count {
      guard start <= types.count - BTFType.byteCount else {
        throw .truncated(
          "BTF type \(starts.count + 1)", needed: UInt64(BTFType.byteCount), available: UInt64(types.count - start))
      }
      let type = BTFType(types, at: start)
      guard let detailByteCount = type.detailByteCount ?? header.detailByteCount(of: type) else {
        throw .unknownKind(type: starts.count + 1, kind: type.rawKind)
      }
      let byteCount = BTFType.byteCount + detailByteCount
      guard byteCount <= types.count - start else {
        throw .truncated(
          "BTF type \(starts.count + 1)", needed: UInt64(byteCount), available: UInt64(types.count - start))
      }
      let place = UInt32(truncatingIfNeeded: start)  // the header's counts have 32 bits
      starts.append(place)
      switch type.kind {
      case .structure, .union: structures.append(place)
      case .enumeration, .enumeration64: enumerations.append(place)
      default: break
      }
      start += byteCount
    }
    self.starts = starts
    let (types, names) = (types, names)
    self.structures = NameIndex(of: structures) { start in
      Self.hash(ofName: BTFType(types, at: Int(start)).nameOffset, names, base)
    }
    self.enumerations = enumerations
  }

  /// How many types there are, `void` not counted.
  ///
  /// Those of the base are counted.
  package var typeCount: Int { (base?.btf.typeCount ?? 0) + starts.count }

  /// Bytes of all names, those of the base first.
  var nameByteCount: Int { (base?.btf.nameByteCount ?? 0) + names.count }

  /// The structure or union called `name`, or nil if there is none, or several that are laid out differently.
  ///
  /// C allows that in different files; some twenty names of a kernel are such, as `console` of v6.12.
  package func structure(_ name: String) -> Structure? {
    withName(name) { name in
      var found: BTFType?
      for start in structures.candidates(name) {
        let type = BTFType(types, at: Int(start))
        guard isName(type.nameOffset, name) else { continue }
        if let found, found.sizeOrType != type.sizeOrType || found.elementCount != type.elementCount { return nil }
        found = found ?? type
      }
      return found.map { Structure(btf: self, type: $0) }
    } ?? base?.btf.structure(name)
  }

  /// The structures and unions called `name`, however they are laid out, in the section's order.
  package func structures(_ name: String) -> [Structure] {
    let own = withName(name) { name in
      structures.candidates(name).compactMap { start -> Structure? in
        let type = BTFType(types, at: Int(start))
        return isName(type.nameOffset, name) ? Structure(btf: self, type: type) : nil
      }
    }
    return (base?.btf.structures(name) ?? []) + own
  }

  /// The names of the variables that are structures or unions called `structure`, in the section's order.
  ///
  /// Kernels of distributions name their per-CPU variables alone (scripts/Makefile.btf, Linux v6.12 and v7.2).
  package func variables(of structure: String) -> [String] {
    let own = withName(structure) { structure in
      starts.compactMap { start -> String? in
        let variable = BTFType(types, at: Int(start))
        guard variable.rawKind == BTFType.Kind.variable.rawValue, let type = followed(variable.sizeOrType),
          type.kind == .structure || type.kind == .union, isName(type.nameOffset, structure)
        else { return nil }
        return text(variable.nameOffset)
      }
    }
    return (base?.btf.variables(of: structure) ?? []) + own
  }

  /// The value of the constant `name` of an enumeration, or nil if there is none, or several of different value.
  ///
  /// Before Linux kernel commit 6089fb325cf7 ("bpf: Add btf enum64 support") (in v6.0) nothing says whether a value is
  /// signed, and only its lowest 32 bits are told; those are taken as unsigned.
  ///
  /// - Parameter enumeration: the enumeration's own name; nil searches all.
  package func enumerationValue(_ enumeration: String?, _ name: String) -> Int64? {
    ownEnumerationValue(enumeration, name) ?? base?.btf.enumerationValue(enumeration, name)
  }

  private func ownEnumerationValue(_ enumeration: String?, _ name: String) -> Int64? {
    withName(enumeration ?? "") { wanted in
      withName(name) { name in
        var found: Int64?
        for start in enumerations {
          let type = BTFType(types, at: Int(start))
          guard enumeration == nil || isName(type.nameOffset, wanted) else { continue }
          for index in 0..<type.elementCount where isName(type.enumerator(index).nameOffset, name) {
            let value = type.enumerator(index).value
            guard found == nil || found == value else { return nil }
            found = value
          }
        }
        return found
      }
    }
  }

  /// The constants of the enumeration called `enumeration`, by value; of several with one value, the first.
  ///
  /// Empty if there is none of that name.
  package func constants(of enumeration: String) -> [Int64: String] {
    withName(enumeration) { wanted in
      var found: [Int64: String] = [:]
      for start in enumerations {
        let type = BTFType(types, at: Int(start))
        guard isName(type.nameOffset, wanted) else { continue }
        for index in 0..<type.elementCount {
          let constant = type.enumerator(index)
          if found[constant.value] == nil { found[constant.value] = text(constant.nameOffset) }
        }
      }
      return found.isEmpty ? base?.btf.constants(of: enumeration) ?? [:] : found
    }
  }

  /// The type of number `number`, or nil for `void` and numbers that no type has.
  func type(_ number: UInt32) -> BTFType? {
    let before = base?.btf.typeCount ?? 0
    if let base, number <= before { return base.btf.type(number) }
    guard number > before, Int(number) - before <= starts.count else { return nil }
    return BTFType(types, at: Int(starts[Int(number) - before - 1]))
  }

  /// The type of number `number`, without the names and qualifiers before it.
  func followed(_ number: UInt32) -> BTFType? {
    var type = self.type(number)
    for _ in 0..<Self.deepest {
      switch type?.kind {
      case .typedef, .volatile, .const, .restrict, .typeTag: type = type.flatMap { self.type($0.sizeOrType) }
      default: return type
      }
    }
    return nil
  }

  /// Types followed from one to the next, and anonymous structures within each other; a kernel has a handful.
  static let deepest = 32

  /// Whether `name` stands at `offset` of the names.
  func isName(_ offset: UInt32, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    let before = base?.btf.nameByteCount ?? 0
    if let base, Int(offset) < before { return base.btf.isName(offset, name) }
    let start = Int(offset) - before
    guard start < names.count, name.count < names.count - start, names[start + name.count] == 0 else { return false }
    for index in 0..<name.count where names[start + index] != name[index] { return false }
    return true
  }

  /// Calls `body` with the bytes of a name.
  func withName<Result>(_ name: some StringProtocol, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    var text = String(name)
    return text.withUTF8(body)
  }
}

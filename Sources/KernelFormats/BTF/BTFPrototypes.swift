extension BTF {
  /// The type of a function: what it is given, and what it returns.
  package struct Prototype {
    private let btf: BTF
    private let number: UInt32

    /// Prototypes within prototypes that are looked into; a kernel's functions take two or three.
    private static let deepest = 8
    /// Types compared of two functions; a kernel's have a dozen parameters at most.
    private static let most = 4096

    fileprivate init(_ btf: BTF, _ number: UInt32) {
      self.btf = btf
      self.number = number
    }

    /// Whether one function can be called as the other is: as many parameters of the same kinds, and the same result.
    ///
    /// Qualifiers and the names of types make no difference, structures and unions are the same by their own names, and integers
    /// and enumerations by their size.
    package func isSame(as other: Self) -> Bool {
      var left = Self.most
      return Self.isSame(number, btf, other.number, other.btf, depth: 0, &left)
    }

    private static func isSame(
      _ first: UInt32, _ firstTypes: BTF, _ second: UInt32, _ secondTypes: BTF, depth: Int, _ left: inout Int
    ) -> Bool {
      guard left > 0 else { return false }
      left -= 1
      guard depth < deepest else { return true }
      // Nothing, as `void` is.
      guard let one = firstTypes.followed(first) else { return secondTypes.followed(second) == nil }
      guard let two = secondTypes.followed(second) else { return false }
      if one.id == two.id { return true }
      func isSame(_ inner: UInt32, _ other: UInt32, _ left: inout Int) -> Bool {
        Self.isSame(inner, firstTypes, other, secondTypes, depth: depth + 1, &left)
      }
      switch (one.kind, two.kind) {
      case (.pointer, .pointer): return isSame(one.sizeOrType, two.sizeOrType, &left)
      case (.array, .array):
        return one.elements.count == two.elements.count && isSame(one.elements.type, two.elements.type, &left)
      case (.functionPrototype, .functionPrototype):
        guard one.elementCount == two.elementCount, isSame(one.sizeOrType, two.sizeOrType, &left) else { return false }
        for index in 0..<one.elementCount where !isSame(one.parameter(index), two.parameter(index), &left) {
          return false
        }
        return true
      case (.structure, .structure), (.union, .union), (.forward, _), (_, .forward):
        guard one.isAggregate, two.isAggregate else { return false }
        return one.nameOffset != 0
          && secondTypes.isSameName(two.nameOffset, as: one.nameOffset, of: firstTypes)
      case (.integer, .integer), (.enumeration, .integer), (.integer, .enumeration), (.enumeration, .enumeration),
        (.float, .float), (.enumeration64, .enumeration64), (.enumeration64, .integer), (.integer, .enumeration64):
        return one.sizeOrType == two.sizeOrType
      default: return false
      }
    }
  }

  /// The prototypes of the functions called each of `names`, by name; several functions may share one.
  package func prototypes(ofFunctions names: Set<String>) -> [String: [Prototype]] {
    var found = base?.btf.prototypes(ofFunctions: names) ?? [:]
    let wanted = Dictionary(grouping: names) { withName($0) { Self.hash($0[...]) } }
    guard !wanted.isEmpty else { return found }
    for start in starts {
      let type = BTFType(types, at: Int(start))
      guard type.rawKind == BTFType.Kind.function.rawValue, let bytes = nameBytes(type.nameOffset),
        let candidates = wanted[Self.hash(bytes)],
        let prototype = self.type(type.sizeOrType), prototype.kind == .functionPrototype,
        let name = candidates.first(where: { withName($0) { isName(type.nameOffset, $0) } })
      else { continue }
      found[name, default: []].append(Prototype(self, type.sizeOrType))
    }
    return found
  }

  /// The structures that have, at each of these places, a pointer to a function of one of its prototypes; or an array of which
  /// each place lies in some element.
  ///
  /// - Parameters:
  ///   - places: offsets in bytes.
  ///   - byteCount: how much room there is.
  package func structures(
    pointingToFunctions places: [(offset: Int, prototypes: [Prototype])], within byteCount: Int
  ) -> [Structure] {
    guard let last = places.map(\.offset).max(), byteCount > 0 else { return [] }
    return starts.compactMap { start in
      let type = BTFType(types, at: Int(start))
      guard type.kind == .structure, type.nameOffset != 0, type.sizeOrType >= 8, Int(type.sizeOrType) <= byteCount
      else { return nil }
      let stride = Int(type.sizeOrType)
      let isOne = last < stride
      for place in places {
        guard let found = functionPointer(at: isOne ? place.offset : place.offset % stride, in: type, depth: 0),
          place.prototypes.contains(where: { $0.isSame(as: found.prototype) })
        else { return nil }
      }
      return Structure(btf: self, type: type)
    }
  }

  /// The member at an offset in bytes that is a pointer to a function, with dots between the names that lead to it.
  package func functionPointer(at offset: Int, in structure: Structure) -> String? {
    functionPointer(at: offset, in: structure.record, depth: 0)?.path
  }

  private func functionPointer(
    at offset: Int, in type: BTFType, depth: Int
  ) -> (path: String, prototype: Prototype)? {
    guard depth < Self.deepest else { return nil }
    for index in 0..<type.elementCount {
      let member = type.member(index)
      let start = member.bitOffset / 8
      guard member.bitCount == 0, start <= offset, var inner = followed(member.type) else { continue }
      var rest = offset - start
      if inner.kind == .array {
        guard let element = followed(inner.elements.type) else { continue }
        let stride = element.kind == .pointer ? 8 : element.isAggregate ? Int(element.sizeOrType) : 0
        let (total, overflow) = stride.multipliedReportingOverflow(by: Int(inner.elements.count))
        guard stride > 0, !overflow, rest < total else { continue }
        rest %= stride
        inner = element
      }
      switch inner.kind {
      case .pointer:
        guard rest == 0, followed(inner.sizeOrType)?.kind == .functionPrototype else { continue }
        return (text(member.nameOffset), Prototype(self, inner.sizeOrType))
      case .structure, .union:
        guard rest < Int(inner.sizeOrType), let found = functionPointer(at: rest, in: inner, depth: depth + 1) else {
          continue
        }
        let name = text(member.nameOffset)
        return (name.isEmpty ? found.path : "\(name).\(found.path)", found.prototype)
      default: continue
      }
    }
    return nil
  }

  /// FNV-1a, of 64 bits.
  private static func hash(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// The bytes of a name of these types' own, without the NUL.
  private func nameBytes(_ offset: UInt32) -> Slice<UnsafeBufferPointer<UInt8>>? {
    let start = Int(offset) - (base?.btf.nameByteCount ?? 0)
    guard start >= 0, start < names.count else { return nil }
    let bytes = names.bindMemory(to: UInt8.self)
    guard let end = bytes[start...].firstIndex(of: 0) else { return nil }
    return bytes[start..<end]
  }

  private func isSameName(_ offset: UInt32, as other: UInt32, of types: BTF) -> Bool {
    withName(types.text(other)) { isName(offset, $0) }
  }
}

extension BTFType {
  /// Whether it is a structure or union, or is said to be one.
  fileprivate var isAggregate: Bool { kind == .structure || kind == .union || kind == .forward }
}

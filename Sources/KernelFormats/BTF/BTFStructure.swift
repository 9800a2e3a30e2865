extension BTF {
  /// How a structure or union is laid out.
  package struct Structure {
    /// Members looked at to find one.
    ///
    /// A kernel's largest structures have a few hundred; hostile types may name each other so that there is no end.
    private static let mostMembers = 1 << 16

    let btf: BTF
    let type: BTFType

    /// Its record in the type section.
    var record: BTFType { type }

    init(btf: BTF, type: BTFType) {
      self.btf = btf
      self.type = type
    }

    /// Its name; empty if it has none.
    package var name: String { btf.text(type.nameOffset) }

    /// What tells it from every other: several may have one name, and others have none.
    package var id: Int { type.id }

    /// Bytes, padding at the end included.
    package var byteCount: Int { Int(type.sizeOrType) }

    /// The member that `path` leads to, or nil if there is none, or its type says nothing of its size.
    ///
    /// - Parameter path: names with dots between them, as `core_layout.base`. A member of an anonymous structure or
    ///   union goes by its own name, as in C; what follows an array's name is looked for in its first element.
    package func member(_ path: String) -> Member? {
      found(path).flatMap { member(type: $0.type, bitOffset: $0.bitOffset, bitCount: $0.bitCount) }
    }

    /// The structure or union that a member is, or an array of, or that it points to; nil if it does neither.
    ///
    /// - Parameter path: as ``member(_:)`` takes it.
    package func structure(of path: String) -> (structure: Structure, isPointer: Bool)? {
      guard let member = found(path) else { return nil }
      if let own = aggregate(member.type) { return (Structure(btf: btf, type: own), false) }
      guard let pointer = btf.followed(member.type), pointer.kind == .pointer,
        let target = btf.followed(pointer.sizeOrType)
      else { return nil }
      switch target.kind {
      case .structure, .union: return (Structure(btf: btf, type: target), true)
      case .forward: return btf.structure(btf.text(target.nameOffset)).map { ($0, true) }
      default: return nil
      }
    }

    /// The member that `path` leads to, its offset counted from the structure's start.
    private func found(_ path: String) -> BTFType.Member? {
      var left = Self.mostMembers
      var bitOffset = 0
      var within = type
      var found: BTFType.Member?
      for name in path.split(separator: ".", omittingEmptySubsequences: false) {
        guard !name.isEmpty else { return nil }
        if let found {
          guard found.bitCount == 0, let inner = aggregate(found.type) else { return nil }
          within = inner
        }
        guard let next = btf.withName(name, { find($0, in: within, depth: 0, left: &left) }) else { return nil }
        bitOffset += next.bitOffset
        found = next
      }
      found?.bitOffset = bitOffset
      return found
    }

    /// The member called `name` of `structure`, its offset counted from there, anonymous ones searched too.
    private func find(
      _ name: UnsafeBufferPointer<UInt8>, in structure: BTFType, depth: Int, left: inout Int
    ) -> BTFType.Member? {
      guard depth < BTF.deepest else { return nil }
      let anonymous = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
      for index in 0..<structure.elementCount {
        guard left > 0 else { return nil }
        left -= 1
        let member = structure.member(index)
        if btf.isName(member.nameOffset, name) { return member }
        guard btf.isName(member.nameOffset, anonymous), let inner = btf.followed(member.type),
          inner.kind == .structure || inner.kind == .union
        else { continue }
        if var found = find(name, in: inner, depth: depth + 1, left: &left) {
          found.bitOffset += member.bitOffset
          return found
        }
      }
      return nil
    }

    private func member(type number: UInt32, bitOffset: Int, bitCount: Int) -> Member? {
      guard let type = btf.followed(number), let byteCount = byteCount(of: type, depth: 0) else { return nil }
      var bitOffset = bitOffset
      var bitCount = bitCount
      if bitCount == 0, type.kind == .integer {
        let bits = type.integerBits
        if bits.count > 0, bits.count < byteCount * 8 {
          bitOffset += bits.offset
          bitCount = bits.count
        }
      }
      var member = Member(byteOffset: bitOffset / 8, byteCount: byteCount, elementByteCount: byteCount)
      if bitCount > 0 {
        guard [.integer, .enumeration, .enumeration64].contains(type.kind), bitCount <= byteCount * 8 else {
          return nil
        }
        member.bitOffset = bitOffset % 8
        member.bitCount = bitCount
        member.byteCount = (bitOffset % 8 + bitCount + 7) / 8
        member.elementByteCount = member.byteCount
      } else {
        guard bitOffset % 8 == 0 else { return nil }
      }
      if type.kind == .array {
        let elements = type.elements
        guard let element = btf.followed(elements.type), let elementByteCount = self.byteCount(of: element, depth: 0)
        else {
          return nil
        }
        member.elementCount = Int(elements.count)
        member.elementByteCount = elementByteCount
        member.isSigned = element.kind == .integer && element.isSigned
      } else {
        member.isSigned = type.kind == .integer && type.isSigned
      }
      guard member.byteCount <= self.byteCount, member.byteOffset <= self.byteCount - member.byteCount else {
        return nil
      }
      return member
    }

    /// The structure or union that a type is, or an array of.
    private func aggregate(_ number: UInt32) -> BTFType? {
      var type = btf.followed(number)
      for _ in 0..<BTF.deepest {
        guard let current = type, current.kind == .array else { break }
        type = btf.followed(current.elements.type)
      }
      return type?.kind == .structure || type?.kind == .union ? type : nil
    }

    private func byteCount(of type: BTFType, depth: Int) -> Int? {
      switch type.kind {
      case .integer, .structure, .union, .enumeration, .enumeration64, .float: return Int(type.sizeOrType)
      case .pointer: return 8
      case .array:
        let elements = type.elements
        guard depth < BTF.deepest, let element = btf.followed(elements.type),
          let byteCount = byteCount(of: element, depth: depth + 1)
        else { return nil }
        let (total, overflow) = byteCount.multipliedReportingOverflow(by: Int(elements.count))
        return overflow ? nil : total
      default: return nil
      }
    }
  }

  /// Where a member lies in its structure, which it never exceeds, and how large it is.
  package struct Member: Hashable, Sendable {
    /// Bytes from the structure's start.
    package var byteOffset: Int
    /// Bytes of all of it; of a bitfield, of the bytes that hold its bits.
    package var byteCount: Int
    /// How many elements an array has, or nil if it is none; 0 if it takes what room there is behind the structure.
    package var elementCount: Int?
    /// Bytes of one element; of what is no array, of all of it.
    package var elementByteCount: Int
    /// Of a bitfield, which bit of the byte at ``byteOffset`` is its lowest.
    package var bitOffset: Int
    /// How many bits a bitfield has, or nil if it is none.
    package var bitCount: Int?
    /// Whether it is an integer that may be negative, or an array of such.
    package var isSigned: Bool

    package init(
      byteOffset: Int, byteCount: Int, elementCount: Int? = nil, elementByteCount: Int, bitOffset: Int = 0,
      bitCount: Int? = nil, isSigned: Bool = false
    ) {
      self.byteOffset = byteOffset
      self.byteCount = byteCount
      self.elementCount = elementCount
      self.elementByteCount = elementByteCount
      self.bitOffset = bitOffset
      self.bitCount = bitCount
      self.isSigned = isSigned
    }

    /// What of its bytes, taken as one number, is the member's: all, but of a bitfield.
    package func bits(of whole: UInt64) -> UInt64 {
      guard let bitCount, bitCount < 64 else { return whole }
      return (whole >> UInt64(bitOffset)) & (1 << UInt64(bitCount) &- 1)
    }
  }
}

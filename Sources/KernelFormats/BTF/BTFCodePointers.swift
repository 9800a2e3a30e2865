extension BTF.Structure {
  /// A word of a structure by which code is reached.
  package struct CodePointer {
    package enum Target {
      /// It leads to a function.
      case function
      /// It leads to a table of functions: a structure that is constant and has such pointers, or that is little else.
      case table(BTF.Structure)
    }

    /// Bytes from the structure's start.
    package var offset: Int
    /// What it may be, and the members that lead to it, with dots between them; several only in a union.
    package var readings: [(path: String, target: Target)]
  }

  /// The words by which code is reached from this structure, lowest first: pointers to functions and to tables of functions, in
  /// the structure itself and in those that it has as members.
  ///
  /// A word that a union also uses for something else is left out, and so is what is there to be freed later
  /// (`struct callback_head`, include/linux/types.h, Linux v5.10 to v7.2): nothing says whether it is in use.
  package var codePointers: [CodePointer] {
    var search = CodePointerSearch(btf: btf)
    search.search(type, at: 0, path: "", depth: 0, inUnion: false)
    return search.result
  }

  /// Words of the structure itself that lead to functions.
  fileprivate var functionCount: Int {
    var search = CodePointerSearch(btf: btf, wantsTables: false)
    search.search(type, at: 0, path: "", depth: 0, inUnion: false)
    return search.result.count
  }
}

/// Looks for words by which code is reached.
private struct CodePointerSearch {
  let btf: BTF
  var wantsTables = true
  private var found: [Int: [(path: String, target: BTF.Structure.CodePointer.Target)]] = [:]
  /// Bytes that hold something else, in unions.
  private var others: [Range<Int>] = []
  private var left = 1 << 12

  /// Structures within structures, and elements of an array that are looked at.
  private static let deepest = 5
  private static let mostElements = 64

  init(btf: BTF, wantsTables: Bool = true) {
    self.btf = btf
    self.wantsTables = wantsTables
  }

  var result: [BTF.Structure.CodePointer] {
    found.sorted { $0.key < $1.key }.compactMap { offset, readings in
      guard !others.contains(where: { $0.overlaps(offset..<offset + 8) }) else { return nil }
      return BTF.Structure.CodePointer(offset: offset, readings: readings)
    }
  }

  mutating func search(_ structure: BTFType, at start: Int, path: String, depth: Int, inUnion: Bool) {
    guard depth < Self.deepest, !btf.withName("callback_head", { btf.isName(structure.nameOffset, $0) }) else { return }
    let isUnion = inUnion || structure.kind == .union
    for index in 0..<structure.elementCount {
      guard left > 0 else { return }
      left -= 1
      let member = structure.member(index)
      look(
        at: member.type, bits: member.bitCount, bitOffset: member.bitOffset, start: start,
        path: self.path(to: member, within: path), depth: depth, inUnion: isUnion)
    }
  }

  /// Empty where words are only counted.
  private func path(to member: BTFType.Member, within path: String) -> String {
    guard wantsTables else { return "" }
    let name = btf.text(member.nameOffset)
    return path.isEmpty ? name : name.isEmpty ? path : "\(path).\(name)"
  }

  private mutating func look(
    at number: UInt32, bits: Int, bitOffset: Int, start: Int, path: String, depth: Int, inUnion: Bool
  ) {
    guard let type = btf.followed(number), bitOffset >= 0 else { return }
    let offset = start + bitOffset / 8
    switch type.kind {
    case .structure, .union:
      search(type, at: offset, path: path, depth: depth + 1, inUnion: inUnion)
    case .pointer where bits == 0 && bitOffset % 8 == 0:
      if let target = target(of: type) {
        found[offset, default: []].append((path, target))
      } else if inUnion {
        others.append(offset..<offset + 8)
      }
    case .array where bitOffset % 8 == 0:
      lookAtElements(of: type, offset: offset, path: path, depth: depth, inUnion: inUnion)
    default:
      if inUnion { others.append(offset..<offset + max(size(of: type), 1)) }
    }
  }

  private mutating func lookAtElements(of type: BTFType, offset: Int, path: String, depth: Int, inUnion: Bool) {
    let elements = type.elements
    guard let element = btf.followed(elements.type) else { return }
    let byteCount = size(of: element)
    let (total, overflow) = byteCount.multipliedReportingOverflow(by: Int(elements.count))
    guard !overflow, byteCount > 0 else { return }
    switch element.kind {
    case .pointer, .structure, .union:
      for index in 0..<min(Int(elements.count), Self.mostElements) {
        guard left > 0 else { return }
        left -= 1
        look(
          at: elements.type, bits: 0, bitOffset: 0, start: offset + index * byteCount,
          path: wantsTables ? "\(path)[\(index)]" : "", depth: depth, inUnion: inUnion)
      }
    default:
      if inUnion { others.append(offset..<offset + max(total, 1)) }
    }
  }

  private func size(of type: BTFType) -> Int {
    switch type.kind {
    case .pointer: 8
    case .integer, .structure, .union, .enumeration, .enumeration64, .float: Int(type.sizeOrType)
    default: 0
    }
  }

  private func target(of pointer: BTFType) -> BTF.Structure.CodePointer.Target? {
    var number = pointer.sizeOrType
    var isConstant = false
    for _ in 0..<BTF.deepest {
      guard let type = btf.type(number) else { return nil }
      switch type.kind {
      case .const: isConstant = true
      case .typedef, .volatile, .restrict, .typeTag: break
      case .functionPrototype: return .function
      case .structure: return table(BTF.Structure(btf: btf, type: type), isConstant)
      case .forward:
        return btf.structure(btf.text(type.nameOffset)).flatMap { table($0, isConstant) }
      default: return nil
      }
      number = type.sizeOrType
    }
    return nil
  }

  /// A constant structure with pointers to functions, or one of which most words are such.
  private func table(_ structure: BTF.Structure, _ isConstant: Bool) -> BTF.Structure.CodePointer.Target? {
    guard wantsTables else { return nil }
    let functions = structure.functionCount
    return functions > 0 && (isConstant || functions * 16 >= structure.byteCount) ? .table(structure) : nil
  }
}

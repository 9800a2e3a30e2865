extension BTF {
  /// Types that one name may lead through to what it means.
  private static let deepestName = 8

  /// The types of the parameters of each function called `name`, as C writes them: `struct seq_file *`.
  ///
  /// Several functions may share a name. A type that C could not name so plainly is an empty text.
  package func parameters(ofFunctions name: String) -> [[String]] {
    var found: [[String]] = base.map { $0.btf.parameters(ofFunctions: name) } ?? []
    withName(name) { name in
      for start in starts {
        let type = BTFType(types, at: Int(start))
        guard type.kind == .function, isName(type.nameOffset, name), let prototype = self.type(type.sizeOrType),
          prototype.kind == .functionPrototype
        else { continue }
        found.append((0..<prototype.elementCount).map { words(for: prototype.parameter($0), depth: 0) })
      }
    }
    return found
  }

  private func words(for number: UInt32, depth: Int) -> String {
    guard number != 0 else { return "void" }
    guard depth < Self.deepestName, let type = type(number) else { return "" }
    func next() -> String { words(for: type.sizeOrType, depth: depth + 1) }
    switch type.kind {
    case .pointer:
      let target = next()
      return target.hasSuffix("*") ? target + "*" : target.isEmpty ? "" : target + " *"
    case .const:
      return "const \(next())"
    case .volatile, .restrict, .typeTag:
      return next()
    case .structure, .forward:
      return "struct \(text(type.nameOffset))"
    case .union:
      return "union \(text(type.nameOffset))"
    case .enumeration, .enumeration64:
      return "enum \(text(type.nameOffset))"
    case .integer, .typedef, .float:
      return text(type.nameOffset)
    default:
      return ""
    }
  }

  func text(_ offset: UInt32) -> String {
    let before = base?.btf.nameByteCount ?? 0
    if let base, Int(offset) < before { return base.btf.text(offset) }
    let start = Int(offset) - before
    guard start < names.count else { return "" }
    let end = names[start...].firstIndex(of: 0) ?? names.count
    return String(decoding: names[start..<end], as: UTF8.self)
  }
}

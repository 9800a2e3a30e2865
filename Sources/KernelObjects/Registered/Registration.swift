internal import KernelFormats
package import KernelModel

/// One thing that is registered, as a ``RegisteredRow`` leads to it.
package struct Registration {
  package let object: KernelObject
  /// By what it was come to: `hooks_ipv4[1]`, `CPU 3`; may be empty.
  package let trail: String

  /// Directories above an entry at most.
  private static let deepest = 32

  /// What it is called: by what it was come to, and its own name where it can be read.
  package func name(_ label: RegisteredRow.Label) -> String {
    let own: String
    switch label {
    case .none: own = ""
    case .text(let path): own = Self.text(path, of: object) ?? ""
    case .path(let path, let above, let before):
      var names: [String] = []
      var next: KernelObject? = object
      while let here = next, names.count < Self.deepest {
        let parent = (try? here.target(above)) ?? nil
        // The first directory is its own parent.
        guard let parent, parent.address != here.address else { break }
        names.append(Self.text(path, of: here) ?? "?")
        next = parent
      }
      own = before + names.reversed().joined(separator: "/")
    }
    return [trail, own].filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// The text that a member is or leads to; nil if it is or leads to none.
  static func text(_ path: String, of object: KernelObject) -> String? {
    guard let member = object.type.memberIfAny(path) else { return nil }
    if member.elementCount != nil { return try? object.text(path) }
    guard let pointer: UInt64 = try? object[path], pointer != 0 else { return nil }
    return object.snapshot.live.text(at: pointer)
  }
}

/// A word that leads to code: of something that was registered, or of a table that it has.
package struct RegisteredWord: Hashable {
  /// Where it stands.
  package var place: UInt64
  package var value: UInt64
  /// The structure and the member: `nf_hook_entry.hook`.
  package var field: String
  package var isGate = false

  package init(place: UInt64, value: UInt64, field: String, isGate: Bool = false) {
    (self.place, self.value, self.field, self.isGate) = (place, value, field, isGate)
  }

  package static func == (left: Self, right: Self) -> Bool { (left.place, left.value) == (right.place, right.value) }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(place)
    hasher.combine(value)
  }
}

extension KernelObject {
  /// A word that may lead to code: to a function, or to a table that is one of these structures.
  package typealias CodeWord = (word: RegisteredWord, mayBeFunction: Bool, tables: [KernelType])

  /// Its words that may lead to code, but for those that are zero.
  package func codeWords(_ reads: RegisteredRow.Reads) throws(CannotCheck) -> [CodeWord] {
    switch reads {
    case .all: return try codeWords(without: [])
    case .allBut(let paths): return try codeWords(without: paths)
    case .members(let paths):
      var words: [CodeWord] = []
      for path in paths {
        guard let member = type.memberIfAny(path) else { continue }
        let value: UInt64 = try value(member, path)
        guard value != 0 else { continue }
        let place = address &+ UInt64(member.byteOffset)
        words.append((RegisteredWord(place: place, value: value, field: "\(type.name).\(path)"), true, []))
      }
      return words
    case .word:
      let value = try snapshot.load(UInt64.self, at: address)
      return value == 0 ? [] : [(RegisteredWord(place: address, value: value, field: ""), true, [])]
    case .gate:
      return try Machine.gateWords(of: self).map { ($0, true, []) }
    }
  }

  /// - Parameter without: members that this thing does not have, of a union.
  private func codeWords(without: [String]) throws(CannotCheck) -> [CodeWord] {
    var words: [CodeWord] = []
    for member in snapshot.types.codeMembers(of: type, without: without) {
      let place = address &+ UInt64(member.offset)
      let value = try snapshot.load(UInt64.self, at: place)
      guard value != 0 else { continue }
      words.append(
        (RegisteredWord(place: place, value: value, field: member.field), member.mayBeFunction, member.tables))
    }
    return words
  }
}

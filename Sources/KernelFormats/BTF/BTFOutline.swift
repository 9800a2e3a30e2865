extension BTF {
  /// A structure of which only the size and some members are known.
  package struct Outline {
    package var name: String
    package var byteCount: Int
    package var members: [Member]

    package init(_ name: String, byteCount: Int, _ members: [Member]) {
      self.name = name
      self.byteCount = byteCount
      self.members = members
    }

    /// A member: where it starts, of how many bytes it is, and what structure, if it is one whose outline is known.
    package struct Member {
      var name: String
      var byteOffset: Int
      /// Of an array, of each element.
      var byteCount: Int
      var elementCount: Int?
      var structure: String?

      /// A number or a pointer.
      package static func number(_ name: String, at offset: Int, _ byteCount: Int = 8) -> Member {
        Member(name: name, byteOffset: offset, byteCount: byteCount)
      }

      /// Numbers or pointers; 0 of them take what room there is behind the structure.
      package static func numbers(_ name: String, at offset: Int, _ byteCount: Int = 8, count: Int) -> Member {
        Member(name: name, byteOffset: offset, byteCount: byteCount, elementCount: count)
      }

      /// A node or the head of a list: two pointers.
      package static func list(_ name: String, at offset: Int) -> Member { numbers(name, at: offset, count: 2) }

      /// A structure, or an array of such: one whose outline stands before this one's.
      package static func structure(_ name: String, at offset: Int, _ structure: String, count: Int? = nil) -> Member {
        Member(name: name, byteOffset: offset, byteCount: 0, elementCount: count, structure: structure)
      }
    }
  }

  /// The section `.BTF` that says of `outlines` what they do, and nothing else.
  package static func section(_ outlines: [Outline]) -> [UInt8] {
    var writer = BTFWriter()
    func name(_ text: String) -> UInt32 {
      Array(text.utf8).withUnsafeBytes { writer.name($0) }
    }
    var structures: [String: UInt32] = [:]
    for outline in outlines {
      var types: [UInt32] = []
      for member in outline.members {
        var type: UInt32
        if let structure = member.structure {
          type = structures[structure] ?? 0
        } else {
          writer.begin(.integer, sizeOrType: UInt32(clamping: member.byteCount))
          writer.word(UInt32(clamping: member.byteCount * 8) & 0xff)
          type = UInt32(clamping: writer.typeCount)
        }
        if let count = member.elementCount {
          let element = type
          writer.begin(.array, sizeOrType: 0)
          for word in [element, 0, UInt32(clamping: count)] { writer.word(word) }
          type = UInt32(clamping: writer.typeCount)
        }
        types.append(type)
      }
      writer.begin(
        .structure, name: name(outline.name), elementCount: types.count, sizeOrType: UInt32(clamping: outline.byteCount)
      )
      structures[outline.name] = UInt32(clamping: writer.typeCount)
      for (member, type) in zip(outline.members, types) {
        for word in [name(member.name), type, UInt32(clamping: member.byteOffset * 8)] { writer.word(word) }
      }
    }
    return writer.finish()
  }
}

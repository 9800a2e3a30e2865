extension BTF {
  /// A structure of which only the size and some members are known, none by name of its own type.
  package struct Outline {
    package var name: String
    package var byteCount: Int
    /// Where each starts, and of how many bytes it is; of an array, each element.
    package var members: [(name: String, byteOffset: Int, byteCount: Int, elementCount: Int?)]

    package init(
      _ name: String, byteCount: Int,
      _ members: [(name: String, byteOffset: Int, byteCount: Int, elementCount: Int?)]
    ) {
      self.name = name
      self.byteCount = byteCount
      self.members = members
    }
  }

  /// The section `.BTF` that says of `outlines` what they do, and nothing else.
  package static func section(_ outlines: [Outline]) -> [UInt8] {
    var writer = BTFWriter()
    func name(_ text: String) -> UInt32 {
      Array(text.utf8).withUnsafeBytes { writer.name($0) }
    }
    for outline in outlines {
      var types: [UInt32] = []
      for member in outline.members {
        writer.begin(.integer, sizeOrType: UInt32(clamping: member.byteCount))
        writer.word(UInt32(clamping: member.byteCount * 8) & 0xff)
        if let count = member.elementCount {
          let element = UInt32(clamping: writer.typeCount)
          writer.begin(.array, sizeOrType: 0)
          for word in [element, 0, UInt32(clamping: count)] { writer.word(word) }
        }
        types.append(UInt32(clamping: writer.typeCount))
      }
      writer.begin(
        .structure, name: name(outline.name), elementCount: types.count, sizeOrType: UInt32(clamping: outline.byteCount)
      )
      for (member, type) in zip(outline.members, types) {
        for word in [name(member.name), type, UInt32(clamping: member.byteOffset * 8)] { writer.word(word) }
      }
    }
    return writer.finish()
  }
}

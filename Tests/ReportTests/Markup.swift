/// A page read strictly: elements balanced, attributes quoted, no entity but those of XML.
///
/// Stricter than a browser, which mends what is broken: what a name from a kernel could break must not be mended.
struct Markup {
  struct Malformed: Error, CustomStringConvertible {
    var description: String
  }

  struct Element {
    var name: String
    var attributes: [String: String] = [:]
    /// Where its text, and that of all elements in it, lies in the page's.
    fileprivate var range: Range<Int>
  }

  /// In the order of their start tags.
  private(set) var elements: [Element] = []
  /// The page's text, without markup.
  private var characters: [UInt8] = []
  private let page: [UInt8]
  private var position: Int
  private var open: [Int] = []

  init(_ page: String) throws {
    let start = "<!DOCTYPE html>\n"
    guard page.hasPrefix(start) else { throw Malformed(description: "no document type") }
    self.page = Array(page.utf8)
    position = start.utf8.count
    while position < self.page.count {
      if isNext("</") {
        try close()
      } else if isNext("<") {
        try begin()
      } else {
        let text = try decoded(take { $0 != UInt8(ascii: "<") })
        guard !open.isEmpty || text == Array("\n".utf8) else { throw malformed("text outside of the root") }
        characters += text
      }
    }
    guard open.isEmpty else { throw malformed("\(elements[open[0]].name) is not closed") }
  }

  func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

  /// The text in `element`, and in all elements in it.
  func text(of element: Element) -> String { String(decoding: characters[element.range], as: UTF8.self) }

  /// The text of the element with this id; empty if there is none.
  func text(of id: String) -> String { elements.first { $0.attributes["id"] == id }.map(text) ?? "" }

  /// The texts of all elements with this name.
  func texts(of name: String) -> [String] { all(name).map(text) }

  private func malformed(_ problem: String) -> Malformed {
    Malformed(description: "\(problem), before \(String(decoding: page[position...].prefix(60), as: UTF8.self))")
  }

  private func isNext(_ text: StaticString) -> Bool {
    page[position...].starts(with: text.description.utf8)
  }

  private mutating func take(while matches: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let taken = page[position...].prefix(while: matches)
    position = taken.endIndex
    return taken
  }

  private mutating func expect(_ text: StaticString) throws {
    guard isNext(text) else { throw malformed("no \(text)") }
    position += text.utf8CodeUnitCount
  }

  private mutating func name() throws -> String {
    let name = take { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-")
    }
    guard !name.isEmpty else { throw malformed("no name") }
    return String(decoding: name, as: UTF8.self)
  }

  private mutating func begin() throws {
    try expect("<")
    var element = Element(name: try name(), range: characters.count..<characters.count)
    while true {
      _ = take { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
      if isNext(">") || isNext("/>") { break }
      let attribute = try name()
      try expect("=\"")
      let value = try decoded(take { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "<") })
      try expect("\"")
      guard element.attributes.updateValue(String(decoding: value, as: UTF8.self), forKey: attribute) == nil else {
        throw malformed("\(attribute) stands twice")
      }
    }
    guard element.name == "html" || !open.isEmpty else { throw malformed("the root is \(element.name)") }
    elements.append(element)
    if isNext("/>") {
      try expect("/>")
    } else {
      try expect(">")
      open.append(elements.count - 1)
    }
  }

  private mutating func close() throws {
    try expect("</")
    let name = try name()
    try expect(">")
    guard let last = open.popLast(), elements[last].name == name else {
      throw malformed("\(name) closes what it did not open")
    }
    elements[last].range = elements[last].range.lowerBound..<characters.count
  }

  private static let entities: [(source: StaticString, character: UInt8)] = [
    ("&amp;", UInt8(ascii: "&")), ("&lt;", UInt8(ascii: "<")), ("&gt;", UInt8(ascii: ">")),
    ("&quot;", UInt8(ascii: "\"")), ("&#39;", UInt8(ascii: "'")),
  ]

  private func decoded(_ text: ArraySlice<UInt8>) throws -> [UInt8] {
    guard !text.contains(UInt8(ascii: ">")) else { throw malformed("a bare >") }
    guard text.contains(UInt8(ascii: "&")) else { return Array(text) }
    var decoded: [UInt8] = []
    var rest = text
    while let first = rest.first {
      guard first == UInt8(ascii: "&") else {
        decoded.append(first)
        rest = rest.dropFirst()
        continue
      }
      guard let (entity, character) = Self.entities.first(where: { rest.starts(with: $0.source.description.utf8) })
      else { throw malformed("a bare &") }
      decoded.append(character)
      rest = rest.dropFirst(entity.utf8CodeUnitCount)
    }
    return decoded
  }
}

/// Performance data of a monitoring plugin, as the guidelines' grammar has it.
///
/// Source: Monitoring Plugins Development Guidelines, "Performance data":
/// `'label'=value[UOM];[warn];[crit];[min];[max]`, separated by spaces.
struct PerformanceData {
  struct Malformed: Error {
    let what: String
  }

  struct Item: Equatable {
    var label: String
    /// Nil for `U`, a value that could not be determined.
    var value: Double?
    var unit: String
    /// Warning, critical, least, largest; nil where nothing stands.
    var limits: [Double?]
  }

  let items: [Item]

  /// - Parameter line: one line of a plugin's output.
  init(ofLine line: Substring) throws {
    let halves = line.split(separator: "|", omittingEmptySubsequences: false)
    guard halves.count == 2 else { throw Malformed(what: "bars") }
    var rest = halves[1]
    var items: [Item] = []
    while !rest.isEmpty {
      items.append(try Self.item(&rest))
      if rest.isEmpty { break }
      guard rest.removeFirst() == " ", !rest.isEmpty else { throw Malformed(what: "separator") }
    }
    self.items = items
  }

  /// A label may have any character but `=` and `'`; with a space in it, it stands in quotes, where `''` is a quote.
  private static func item(_ rest: inout Substring) throws -> Item {
    let label = try label(&rest)
    guard rest.popFirst() == "=" else { throw Malformed(what: "no = after \(label)") }
    let fields = rest.prefix { $0 != " " }.split(separator: ";", omittingEmptySubsequences: false)
    rest = rest.dropFirst(rest.prefix { $0 != " " }.count)
    guard let first = fields.first, (1...5).contains(fields.count) else { throw Malformed(what: "fields of \(label)") }
    let limits = try fields.dropFirst().map { text -> Double? in
      guard !text.isEmpty else { return nil }
      return try number(text)
    }
    if first == "U" { return Item(label: label, value: nil, unit: "", limits: limits) }
    let digits = first.prefix { "-.0123456789".contains($0) }
    let unit = String(first.dropFirst(digits.count))
    guard ["", "s", "us", "ms", "%", "B", "KB", "MB", "TB", "c"].contains(unit) else { throw Malformed(what: unit) }
    return Item(label: label, value: try number(digits), unit: unit, limits: limits)
  }

  private static func label(_ rest: inout Substring) throws -> String {
    guard rest.first == "'" else {
      let label = rest.prefix { $0 != "=" }
      rest = rest.dropFirst(label.count)
      guard !label.isEmpty, !label.contains(" "), !label.contains("'") else { throw Malformed(what: "label") }
      return String(label)
    }
    rest.removeFirst()
    var label = ""
    while let character = rest.popFirst() {
      if character != "'" {
        label.append(character)
      } else if rest.first == "'" {
        label.append(rest.removeFirst())
      } else {
        return label
      }
    }
    throw Malformed(what: "quote")
  }

  private static func number(_ text: Substring) throws -> Double {
    guard text.wholeMatch(of: /-?[0-9]+(\.[0-9]+)?/) != nil, let number = Double(text) else {
      throw Malformed(what: "number \(text)")
    }
    return number
  }
}

/// The hosts that there should be: names, one a line; what follows a `#` is a remark.
package struct HostInventory: Sendable {
  /// Sorted, each once.
  package let names: [String]

  package init(_ text: [UInt8]) {
    let lines = text.split { $0 == 0x0a || $0 == 0x0d }.map { line in
      line.prefix { $0 != UInt8(ascii: "#") }.filter { $0 > 0x20 }
    }
    names = Set(lines.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }).sorted()
  }

  /// Which of the names each host is that reported, where that is plain.
  ///
  /// Names of hosts are compared without case (RFC 4343). A kernel may be told the first part of a name alone, and an inventory
  /// may have that alone: these are the same if no other name begins so.
  func names(of reported: some Sequence<String>) -> [String: String] {
    let full = Dictionary(grouping: names) { $0.lowercased() }
    let byFirst = Dictionary(grouping: names) { Self.first(of: $0) }
    var matches: [String: String] = [:]
    for host in reported {
      if let exact = full[host.lowercased()]?.first {
        matches[host] = exact
      } else if let named = byFirst[Self.first(of: host)], named.count == 1, let name = named.first,
        !host.contains(".") || !name.contains(".")
      {
        matches[host] = name
      }
    }
    return matches
  }

  private static func first(of name: String) -> String { String(name.lowercased().prefix { $0 != "." }) }
}

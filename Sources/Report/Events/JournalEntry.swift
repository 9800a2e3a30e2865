/// One entry of systemd's journal: fields, of which several may have one name.
package struct JournalEntry: Hashable, Sendable {
  struct Field: Hashable {
    /// Capital letters, digits and underscores, at most 64.
    let name: String
    let value: String
  }

  private(set) var fields: [Field] = []

  /// Adds a field; nothing if there is no value.
  ///
  /// - Parameter name: one of ours, never made from what was read.
  mutating func add(_ name: String, _ value: PlainText?) {
    guard let value else { return }
    fields.append(Field(name: name, value: value.description))
  }

  /// Adds a field of several lines; nothing if there are none.
  mutating func add(_ name: String, lines: [PlainText]) {
    guard !lines.isEmpty else { return }
    fields.append(Field(name: name, value: lines.map(\.description).joined(separator: "\n")))
  }

  /// The entry as journald takes it: `NAME=value` and a line end for each field or, if the value has line ends of its
  /// own, the name, a line end, the value's size in eight bytes, least significant first, the value, and a line end.
  ///
  /// Source: systemd, "Native Journal Protocol" (docs/JOURNAL_NATIVE_PROTOCOL.md). The export format has the same fields
  /// and ends an entry with an empty line ("Journal Export Formats", docs/JOURNAL_EXPORT_FORMATS.md).
  package var bytes: [UInt8] {
    fields.reduce(into: []) { bytes, field in
      let value = Array(field.value.utf8)
      bytes += Array(field.name.utf8)
      if value.contains(UInt8(ascii: "\n")) {
        bytes.append(UInt8(ascii: "\n"))
        let size = UInt64(value.count)
        bytes += stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: size >> $0) }
      } else {
        bytes.append(UInt8(ascii: "="))
      }
      bytes += value
      bytes.append(UInt8(ascii: "\n"))
    }
  }
}

internal import KernelModel

/// One line of a record: its number, its keyword and its fields.
struct RecordLine {
  /// From 1.
  let number: Int
  let keyword: Substring
  let fields: [Substring]

  init(_ line: Substring, number: Int) {
    let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
    self.number = number
    keyword = parts[0]
    fields = Array(parts.dropFirst())
  }

  func malformed(_ problem: String) -> RecordFormatError { .malformed(line: number, problem) }

  func requireFields(_ count: Int) throws(RecordFormatError) {
    guard fields.count == count else {
      throw malformed("'\(FieldText.encode(String(keyword)))' takes \(count) fields, and has \(fields.count)")
    }
  }

  /// The text in a field that must have one.
  func text(_ index: Int) throws(RecordFormatError) -> String {
    guard let text = FieldText.decode(fields[index]) else {
      throw malformed("field \(index + 1) is empty, or has a backslash with nothing known after it")
    }
    return text
  }

  /// The text in a field that may be empty, and is nil then.
  func textIfAny(_ index: Int) throws(RecordFormatError) -> String? {
    fields[index].isEmpty ? nil : try text(index)
  }

  func count(_ index: Int) throws(RecordFormatError) -> UInt64 {
    guard let count = UInt64(fields[index]) else { throw malformed("field \(index + 1) is no number") }
    return count
  }

  /// The bytes that a field says in hexadecimal.
  func buildID(_ index: Int) throws(RecordFormatError) -> BuildID {
    guard let id = BuildID(hexadecimal: fields[index]) else { throw malformed("field \(index + 1) is no build id") }
    return id
  }

  /// The subject in three fields: name, index, label.
  func subject(_ index: Int) throws(RecordFormatError) -> Subject {
    var number: Int?
    if !fields[index + 1].isEmpty {
      number = Int(fields[index + 1])
      guard let number, number >= 0 else { throw malformed("field \(index + 2) is no index") }
    }
    return Subject(try text(index), index: number, label: try textIfAny(index + 2))
  }

  /// The fact in all fields from `index` on.
  func fact(_ index: Int) throws(RecordFormatError) -> Fact {
    switch fields[index] {
    case "place":
      try requireFields(index + 4)
      return .place(
        Place(symbol: try text(index + 1), offset: try count(index + 2), module: try textIfAny(index + 3)))
    case "text":
      try requireFields(index + 2)
      return .text(try text(index + 1))
    case "count":
      try requireFields(index + 2)
      return .count(try count(index + 1))
    case "flag" where fields.last == "yes" || fields.last == "no":
      try requireFields(index + 2)
      return .flag(fields[index + 1] == "yes")
    default: throw malformed("field \(index + 1) is no kind of fact that is known")
    }
  }
}

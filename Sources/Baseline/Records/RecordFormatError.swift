/// Why bytes are no record: no baseline, no capture's manifest.
package enum RecordFormatError: Error, Hashable, Sendable {
  /// It does not begin as a record of a version that is known does, which is with this line.
  case unknownForm(firstLine: String)
  /// So many bytes, which no such record has.
  case tooLarge(byteCount: Int, limit: Int)
  /// It ends in the middle of a line, or before all that it must have.
  case truncated(line: Int)
  /// A line, counted from 1, is not what should stand there.
  case malformed(line: Int, String)
}

extension RecordFormatError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownForm(let firstLine): "line 1: it does not begin with '\(firstLine)', so its form is not known"
    case .tooLarge(let byteCount, let limit): "it has \(byteCount) bytes, and \(limit) is the limit"
    case .truncated(let line): "line \(line): it ends too early"
    case .malformed(let line, let problem): "line \(line): \(problem)"
    }
  }
}

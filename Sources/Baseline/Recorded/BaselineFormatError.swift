/// Why bytes are no baseline.
package enum BaselineFormatError: Error, Hashable, Sendable {
  /// It does not begin as a baseline of a version that is known does.
  case notABaseline
  /// So many bytes, which no baseline has.
  case tooLarge(byteCount: Int)
  /// It ends in the middle of a line, or before all that a baseline has.
  case truncated(line: Int)
  /// A line, counted from 1, is not what should stand there.
  case malformed(line: Int, String)
}

extension BaselineFormatError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notABaseline:
      "line 1: it does not begin with '\(BaselineFile.firstLine)', so it is no baseline of a known form"
    case .tooLarge(let byteCount): "it has \(byteCount) bytes, and \(BaselineFile.limit) is the limit"
    case .truncated(let line): "line \(line): it ends too early"
    case .malformed(let line, let problem): "line \(line): \(problem)"
    }
  }
}

/// Why a file's content cannot be used.
package enum NotAReport: Error, Hashable, Sendable, CustomStringConvertible {
  case notJSON
  /// What the document says it is; hostile text.
  case otherDocument(String)
  /// Where in the document something is missing, or of another type than reports have there; hostile text.
  case malformed(String)

  package var description: String {
    switch self {
    case .notJSON: "is not JSON: give it reports that liveprobe scan --format json wrote"
    case .otherDocument(let schema): "is a document of the form \(schema), not a report of a scan or a crash"
    case .malformed(let place): "is not a report of liveprobe's: \(place) is missing or of another type"
    }
  }
}

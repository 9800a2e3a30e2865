package import Files

/// Why `/proc/kcore` cannot be used.
package enum KcoreError: Error, Hashable, Sendable {
  case file(FileFault)
  /// Its headers make no sense.
  case malformed(String)
}

extension KcoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let fault): fault.description
    case .malformed(let problem): "/proc/kcore: \(problem)"
    }
  }
}

/// Why `/proc/kcore` cannot be used.
package enum KcoreError: Error, Hashable, Sendable {
  case file(FileFault)
  /// What stands there is no regular file: something was mounted over it.
  case notRegular
  /// Its headers make no sense.
  case malformed(String)
}

extension KcoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let fault): fault.description
    case .notRegular:
      "/proc/kcore: a device or pipe stands in its place, as container runtimes put one there to hide it"
    case .malformed(let problem): "/proc/kcore: \(problem)"
    }
  }
}

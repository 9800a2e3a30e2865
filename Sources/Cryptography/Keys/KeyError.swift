package import Files

/// Why a key cannot be used.
package enum KeyError: Error, Hashable, Sendable {
  /// A file is no key of the kind that is needed, and what is wrong with it.
  case notAKey(String)
  /// The file cannot be read, and why.
  case unreadable(FileFault)
  /// Others than its owner may read the private key.
  case exposed
}

extension KeyError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notAKey(let problem): "\(problem); `liveprobe baseline keygen` makes keys, and so does openssl"
    case .unreadable(let fault): fault.problem
    case .exposed: "others than its owner may read the private key: chmod 600, and make a new one if they may have"
    }
  }
}

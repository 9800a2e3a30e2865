import Glibc

/// Why the folder with baselines, or a file in it, cannot be used.
package enum StoreError: Error, Hashable, Sendable {
  /// There is no such folder, or no such file.
  case absent(String)
  /// A path is not what a store is made of, and why not.
  case untrusted(String, String)
  /// The system refused: what was to be done, where, and the error's number.
  case failed(String, path: String, errno: Int32)
}

extension StoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .absent(let path): "\(path): no such file"
    case .untrusted(let path, let problem): "\(path): \(problem)"
    case .failed(let deed, let path, let errno): "\(path): could not \(deed): \(Self.words(for: errno))"
    }
  }

  private static func words(for error: Int32) -> String {
    switch error {
    case ENOSPC: "no space is left on the device; what was there before is unchanged"
    case EDQUOT: "the quota is used up; what was there before is unchanged"
    case EROFS: "the file system is read-only"
    case EACCES, EPERM: "permission denied; run as root"
    case ENOENT: "no such file"
    case EEXIST: "it is there already"
    default: "error \(error)"
    }
  }
}

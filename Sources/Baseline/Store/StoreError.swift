package import Files
import Glibc

/// Why the folder with baselines, or a file in it, cannot be used.
package enum StoreError: Error, Hashable, Sendable {
  /// There is no such folder, or no such file.
  case absent(String)
  /// A path is not what a store is made of, and why not.
  case untrusted(String, String)
  /// The system refused.
  case failed(FileFault)

  init(_ fault: FileFault) {
    switch fault.reason {
    case .refused(ENOENT): self = .absent(fault.path)
    case .refused(ELOOP): self = .untrusted(fault.path, "is a symbolic link")
    case .refused: self = .failed(fault)
    default: self = .untrusted(fault.path, fault.problem)
    }
  }

  static func from<Value>(_ deed: () throws(FileFault) -> Value) throws(StoreError) -> Value {
    do throws(FileFault) {
      return try deed()
    } catch {
      throw StoreError(error)
    }
  }
}

extension StoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .absent(let path): "\(path): no such file"
    case .untrusted(let path, let problem): "\(path): \(problem)"
    case .failed(let fault):
      "\(fault.path): \(fault.problem)"
        + (fault.operation == .write ? "; what was there before is unchanged" : "")
    }
  }
}

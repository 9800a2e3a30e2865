import Glibc

/// Why a file could not be read: which file, what was being done, and the kernel's answer.
package struct FileFault: Error, Hashable, Sendable {
  package var path: String
  package var operation: Operation
  package var reason: Reason

  package enum Operation: String, Hashable, Sendable {
    case open, read, list
  }

  package enum Reason: Hashable, Sendable {
    /// The system call failed with this error number.
    case refused(errno: Int32)
    /// It is no regular file: a device, a pipe or a folder stands in its place.
    case notRegular
    /// Fewer bytes came than were asked for: this many.
    case ended(after: Int)
    /// The file is larger than this many bytes, and nothing of its kind should be.
    case tooLarge(limit: Int)
  }

  package init(path: String, operation: Operation, reason: Reason) {
    self.path = path
    self.operation = operation
    self.reason = reason
  }

  /// The error number, if a system call failed.
  package var errorNumber: Int32? {
    if case .refused(let errno) = reason { errno } else { nil }
  }

  /// Whether the file is simply not there.
  package var isAbsence: Bool {
    errorNumber == ENOENT || errorNumber == ENOTDIR
  }

  /// The reason in words, without the path: `permission denied (EACCES)`.
  package var why: String {
    switch reason {
    case .refused(let errno): "could not \(operation.rawValue) it: \(Self.words(for: errno))"
    case .notRegular: "a device, a pipe or a folder stands in its place"
    case .ended(let count): "it ended after \(count) bytes"
    case .tooLarge(let limit): "it is larger than \(limit) bytes, which nothing of its kind is"
    }
  }

  /// The C library's words for an error number, and the number's name.
  static func words(for errno: Int32) -> String {
    guard let words = strerror(errno) else { return "error \(errno)" }
    return "\(String(cString: words).lowercased()) (\(names[errno] ?? "error \(errno)"))"
  }

  /// The names of the errors that opening and reading end in.
  private static let names: [Int32: String] = [
    EPERM: "EPERM", ENOENT: "ENOENT", EIO: "EIO", ENXIO: "ENXIO", ENOMEM: "ENOMEM", EACCES: "EACCES",
    EFAULT: "EFAULT", ENODEV: "ENODEV", ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL", ENFILE: "ENFILE",
    EMFILE: "EMFILE", ELOOP: "ELOOP", ENOSYS: "ENOSYS", EOVERFLOW: "EOVERFLOW", ENAMETOOLONG: "ENAMETOOLONG",
  ]
}

extension FileFault: CustomStringConvertible {
  package var description: String { "\(path): \(why)" }
}

import Glibc

/// An error number of the system, in words.
package struct SystemError: Error, Hashable, Sendable {
  package let number: Int32

  package init(_ number: Int32) {
    self.number = number
  }

  /// The error of the system call that failed last.
  package static var latest: SystemError { SystemError(errno) }

  /// The C library's words: `Permission denied`.
  package var words: String { strerror(number).map { String(cString: $0) } ?? "error \(number)" }

  /// What it means to who runs a command, and what may be done about it: `permission denied; run as root`.
  package var advice: String {
    switch number {
    case EACCES, EPERM: "permission denied; run as root"
    case ENOENT, ENOTDIR: "no such file"
    case EEXIST: "it is there already"
    case ENOSPC: "no space is left on the device"
    case EDQUOT: "the quota is used up"
    case EFBIG: "the file system takes no file of that size"
    case EROFS: "the file system is read-only"
    case ELOOP: "too many symbolic links"
    default: description
    }
  }

  /// The names of the errors that files end in.
  private static let names: [Int32: String] = [
    EPERM: "EPERM", ENOENT: "ENOENT", EIO: "EIO", ENXIO: "ENXIO", ENOMEM: "ENOMEM", EACCES: "EACCES",
    EFAULT: "EFAULT", ENODEV: "ENODEV", ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL", ENFILE: "ENFILE",
    EMFILE: "EMFILE", ELOOP: "ELOOP", ENOSYS: "ENOSYS", EOVERFLOW: "EOVERFLOW", ENAMETOOLONG: "ENAMETOOLONG",
  ]
}

extension SystemError: CustomStringConvertible {
  /// The words in lower case, and the number's name: `permission denied (EACCES)`.
  package var description: String { "\(words.lowercased()) (\(Self.names[number] ?? "error \(number)"))" }
}

import Glibc

/// Why a file or a folder could not be had: which, what was being done, and what stood against it.
package struct FileFault: Error, Hashable, Sendable {
  package var path: String
  package var operation: Operation
  package var reason: Reason

  package enum Operation: String, Hashable, Sendable {
    case open, read, list, examine, make, write, lock, remove
  }

  package enum Reason: Hashable, Sendable {
    /// The system call failed with this error number.
    case refused(errno: Int32)
    /// It is not a regular file: a device, a pipe, a link or a folder stands in its place.
    case notRegular
    /// Fewer bytes came than were asked for: this many.
    case ended(after: Int)
    /// The file is larger than this many bytes, or the folder holds more than this many names, and nothing of its kind
    /// should.
    case tooLarge(limit: Int)
    /// A file is there, and was not to be replaced.
    case occupied
    /// It belongs to somebody else, or has a second name.
    case foreign
    /// Another program is writing it.
    case busy
  }

  package init(path: String, operation: Operation, reason: Reason) {
    self.path = path
    self.operation = operation
    self.reason = reason
  }

  /// The fault of the system call that failed last.
  init(_ operation: Operation, _ path: String) {
    self.init(path: path, operation: operation, reason: .refused(errno: errno))
  }

  /// The error number, if a system call failed.
  package var errorNumber: Int32? {
    if case .refused(let errno) = reason { errno } else { nil }
  }

  /// Whether the file is simply not there.
  package var isAbsence: Bool {
    errorNumber == ENOENT || errorNumber == ENOTDIR
  }

  /// The reason in words, without the path: `could not open it: permission denied (EACCES)`.
  package var why: String {
    switch reason {
    case .refused(let errno): "could not \(operation.rawValue) it: \(SystemError(errno))"
    case .notRegular: "a device, a pipe or a folder is in its place"
    case .ended(let count): "it ended after \(count) bytes"
    case .tooLarge(let limit) where operation == .list: "there are more than \(limit) names in it"
    case .tooLarge(let limit): "it is larger than \(limit) bytes, which nothing of its kind is"
    case .occupied: "it is there already"
    case .foreign: "it is not ours"
    case .busy: "another program is writing it"
    }
  }

  /// What is said behind the name of a file that the user knows: `could not be read: permission denied; run as root`.
  package var problem: String {
    switch reason {
    case .refused where isAbsence: "no such file"
    case .refused(let errno): "could not be \(operation.participle): \(SystemError(errno).advice)"
    case .notRegular: "is not a plain file"
    case .ended(let count): "ends after \(count) bytes"
    case .tooLarge(let limit) where operation == .list: "has more than \(limit) names in it"
    case .tooLarge(let limit): "is larger than \(limit) bytes, which nothing of its kind is"
    case .occupied, .foreign, .busy: why
    }
  }
}

extension FileFault: CustomStringConvertible {
  package var description: String { "\(path): \(why)" }
}

extension FileFault.Operation {
  fileprivate var participle: String {
    switch self {
    case .open, .list, .lock: rawValue + "ed"
    case .examine, .remove: rawValue + "d"
    case .read: "read"
    case .make: "made"
    case .write: "written"
    }
  }
}

/// One way in which the kernel gives a file's bytes to a process.
///
/// What edits the answers of some system calls has no part in the others, which come to the file by other functions.
package enum KcoreChannel: String, Hashable, Sendable, CaseIterable {
  case pread
  /// `lseek` and `read`.
  case read
  /// `lseek` and `readv`.
  case readv
  case preadv
  case preadv2
  /// From the file into a pipe, and from there to us.
  case splice
  /// From the file into a file in memory, and from there to us.
  case sendfile
  /// Asynchronous input: `io_submit` and `io_getevents`.
  case aio
  /// `IORING_OP_READ`.
  case ioUring = "io_uring"

  /// The system calls of all of them that give bytes.
  static let systemCalls = [
    "io_getevents", "io_uring_enter", "pread64", "preadv", "preadv2", "read", "readv", "sendfile", "splice",
  ]
}

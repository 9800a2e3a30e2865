internal import Glibc

/// A dump's file, opened for reading.
///
/// Read with `pread` and never mapped: a file that is cut down while we read it would kill us otherwise (SIGBUS), and
/// what is mapped counts as memory in use.
package final class FileSource: DumpSource {
  package let byteCount: UInt64
  private let descriptor: Int32

  /// Opens the regular file at `path`; links are followed.
  package init(_ path: String) throws(DumpError) {
    var descriptor: Int32
    repeat {
      descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw .cannotOpen(errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .notRegular
    }
    self.descriptor = descriptor
    byteCount = UInt64(clamping: status.st_size)
  }

  deinit {
    close(descriptor)
  }

  package func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(SourceFault) -> Int {
    var done = 0
    while done < target.count {
      guard let position = off_t(exactly: offset &+ UInt64(done)) else { break }
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, position)
      if count < 0 {
        if errno == EINTR { continue }
        if done > 0 { break }
        throw .refused(errno: errno)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }
}

import Glibc

/// A file opened for reading, closed when nobody holds it any more.
///
/// Opened with O_RDONLY and O_CLOEXEC; with O_NONBLOCK, so that a pipe planted in a file's place cannot hold us up; and
/// with O_NOFOLLOW, so that neither can a link lead elsewhere, unless the caller says that links are expected there. It is
/// read, never mapped: a mapped file that is cut down ends the program (SIGBUS).
package final class OpenedFile: Sendable {
  package let path: String
  package let descriptor: Int32
  /// As it was when the file was opened.
  package let status: FileStatus

  /// Opens the regular file at `path`.
  ///
  /// - Parameters:
  ///   - followingLinks: whether the last component may be a symbolic link, as in `/boot`, or where a user names it.
  ///   - deviceMajor: the major number of the character device that may stand there too, or nil if none may.
  package convenience init(
    _ path: String, followingLinks: Bool = false, deviceMajor: UInt32? = nil
  ) throws(FileFault) {
    try self.init(path, in: AT_FDCWD, named: path, followingLinks: followingLinks, deviceMajor: deviceMajor)
  }

  /// Opens the regular file at `path` so that reads of it come from the disk, and not from the page cache.
  ///
  /// A read is a multiple of a block's size, from and into places that are. Not every file system can.
  package static func uncached(_ path: String) throws(FileFault) -> OpenedFile {
    // O_DIRECT: include/uapi/asm-generic/fcntl.h (Linux v6.12), which the C library shows to GNU's programs only.
    try OpenedFile(path, in: AT_FDCWD, named: path, moreFlags: 0o40000)
  }

  /// - Parameter name: the path in messages.
  init(
    _ path: String, in folder: Int32, named name: String, followingLinks: Bool = false, deviceMajor: UInt32? = nil,
    moreFlags: Int32 = 0
  ) throws(FileFault) {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followingLinks ? 0 : O_NOFOLLOW) | moreFlags
    var descriptor: Int32
    repeat { descriptor = openat(folder, path, flags) } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw FileFault(.open, name) }
    // A device may have no end, and give anything.
    guard let status = FileStatus(of: descriptor),
      status.kind == .file || status.kind == .device && status.deviceMajor == deviceMajor
    else {
      close(descriptor)
      throw FileFault(path: name, operation: .open, reason: .notRegular)
    }
    self.path = name
    self.descriptor = descriptor
    self.status = status
  }

  deinit {
    close(descriptor)
  }

  // MARK: From any place

  /// Reads once, at `offset`, and returns how many bytes came; 0 is the end.
  package func readSome(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(FileFault) -> Int {
    guard let position = off_t(exactly: offset) else { throw refused(EOVERFLOW) }
    var count: Int
    repeat { count = pread(descriptor, target.baseAddress, target.count, position) } while count < 0 && errno == EINTR
    guard count >= 0 else { throw refused(errno) }
    return count
  }

  /// Reads once, at `offset`, into `bytes` from byte `start` on, and returns how many bytes came; 0 is the end.
  package func readSome(
    at offset: UInt64, into bytes: inout MutableRawSpan, from start: Int
  ) throws(FileFault) -> Int {
    try bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(FileFault) in
        try readSome(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
      }
    }.get()
  }

  /// Fills `target` from `offset` on, and returns how many bytes there were: fewer than asked for only at the end.
  package func fill(_ target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileFault) -> Int {
    var done = 0
    while done < target.count {
      let (position, overflow) = offset.addingReportingOverflow(UInt64(done))
      guard !overflow else { throw refused(EOVERFLOW) }
      let came = try readSome(at: position, into: UnsafeMutableRawBufferPointer(rebasing: target[done...]))
      guard came > 0 else { break }
      done += came
    }
    return done
  }

  /// The `count` bytes at `offset`, all of them.
  package func bytes(at offset: UInt64, count: Int) throws(FileFault) -> [UInt8] {
    let bytes = try bytes(at: offset, upTo: count)
    guard bytes.count == count else {
      throw FileFault(path: path, operation: .read, reason: .ended(after: bytes.count))
    }
    return bytes
  }

  /// The `count` bytes at `offset`, fewer where the file ends.
  package func bytes(at offset: UInt64, upTo count: Int) throws(FileFault) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let filled = try bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(FileFault) in try fill(buffer, at: offset) }
    }.get()
    bytes.removeSubrange(filled...)
    return bytes
  }

  /// What one read at the start of the file gives, `limit` bytes at most.
  package func start(limit: Int) throws(FileFault) -> [UInt8] {
    var result = Result<Int, FileFault>.success(0)
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
      result = Result { () throws(FileFault) in try readSome(at: 0, into: UnsafeMutableRawBufferPointer(buffer)) }
      filled = (try? result.get()) ?? 0  // why it failed is thrown below
    }
    _ = try result.get()
    return bytes
  }

  private func refused(_ error: Int32) -> FileFault {
    FileFault(path: path, operation: .read, reason: .refused(errno: error))
  }

  // MARK: From front to back

  /// All bytes from the current position to the end, unless there are more than `limit`.
  package func readAll(limit: Int) throws(FileFault) -> [UInt8] {
    var all: [UInt8] = []
    try stream(chunkByteCount: min(limit + 1, 64 << 10)) { chunk throws(FileFault) in
      guard all.count + chunk.count <= limit else {
        throw FileFault(path: path, operation: .read, reason: .tooLarge(limit: limit))
      }
      for index in chunk.indices { all.append(chunk[index]) }
      return true
    }
    return all
  }

  /// Hands everything from the current position to the end to `body`, in chunks of `chunkByteCount` bytes; the last may
  /// be shorter.
  ///
  /// A chunk is filled by as many reads as it takes: files of `/proc` give a page or less at a time.
  ///
  /// - Parameter body: returns false to stop.
  package func stream(
    chunkByteCount: Int = 1 << 20, _ body: (Span<UInt8>) throws(FileFault) -> Bool
  ) throws(FileFault) {
    try Self.stream(descriptor, named: path, chunkByteCount: chunkByteCount, body)
  }

  /// The same of what is open already: standard input.
  package static func stream(
    _ descriptor: Int32, named path: String, chunkByteCount: Int = 1 << 20,
    _ body: (Span<UInt8>) throws(FileFault) -> Bool
  ) throws(FileFault) {
    var chunk = [UInt8](repeating: 0, count: max(chunkByteCount, 1))
    while true {
      let (filled, error) = fill(&chunk, from: descriptor)
      if filled > 0 {
        let span = chunk.span
        guard try body(span.extracting(first: filled)) else { return }
      }
      if let error { throw FileFault(path: path, operation: .read, reason: .refused(errno: error)) }
      guard filled == chunk.count else { return }
    }
  }

  /// Reads until `chunk` is full or the file ends; returns how many bytes came, and the error that stopped it, if any.
  private static func fill(_ chunk: inout [UInt8], from descriptor: Int32) -> (Int, Int32?) {
    chunk.withUnsafeMutableBytes { buffer in
      var filled = 0
      while filled < buffer.count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
        let count = Glibc.read(descriptor, rest.baseAddress, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          return (filled, errno)
        }
        if count == 0 { break }
        filled += count
      }
      return (filled, nil)
    }
  }
}

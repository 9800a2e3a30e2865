import Glibc

/// A file opened for reading, closed when the value goes: the one place of this module that opens anything.
///
/// Opened with O_RDONLY and O_CLOEXEC; with O_NONBLOCK, so that a pipe planted in a file's place cannot hold us up; and
/// with O_NOFOLLOW, so that neither can a link lead elsewhere, unless the caller says that links are expected there.
package struct ReadOnlyFile: ~Copyable {
  package let path: String
  let descriptor: Int32

  /// Opens the regular file at `path`.
  ///
  /// - Parameters:
  ///   - followingLinks: whether the last component may be a symbolic link, as in `/boot`.
  ///   - isDirectory: whether a directory is meant instead, and nothing else will do.
  ///   - deviceMajor: the major number of the character device that may stand there too, or nil if none may.
  package init(
    _ path: String, followingLinks: Bool = false, isDirectory: Bool = false, deviceMajor: UInt32? = nil
  ) throws(FileFault) {
    var flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    if !followingLinks { flags |= O_NOFOLLOW }
    if isDirectory { flags |= O_DIRECTORY }
    var descriptor: Int32
    repeat { descriptor = open(path, flags) } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw FileFault(path: path, operation: .open, reason: .refused(errno: errno)) }
    // A device may have no end, and give anything.
    var status = stat()
    let isExpected = fstat(descriptor, &status) == 0 && Self.isReadable(status, deviceMajor: deviceMajor)
    guard isDirectory || isExpected else {
      close(descriptor)
      throw FileFault(path: path, operation: .open, reason: .notRegular)
    }
    self.path = path
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  private static func isReadable(_ status: stat, deviceMajor: UInt32?) -> Bool {
    switch status.st_mode & S_IFMT {
    case S_IFREG: true
    // glibc's encoding of a device number (bits/sysmacros.h): the major number's low 12 bits are bits 8 to 19.
    case S_IFCHR: deviceMajor.map { UInt32(truncatingIfNeeded: status.st_rdev >> 8 & 0xfff) == $0 } ?? false
    default: false
    }
  }

  /// Reads once, at `offset`, into `bytes` from byte `start` on, and returns how many bytes came; 0 is the end.
  package func readSome(
    at offset: UInt64, into bytes: inout MutableRawSpan, from start: Int
  ) throws(FileFault) -> Int {
    guard let position = off_t(exactly: offset) else {
      throw FileFault(path: path, operation: .read, reason: .refused(errno: EOVERFLOW))
    }
    let (count, error) = bytes.withUnsafeMutableBytes { buffer -> (Int, Int32) in
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
      var count: Int
      repeat { count = pread(descriptor, rest.baseAddress, rest.count, position) } while count < 0 && errno == EINTR
      return (count, errno)
    }
    guard count >= 0 else { throw FileFault(path: path, operation: .read, reason: .refused(errno: error)) }
    return count
  }

  /// The `count` bytes at `offset`, all of them.
  package func bytes(at offset: UInt64, count: Int) throws(FileFault) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    var done = 0
    while done < count {
      guard let position = offset.adding(done) else {
        throw FileFault(path: path, operation: .read, reason: .refused(errno: EOVERFLOW))
      }
      let came = try readSome(at: position, into: &raw, from: done)
      guard came > 0 else { throw FileFault(path: path, operation: .read, reason: .ended(after: done)) }
      done += came
    }
    return bytes
  }

  /// What one read at the start of the file gives, `limit` bytes at most.
  package func start(limit: Int) throws(FileFault) -> [UInt8] {
    var error: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
      var count: Int
      repeat { count = pread(descriptor, buffer.baseAddress, buffer.count, 0) } while count < 0 && errno == EINTR
      if count < 0 { error = errno }
      filled = max(count, 0)
    }
    guard error == 0 else { throw FileFault(path: path, operation: .read, reason: .refused(errno: error)) }
    return bytes
  }

  /// All bytes from the current position to the end, unless there are more than `limit`.
  package func readAll(limit: Int) throws(FileFault) -> [UInt8] {
    var all: [UInt8] = []
    var isTooLarge = false
    try stream(chunkByteCount: min(limit + 1, 64 << 10)) { chunk in
      guard !isTooLarge, all.count + chunk.count <= limit else {
        isTooLarge = true
        return false
      }
      for index in chunk.indices { all.append(chunk[index]) }
      return true
    }
    guard !isTooLarge else { throw FileFault(path: path, operation: .read, reason: .tooLarge(limit: limit)) }
    return all
  }

  /// Hands everything from the current position to the end to `body`, in chunks of `chunkByteCount` bytes; the last may
  /// be shorter.
  ///
  /// A chunk is filled by as many reads as it takes: files of `/proc` give a page or less at a time.
  ///
  /// - Parameter body: returns false to stop.
  package func stream(
    chunkByteCount: Int = 1 << 20, _ body: (Span<UInt8>) -> Bool
  ) throws(FileFault) {
    var chunk = [UInt8](repeating: 0, count: max(chunkByteCount, 1))
    while true {
      let (filled, error) = fill(&chunk)
      if filled > 0 {
        let span = chunk.span
        guard body(span.extracting(first: filled)) else { return }
      }
      if let error { throw FileFault(path: path, operation: .read, reason: .refused(errno: error)) }
      guard filled == chunk.count else { return }
    }
  }

  /// Reads until `chunk` is full or the file ends; returns how many bytes came, and the error that stopped it, if any.
  private func fill(_ chunk: inout [UInt8]) -> (Int, Int32?) {
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

  /// The names in a directory, without `.` and `..`, in no order; at most `limit` of them.
  package func names(limit: Int) throws(FileFault) -> [String] {
    // The stream takes its descriptor with it when it is closed, so it gets one of its own.
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let stream = fdopendir(copy) else {
      let error = errno
      if copy >= 0 { close(copy) }
      throw FileFault(path: path, operation: .list, reason: .refused(errno: error))
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      guard names.count < limit else {
        throw FileFault(path: path, operation: .list, reason: .tooLarge(limit: limit))
      }
      let name = Self.name(of: entry)
      if name != ".", name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw FileFault(path: path, operation: .list, reason: .refused(errno: errno)) }
    return names
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    // Not `entry.pointee.d_name`: that copies 256 bytes, and the record may be shorter than that.
    let start = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19
    let raw = UnsafeRawPointer(entry)
    let recordByteCount = Int(raw.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
    let bytes = UnsafeRawBufferPointer(start: raw + start, count: max(recordByteCount - start, 0))
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

extension UInt64 {
  /// This number plus a count of bytes, or nil past 2^64.
  fileprivate func adding(_ byteCount: Int) -> UInt64? {
    let (sum, overflow) = addingReportingOverflow(UInt64(byteCount))
    return overflow ? nil : sum
  }
}

internal import CSystemCalls
import Files
import Glibc
import KernelModel

/// A file in memory that has no name anywhere and goes with this value.
struct MemoryFile: ~Copyable {
  let descriptor: Int32

  init(isExecutable: Bool = false) throws(Withheld) {
    let made = RandomName.make().withCString { sys_memfd($0, isExecutable ? 1 : 0) }
    guard made >= 0 else { throw Withheld("a file in memory", why: SystemError(Int32(-made)).description) }
    descriptor = Int32(made)
  }

  deinit {
    close(descriptor)
  }

  /// Puts `bytes` at the file's start.
  func write(_ bytes: [UInt8]) throws(Withheld) {
    var done = 0
    while done < bytes.count {
      let came = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(done))
      }
      if came < 0, errno == EINTR { continue }
      guard came > 0 else { throw Withheld("a file in memory", why: SystemError.latest.description) }
      done += came
    }
  }

  /// Puts all of the file at `path` at the file's end, without its bytes passing through us.
  func copy(_ path: String) throws(Withheld) {
    let what = "a copy of \(path)"
    let source: OpenedFile
    do throws(FileFault) {
      source = try OpenedFile(path, followingLinks: true)
    } catch {
      throw Withheld(what, why: error.why)
    }
    while true {
      let came = sendfile(descriptor, source.descriptor, nil, 1 << 20)
      if came < 0, errno == EINTR { continue }
      guard came >= 0 else { throw Withheld(what, why: SystemError.latest.description) }
      if came == 0 { return }
    }
  }
}

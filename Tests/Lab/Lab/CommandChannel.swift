import Foundation
import Glibc

/// The host's end of the guest's second serial port: bytes, with a deadline for each read.
final class CommandChannel {
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var start = 0

  /// Connects to the socket that the emulator is about to make.
  init(socket path: String, deadline: Deadline, isAlive: () -> Bool) throws(LabError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw LabError("the socket's path is too long: \(path)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    while true {
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      guard descriptor >= 0 else { throw LabError("no socket: \(String(cString: strerror(errno)))") }
      let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if status == 0 {
        self.descriptor = descriptor
        return
      }
      close(descriptor)
      guard isAlive() else { throw LabError("the emulator ended at once; is qemu-system-x86 installed?") }
      guard !deadline.hasPassed else { throw LabError("the emulator did not open its socket in time") }
      usleep(20_000)
    }
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) throws(LabError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw LabError("the guest is gone: \(String(cString: strerror(errno)))") }
      sent += count
    }
  }

  /// Reads up to and without the next newline.
  func readLine(deadline: Deadline) throws(LabError) -> String {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0a) {
        defer { start = end + 1 }
        return String(decoding: buffer[start..<end], as: UTF8.self)
      }
      searched = buffer.count
      guard searched - start < 65_536 else { throw LabError("the guest's answer has no end of line") }
      let consumed = start
      try fill(deadline: deadline)
      searched -= consumed
    }
  }

  func read(count: Int, deadline: Deadline) throws(LabError) -> [UInt8] {
    while buffer.count - start < count { try fill(deadline: deadline) }
    defer { start += count }
    return Array(buffer[start..<start + count])
  }

  /// Waits for bytes, and takes what is there.
  private func fill(deadline: Deadline) throws(LabError) {
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let ready = poll(&request, 1, deadline.milliseconds)
    if ready < 0, errno == EINTR { return }
    guard ready > 0 else { throw LabError("the guest did not answer in time") }
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
    if count < 0, errno == EINTR { return }
    guard count > 0 else { throw LabError("the guest is gone: it ended in the middle of an answer, or rebooted") }
    buffer.append(contentsOf: chunk[..<count])
  }
}

/// A moment after which waiting is given up.
struct Deadline {
  private let end: ContinuousClock.Instant

  init(seconds: Double) { end = .now + .milliseconds(Int64(seconds * 1000)) }

  var hasPassed: Bool { milliseconds == 0 }

  /// What is left, as `poll` takes it; 0 when it has passed.
  var milliseconds: Int32 {
    let left = ContinuousClock.now.duration(to: end)
    let (seconds, attoseconds) = left.components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    return Int32(min(max(milliseconds, 0), 86_400_000))
  }
}

internal import CSystemCalls
internal import Files
internal import Glibc

/// A socket that takes journal entries, one datagram each: journald's, or another of its kind.
///
/// Source: systemd, "Native Journal Protocol" (docs/JOURNAL_NATIVE_PROTOCOL.md).
package struct JournalSocket: ~Copyable {
  /// Where journald listens.
  package static let standardPath = "/run/systemd/journal/socket"

  /// How long a journal that takes nothing is waited for, in seconds.
  private static let patience = 10

  private let path: String
  private let socket: Int32

  package init(path: String) throws(OutputFailure) {
    self.path = path
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw Self.failure(path, errno) }
    var wait = timeval(tv_sec: Self.patience, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))

    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.utf8)
    // The last byte stays 0.
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
      close(socket)
      throw OutputFailure(place: path, reason: "is too long a name for a socket")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let connected = withUnsafeBytes(of: &address) { bytes in
      connect(
        socket, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(MemoryLayout<sockaddr_un>.size))
    }
    guard connected == 0 else {
      let number = errno
      close(socket)
      throw Self.failure(path, number)
    }
  }

  deinit {
    close(socket)
  }

  /// Sends one entry: as a datagram or, if it is too large for one, as a sealed file in memory.
  package func send(_ entry: [UInt8]) throws(OutputFailure) {
    while true {
      let sent = entry.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent >= 0 { return }
      switch errno {
      case EINTR: continue
      case EMSGSIZE, ENOBUFS:
        let result = entry.withUnsafeBytes { sys_send_sealed(socket, $0.baseAddress, $0.count) }
        guard result == 0 else { throw Self.failure(path, Int32(-result)) }
        return
      case let number: throw Self.failure(path, number)
      }
    }
  }

  /// Waits until every entry has been taken, for as long as a journal that takes nothing is waited for.
  ///
  /// What journald adds of the sender, its unit among it, it reads in /proc when it takes an entry; of a process that has
  /// ended it finds nothing there, and `journalctl -u` does not show the entry.
  ///
  /// Source: systemd v252, journald-context.c, `client_context_read_basic`, `client_context_read_cgroup`; linux v6.12,
  /// net/unix/af_unix.c, `unix_ioctl`: the bytes that the receiver has not read yet.
  package func waitUntilTaken() {
    for _ in 0..<Self.patience * 1000 {
      var waiting: Int32 = 0
      guard ioctl(socket, UInt(TIOCOUTQ), &waiting) == 0, waiting > 0 else { return }
      usleep(1000)
    }
  }

  private static func failure(_ path: String, _ number: Int32) -> OutputFailure {
    let reason =
      number == EAGAIN
      ? "has taken nothing for \(patience) seconds" : "does not take entries: \(SystemError(number).words)"
    return OutputFailure(place: "the journal at \(path)", reason: reason)
  }
}

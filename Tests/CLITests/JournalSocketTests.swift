import CLI
import Foundation
import Testing

/// Entries sent to a socket such as journald has.
struct JournalSocketTests {
  /// A datagram, and the files that came with it.
  private struct Datagram {
    var bytes: [UInt8]
    var files: [Int32]
  }

  /// Listens at a path of its own.
  private final class Listener: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "lp-\(UUID().uuidString)").path
    private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)

    init() throws {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      let bound = withUnsafeBytes(of: &address) {
        bind(descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
      }
      try #require(bound == 0)
    }

    deinit {
      close(descriptor)
      unlink(path)
    }

    func receive() throws -> Datagram {
      var data = [UInt8](repeating: 0, count: 1 << 20)
      var control = [UInt64](repeating: 0, count: 8)
      var message = msghdr()
      let count = data.withUnsafeMutableBytes { data in
        control.withUnsafeMutableBytes { control in
          var part = iovec(iov_base: data.baseAddress, iov_len: data.count)
          return withUnsafeMutablePointer(to: &part) { part in
            message.msg_iov = part
            message.msg_iovlen = 1
            message.msg_control = control.baseAddress
            message.msg_controllen = control.count
            return recvmsg(descriptor, &message, Int32(MSG_DONTWAIT))
          }
        }
      }
      try #require(count >= 0)
      // A header of 16 bytes, size, level and type, then a descriptor.
      let files = message.msg_controllen >= 20 ? [Int32(truncatingIfNeeded: control[2])] : []
      return Datagram(bytes: Array(data[..<count]), files: files)
    }
  }

  @Test func `an entry is one datagram`() throws {
    let listener = try Listener()
    let journal = try JournalSocket(path: listener.path)
    for entry in ["MESSAGE=one\n", "MESSAGE\n\u{3}\0\0\0\0\0\0\0a\nb\n"] {
      try journal.send(Array(entry.utf8))
      let datagram = try listener.receive()
      #expect(datagram.bytes == Array(entry.utf8))
      #expect(datagram.files.isEmpty)
    }
  }

  @Test func `an entry too large for a datagram is a file in memory that nobody can change`() throws {
    let listener = try Listener()
    let entry = Array("MESSAGE=".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 5 << 20) + [UInt8(ascii: "\n")]
    try JournalSocket(path: listener.path).send(entry)
    let datagram = try listener.receive()
    #expect(datagram.bytes.isEmpty)
    let file = try #require(datagram.files.first)
    let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    try handle.seek(toOffset: 0)
    #expect(try handle.readToEnd() == Data(entry))
    // F_GET_SEALS; F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE, and no other (linux/fcntl.h).
    #expect(fcntl(file, 1034) == 0x1 | 0x2 | 0x4 | 0x8)
    #expect(write(file, "y", 1) == -1 && errno == EPERM)
  }

  @Test func `a journal that is not there, does not listen, or has a name that is too long is told`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "lp-\(UUID().uuidString)").path
    #expect(throws: OutputFailure.self) { _ = try JournalSocket(path: path) }
    try Data().write(to: URL(filePath: path))
    defer { unlink(path) }
    #expect(throws: OutputFailure.self) { _ = try JournalSocket(path: path) }
    #expect(throws: OutputFailure.self) { _ = try JournalSocket(path: String(repeating: "/a", count: 54)) }
  }

  @Test func `a journal that is gone is told`() throws {
    var listener: Listener? = try Listener()
    let journal = try JournalSocket(path: try #require(listener?.path))
    listener = nil
    let failure = #expect(throws: OutputFailure.self) { try journal.send(Array("MESSAGE=one\n".utf8)) }
    #expect(failure?.description.contains("does not take entries: Connection refused") == true)
  }

  @Test func `what was sent is waited for until it is taken`() async throws {
    let listener = try Listener()
    let journal = try JournalSocket(path: listener.path)
    journal.waitUntilTaken()
    try journal.send(Array("MESSAGE=one\n".utf8))
    let delay = 0.2
    let start = ContinuousClock.now
    let taken = Thread {
      Thread.sleep(forTimeInterval: delay)
      _ = try? listener.receive()
    }
    taken.start()
    journal.waitUntilTaken()
    #expect(start.duration(to: .now) >= .seconds(delay))
  }

  private static let entries = ProcessInfo.processInfo.environment["LIVEPROBE_JOURNAL_ENTRIES"]

  /// For Tests/Peers/run, which then asks journald what it took.
  @Test(.enabled(if: entries != nil, "LIVEPROBE_JOURNAL_ENTRIES names no folder"))
  func `entries are sent to this host's journal`() throws {
    let folder = URL(filePath: try #require(Self.entries))
    let journal = try JournalSocket(path: JournalSocket.standardPath)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
      try journal.send(Array(try Data(contentsOf: folder.appending(path: name))))
    }
    let size = 5 << 20
    try journal.send(
      Array("MESSAGE=large\nSYSLOG_IDENTIFIER=liveprobe-test\nLARGE=\(String(repeating: "x", count: size))\n".utf8))
  }
}

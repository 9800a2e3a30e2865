import Files
import Glibc
import KernelModel

/// The renamed copy while it runs, seen from here: asked by lines, ended with this value.
final class CopyProcess {
  /// Why the copy gave no answer.
  enum Fault: Error {
    case killed
    case withheld(Withheld)
  }

  /// How long all answers together may take, in milliseconds.
  private static let patience: Int64 = 20_000
  private static let what = "a renamed copy of the program"

  private let process: pid_t
  private let socket: Int32
  private let deadline: Int64
  private var received: [UInt8] = []
  private var isEnded = false

  /// Starts a copy of `executable` under a name that means nothing; `argument` tells it what it is.
  init(of executable: String, argument: String) throws(Withheld) {
    let file = try MemoryFile(isExecutable: true)
    try file.copy(executable)
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw Withheld(Self.what, why: SystemError.latest.description)
    }
    defer { close(ends[1]) }
    var child: pid_t = 0
    let error = Self.spawn("/proc/self/fd/\(file.descriptor)", [RandomName.make(), argument], at: ends[1], &child)
    guard error == 0 else {
      close(ends[0])
      throw Withheld(Self.what, why: "it could not be started: \(SystemError(error))")
    }
    process = child
    socket = ends[0]
    deadline = Self.now() + Self.patience
  }

  deinit {
    close(socket)
    var status: Int32 = 0
    // Zero says that it is a child of ours and still there: nobody else can have its number.
    if !isEnded, waitpid(process, &status, WNOHANG) == 0 {
      kill(process, SIGKILL)
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
  }

  func ask(_ questions: [CopyQuestion]) throws(Fault) {
    let bytes = Array(questions.map { $0.line + "\n" }.joined().utf8)
    var done = 0
    while done < bytes.count {
      let came = bytes.withUnsafeBytes {
        send(socket, $0.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      if came < 0, errno == EINTR { continue }
      guard came > 0 else { throw end() }
      done += came
    }
  }

  /// The next `count` answers, in the order of the questions.
  func answers(_ count: Int) throws(Fault) -> [String] {
    var lines: [String] = []
    while lines.count < count {
      if let end = received.firstIndex(of: 0x0a) {
        lines.append(String(decoding: received[..<end], as: UTF8.self))
        received.removeSubrange(...end)
        continue
      }
      guard received.count < 1 << 16 else { throw .withheld(Withheld(Self.what, why: "it answers without end")) }
      try receive()
    }
    return lines
  }

  private func receive() throws(Fault) {
    var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    let rest = deadline - Self.now()
    guard rest > 0 else {
      throw .withheld(Withheld(Self.what, why: "it gave no answer within \(Self.patience / 1000) s"))
    }
    let ready = poll(&descriptor, 1, Int32(clamping: rest))
    guard ready > 0 else { return }
    var chunk = [UInt8](repeating: 0, count: 4096)
    let came = chunk.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
    if came < 0, errno == EINTR { return }
    guard came > 0 else { throw end() }
    received += chunk[..<came]
  }

  /// Why it ended by itself.
  private func end() -> Fault {
    var status: Int32 = 0
    // It has closed its end, so it is ending; but nothing here waits for long on what it does.
    for _ in 0..<200 where !isEnded {
      let waited = waitpid(process, &status, WNOHANG)
      if waited == process {
        isEnded = true
      } else {
        usleep(5_000)
      }
    }
    // The low seven bits are the signal (wait(2)).
    guard isEnded else { return .withheld(Withheld(Self.what, why: "it gave no answer")) }
    switch status & 0x7f {
    case 0: return .withheld(Withheld(Self.what, why: "it ended with status \(status >> 8 & 0xff)"))
    case SIGKILL: return .killed
    case let signal: return .withheld(Withheld(Self.what, why: "it was ended by signal \(signal)"))
    }
  }

  private static func spawn(_ path: String, _ arguments: [String], at socket: Int32, _ child: inout pid_t) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO)
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    pointers.append(nil)
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    return posix_spawn(&child, path, &actions, nil, &pointers, &environment)
  }

  /// Milliseconds of a clock that only goes forward.
  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

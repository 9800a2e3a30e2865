import Glibc

/// A program that was started, with an empty signal mask.
///
/// Foundation's `Process` hands down the mask of the thread that starts it. Threads of Swift's pool block nearly all
/// signals; a shell that inherits this never learns that its children have ended.
final class ChildProcess {
  private let pid: pid_t
  private var ended: Int32?

  /// Starts the program that the first argument names, found through `PATH`.
  ///
  /// - Parameters:
  ///   - input: becomes standard input and stays open here; `/dev/null` if there is none.
  ///   - errors: a file for standard error; standard output goes to `/dev/null`.
  ///   - environment: added to this process's.
  init(
    _ arguments: [String], input: Int32? = nil, errors: String? = nil, environment: [String: String] = [:]
  ) throws(LabError) {
    guard let program = arguments.first else { throw LabError("no program to start") }
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    var mask = sigset_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    if let errors { posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600) }
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    var pid: pid_t = 0
    let status = Self.withCStrings(arguments) { arguments in
      Self.withCStrings(Self.environment(with: environment)) {
        posix_spawnp(&pid, program, &actions, &attributes, arguments, $0)
      }
    }
    guard status == 0 else { throw LabError("\(program) could not be started: \(String(cString: strerror(status)))") }
    self.pid = pid
  }

  var isRunning: Bool { ended(waiting: false) == nil }

  /// Waits for the end, and returns the exit status; 128 and the signal's number if a signal ended it.
  func wait() -> Int32 { ended(waiting: true) ?? -1 }

  private func ended(waiting: Bool) -> Int32? {
    if let ended { return ended }
    var status: Int32 = 0
    var result: pid_t
    repeat { result = waitpid(pid, &status, waiting ? 0 : WNOHANG) } while result < 0 && errno == EINTR
    guard result != 0 else { return nil }
    // The low 7 bits are the signal, and the next byte the status (wait(2), WEXITSTATUS and WTERMSIG).
    let code = result < 0 ? -1 : status & 0x7f != 0 ? 128 + (status & 0x7f) : (status >> 8) & 0xff
    ended = code
    return code
  }

  private static func environment(with added: [String: String]) -> [String] {
    var variables: [String] = []
    var next = environ
    while let entry = next.pointee {
      let variable = String(cString: entry)
      let name = variable.prefix { $0 != "=" }
      if added[String(name)] == nil { variables.append(variable) }
      next += 1
    }
    return variables + added.map { "\($0)=\($1)" }
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
  }
}

internal import CSystemCalls
import Glibc
import KernelModel

/// The program as its renamed copy: answers what it is asked, and ends.
package enum RenamedCopy {
  /// Bytes of a question at most, newline included.
  private static let longestQuestion = 256

  /// An argument that no user types and no list of arguments gives away: random, and its own digest.
  static func makeArgument() -> String {
    let random = RandomBytes.make(16)
    return random.hexadecimal() + digest(of: random)
  }

  /// Whether the program was started as the copy.
  package static func isMeant(by arguments: [String]) -> Bool {
    guard arguments.count == 2, arguments[1].utf8.count == 48 else { return false }
    guard let random = [UInt8](hexadecimal: arguments[1].prefix(32)) else { return false }
    return arguments[1].dropFirst(32) == digest(of: random)
  }

  /// Answers questions from standard input until there are no more; calls itself what its first argument says.
  package static func run(_ arguments: [String]) {
    // Refused, it merely keeps the name under which it was started.
    _ = arguments.first?.withCString { sys_set_name($0) }
    var pending: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let came = chunk.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
      if came < 0, errno == EINTR { continue }
      guard came > 0 else { return }
      pending += chunk[..<came]
      while let end = pending.firstIndex(of: 0x0a) {
        let line = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeSubrange(...end)
        guard let question = CopyQuestion(line: line), write(question.answer(SystemRoot()) + "\n") else { return }
      }
      guard pending.count <= longestQuestion else { return }
    }
  }

  private static func write(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let came = bytes.withUnsafeBytes {
        send(STDOUT_FILENO, $0.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      if came < 0, errno == EINTR { continue }
      guard came > 0 else { return false }
      done += came
    }
    return true
  }

  private static func digest(of random: [UInt8]) -> String {
    var digest = RunningDigest()
    digest.add(Array("liveprobe's renamed copy".utf8) + random)
    return digest.value.hexadecimalDigits(atLeast: 16)
  }
}

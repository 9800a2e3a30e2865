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
    return hexadecimal(random) + digest(of: random)
  }

  /// Whether the program was started as the copy.
  package static func isMeant(by arguments: [String]) -> Bool {
    guard arguments.count == 2, arguments[1].utf8.count == 48 else { return false }
    let digits = Array(arguments[1].utf8)
    var random: [UInt8] = []
    for index in stride(from: 0, to: 32, by: 2) {
      let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
      guard let byte = UInt8(pair, radix: 16) else { return false }
      random.append(byte)
    }
    return String(decoding: digits[32...], as: UTF8.self) == digest(of: random)
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
    let text = digest.text
    return String(repeating: "0", count: 16 - text.count) + text
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

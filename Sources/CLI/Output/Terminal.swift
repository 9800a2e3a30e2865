internal import Glibc

/// The program's own streams, and what is at their other end.
enum Terminal {
  enum Stream: Int32 {
    case standardOutput = 1
    case standardError = 2
  }

  /// Writes all of `text`.
  ///
  /// A reader that went away is not our failure to report twice: the status still says what was found.
  @discardableResult
  static func write(_ text: String, to stream: Stream) -> Bool {
    write(Array(text.utf8), to: stream)
  }

  /// Writes all of `bytes`.
  static func write(_ bytes: [UInt8], to stream: Stream) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let written = Glibc.write(stream.rawValue, bytes.baseAddress?.advanced(by: done), bytes.count - done)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return false }
        done += written
      }
      return true
    }
  }

  static func isTerminal(_ stream: Stream) -> Bool {
    isatty(stream.rawValue) == 1
  }

  /// Whether somebody would have to type what is read from standard input.
  static var isInputTyped: Bool { isatty(0) == 1 }

  /// Whether colour is welcome: a terminal that can show it, and nobody who set NO_COLOR.
  static func wantsColour(_ stream: Stream) -> Bool {
    guard isTerminal(stream), environment("NO_COLOR") == nil, let kind = environment("TERM") else { return false }
    return kind != "dumb"
  }

  /// Ends the program.
  static func exit(_ status: Int32) -> Never {
    Glibc.exit(status)
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}

internal import Files

/// The JSON documents of one file: one that is the whole file, or one on each line (JSON Lines).
package final class ReportDocuments {
  /// Why a file cannot be read.
  package struct Unreadable: Error, Hashable, Sendable, CustomStringConvertible {
    package let reason: String
    package var description: String { reason }

    fileprivate init(reason: String) {
      self.reason = reason
    }

    fileprivate init(_ fault: FileFault) {
      reason =
        fault.errorNumber.map { "cannot be read: \(SystemError($0).words)" }
        ?? "is not a regular file; save what it gives in one, and name that"
    }
  }

  /// A larger document is no report, in bytes.
  package static let largest = 64 << 20
  private static let chunk = 256 << 10

  private let file: OpenedFile
  /// Where in the file is read on.
  private var position: UInt64 = 0
  private var buffer: [UInt8] = []
  /// How much of the buffer is used up.
  private var used = 0
  private var isAtEnd = false
  private var line = 0
  /// Whether each line is a document; nil before the first.
  private var isLines: Bool?

  package init(path: String) throws(Unreadable) {
    do throws(FileFault) {
      file = try OpenedFile(path, followingLinks: true)
    } catch {
      throw Unreadable(error)
    }
  }

  /// The next document and where it is: the path, and of lines after the first their number, `hosts.jsonl:12`; nil after the
  /// last.
  package func next() throws(Unreadable) -> (document: [UInt8], source: String)? {
    while let text = try takeLine() {
      line += 1
      guard text.contains(where: { !Self.isSpace($0) }) else { continue }
      if isLines ?? Self.isComplete(text) {
        isLines = true
        return (text, line == 1 ? file.path : "\(file.path):\(line)")
      }
      isLines = false
      return (text + [0x0a] + (try takeRest(most: Self.largest - text.count)), file.path)
    }
    return nil
  }

  /// Whether a document that begins on this line ends there, too.
  private static func isComplete(_ line: [UInt8]) -> Bool {
    line.first { !isSpace($0) } == UInt8(ascii: "{") && line.last { !isSpace($0) } == UInt8(ascii: "}")
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

  /// The bytes up to the next newline, without it; nil at the end.
  private func takeLine() throws(Unreadable) -> [UInt8]? {
    var searched = used
    while true {
      if let newline = buffer[searched...].firstIndex(of: 0x0a) {
        defer { used = newline + 1 }
        return Array(buffer[used..<newline])
      }
      searched = buffer.count
      if isAtEnd {
        defer { used = buffer.count }
        return used == buffer.count ? nil : Array(buffer[used...])
      }
      guard buffer.count - used <= Self.largest else { throw Self.tooLarge }
      searched -= used
      try fill()
    }
  }

  /// All that is left.
  private func takeRest(most: Int) throws(Unreadable) -> [UInt8] {
    while !isAtEnd {
      guard buffer.count - used <= most else { throw Self.tooLarge }
      try fill()
    }
    defer { used = buffer.count }
    return Array(buffer[used...])
  }

  /// Reads on, and lets go of what is used up.
  private func fill() throws(Unreadable) {
    buffer.removeFirst(used)
    used = 0
    do throws(FileFault) {
      let chunk = try file.bytes(at: position, upTo: Self.chunk)
      buffer += chunk
      position += UInt64(chunk.count)
      isAtEnd = chunk.count < Self.chunk
    } catch {
      throw Unreadable(error)
    }
  }

  private static var tooLarge: Unreadable { Unreadable(reason: "larger than \(largest >> 20) MiB, which no report is") }
}

import Glibc
import KernelModel

/// A digest of the first of the kernel's own lines of `/proc/kallsyms`, taken while the file is read.
///
/// The first half megabyte has thousands of lines. To have all of them read again would cost as much as the kernel takes to
/// spell its symbols; that nothing is missing from our own is seen by the tables they are made of.
///
/// The kernel lists its own symbols first, then those of modules, of generated code and of probes, each with a tab and a
/// `[name]` (kallsyms_open and update_iter, kernel/kallsyms.c, v6.12). The first ones never change.
struct KernelSymbolsDigest {
  private var digest = RunningDigest()
  /// The beginning of a line whose end is yet to come.
  private var pending: [UInt8] = []
  /// Whether nothing more is taken.
  private(set) var isDone = false
  /// Bytes that are still taken.
  private var left = Self.limit
  static let limit = 512 << 10
  private(set) var lineCount = 0
  /// How the last line begins: its address.
  private var lastAddress: [UInt8] = []

  /// Takes the next bytes of the text; they may end anywhere.
  mutating func consume(_ chunk: Span<UInt8>) {
    guard !isDone else { return }
    chunk.withUnsafeBytes { consume($0) }
  }

  mutating func consume(_ chunk: UnsafeRawBufferPointer) {
    guard !isDone, let start = chunk.baseAddress else { return }
    let chunk = UnsafeRawBufferPointer(rebasing: chunk.prefix(left))
    left -= chunk.count
    isDone = left == 0
    var end = chunk.count
    if let tab = memchr(start, 0x09, chunk.count) {
      isDone = true
      end = UnsafeRawPointer(tab) - start
    }
    // Whole lines only: the last one may turn out to be a module's.
    guard let newline = chunk[..<end].lastIndex(of: 0x0a) else {
      if isDone { pending = [] } else { pending += chunk }
      return
    }
    let whole = UnsafeRawBufferPointer(start: start, count: newline + 1)
    digest.add(pending)
    digest.add(whole)
    lineCount += Self.newlines(in: whole)
    let before = whole.dropLast().lastIndex(of: 0x0a).map { $0 + 1 }
    lastAddress = Array((before.map { Array(whole[$0...]) } ?? pending + whole).prefix(16))
    pending = isDone ? [] : Array(chunk[whole.count...])
  }

  /// Whether even the last address is zero: the kernel withholds all of them.
  var isWithheld: Bool { lastAddress.allSatisfy { $0 == UInt8(ascii: "0") } }

  /// Digest, bytes and lines, in words for comparison; a last line without its end does not count.
  var text: String { "\(digest.text) \(digest.byteCount) bytes \(lineCount) lines" }

  private static func newlines(in bytes: UnsafeRawBufferPointer) -> Int {
    var count = 0
    for byte in bytes { count &+= byte == 0x0a ? 1 : 0 }
    return count
  }
}

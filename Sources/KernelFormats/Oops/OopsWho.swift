extension OopsText {
  /// The release is given no longer than this, in bytes: __NEW_UTS_LEN is 64.
  private static let longestRelease = 64

  /// Takes from a line which processor and task it was, as far as that is not known yet.
  ///
  /// `CPU: 0 UID: 0 PID: 458 Comm: dd Kdump: loaded Tainted: G           OE      6.12.95 #1  Debian 6.12.95-1`:
  /// `dump_stack_print_info()` in lib/dump_stack.c (Linux v5.10 to v7.2).
  mutating func takeWho(_ line: ArraySlice<UInt8>) {
    var scanner = OopsScanner(line)
    if scanner.skip(past: "CPU: ") || scanner.skip(past: "CPU#"), let number = scanner.decimal() {
      processor = processor ?? number
    }
    if scanner.skip(past: "PID: "), let number = scanner.decimal() { pid = pid ?? number }
    guard scanner.skip(past: "Comm: ") else { return }
    // A task's name may hold spaces: it goes up to what is always behind it.
    let start = scanner
    let isTainted = scanner.skip(past: " Tainted: ")
    guard isTainted || scanner.skip(past: " Not tainted ") else { return }
    let behind = isTainted ? " Tainted: ".utf8.count : " Not tainted ".utf8.count
    var name = start.rest.prefix(start.rest.count - scanner.rest.count - behind)
    let loaded = " Kdump: loaded".utf8
    if name.suffix(loaded.count).elementsEqual(loaded) { name = name.dropLast(loaded.count) }
    comm = comm ?? String(decoding: name.prefix(longestComm), as: UTF8.self)
    let letters = isTainted ? Self.letters(&scanner) : ""
    taint = taint ?? letters
    scanner.skipSpaces()
    let word = scanner.word().prefix(Self.longestRelease)
    if !word.isEmpty { release = release ?? String(decoding: word, as: UTF8.self) }
  }

  /// A name of 16 bytes, and what a kernel thread adds to it.
  private var longestComm: Int { 64 }

  /// The letters of a taint, among spaces; there are fewer than 32.
  private static func letters(_ scanner: inout OopsScanner) -> String {
    var letters = ""
    while let byte = scanner.next, letters.utf8.count < 32 {
      let isLetter = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      guard isLetter || byte == UInt8(ascii: " ") else { break }
      if isLetter { letters.unicodeScalars.append(Unicode.Scalar(byte)) }
      _ = scanner.takeByte()
    }
    return letters
  }
}

extension OopsText {
  /// The release is given no longer than this, in bytes: __NEW_UTS_LEN is 64.
  private static let longestRelease = 64

  /// Takes from a line which processor and task it was, as far as that is not known yet.
  ///
  /// `CPU: 0 UID: 0 PID: 458 Comm: dd Kdump: loaded Tainted: G           OE      6.12.95 #1  Debian 6.12.95-1`:
  /// `dump_stack_print_info()` in lib/dump_stack.c (Linux v5.10 to v7.2); `Pid: 458, comm: dd Not tainted 2.6.32 #1` in
  /// show_regs_common(), arch/x86/kernel/process.c (v2.6.32 to v3.9). Red Hat's kernels have more letters, and dashes for those
  /// that are not set.
  mutating func takeWho(_ line: ArraySlice<UInt8>) {
    var scanner = OopsScanner(line)
    takeHungTask(scanner)
    if scanner.skip(past: "CPU: ") || scanner.skip(past: "CPU#"), let number = scanner.decimal() {
      processor = processor ?? number
    }
    if scanner.skip(past: "PID: ") || scanner.skip(past: "Pid: "), let number = scanner.decimal() {
      pid = pid ?? number
    }
    guard scanner.skip(past: "Comm: ") || scanner.skip(past: ", comm: ") else { return }
    // A task's name may hold spaces: it goes up to what is always behind it.
    let start = scanner
    let isTainted = scanner.skip(past: " Tainted: ")
    guard isTainted || scanner.skip(past: " Not tainted ") else { return }
    let behind = isTainted ? " Tainted: ".utf8.count : " Not tainted ".utf8.count
    var name = start.rest.prefix(start.rest.count - scanner.rest.count - behind)
    let loaded = " Kdump: loaded".utf8
    if name.suffix(loaded.count).elementsEqual(loaded) { name = name.dropLast(loaded.count) }
    comm = comm ?? String(decoding: name.prefix(longestComm), as: UTF8.self)
    let letters = Self.letters(&scanner)
    taint = taint ?? (isTainted ? letters : "")
    let word = scanner.word().prefix(Self.longestRelease)
    if !word.isEmpty { release = release ?? String(decoding: word, as: UTF8.self) }
  }

  /// `INFO: task cat:777 blocked for more than 120 seconds.`: check_hung_task() in kernel/hung_task.c (Linux v5.10 to v7.2).
  private mutating func takeHungTask(_ scanner: OopsScanner) {
    var behind = scanner
    guard behind.take("INFO: task ") else { return }
    let start = behind
    guard behind.skip(past: " blocked for more than ") else { return }
    let text = start.rest.prefix(start.rest.count - behind.rest.count - " blocked for more than ".utf8.count)
    guard let colon = text.lastIndex(of: UInt8(ascii: ":")) else { return }
    var number = OopsScanner(text[(colon + 1)...])
    (comm, pid) = (String(decoding: text[..<colon].prefix(longestComm), as: UTF8.self), number.decimal())
  }

  /// A name of 16 bytes, and what a kernel thread adds to it.
  private var longestComm: Int { 64 }

  /// The letters of a taint, among spaces and dashes; there are fewer than 32, and a release begins with a digit.
  private static func letters(_ scanner: inout OopsScanner) -> String {
    var letters = ""
    while let byte = scanner.next, letters.utf8.count < 32 {
      let isLetter = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      guard isLetter || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") else { break }
      if isLetter { letters.unicodeScalars.append(Unicode.Scalar(byte)) }
      _ = scanner.takeByte()
    }
    return letters
  }
}

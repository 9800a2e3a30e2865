internal import KernelModel

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
    // A blocked task's trace is printed by another.
    let isOfOther = kind == .hungTask && comm != nil
    if scanner.skip(past: "CPU: ") || scanner.skip(past: "CPU#") || scanner.take("CPU "),
      let number = scanner.decimal(), !isOfOther
    {
      processor = processor ?? number
    }
    takeProcess(OopsScanner(line))
    if scanner.skip(past: "PID: ") || scanner.skip(past: "Pid: "), let number = scanner.decimal() {
      pid = pid ?? number
    }
    guard scanner.skip(past: "Comm: ") || scanner.skip(past: ", comm: ") else {
      takeRelease(OopsScanner(line))
      return
    }
    // A task's name may hold spaces: it goes up to what is always behind it.
    let start = scanner
    let isTainted = scanner.skip(past: " Tainted: ")
    guard isTainted || scanner.skip(past: " Not tainted ") else { return }
    let behind = isTainted ? " Tainted: ".utf8.count : " Not tainted ".utf8.count
    var name = start.rest.prefix(start.rest.count - scanner.rest.count - behind)
    let loaded = " Kdump: loaded".utf8
    if name.suffix(loaded.count).elementsEqual(loaded) { name = name.dropLast(loaded.count) }
    // The first line of some complaints has it too, behind what may be of others.
    let isSaidBefore = complaint != .pageAllocation && complaint != .outOfMemory
    comm = (isSaidBefore ? comm : nil) ?? String(decoding: name.prefix(longestComm), as: UTF8.self)
    let letters = Self.letters(&scanner)
    taint = taint ?? (isTainted ? letters : "")
    takeRelease(word: scanner.word())
  }

  /// Keeps a release, and what its name says of the architecture.
  private mutating func takeRelease(word: ArraySlice<UInt8>) {
    let word = word.first == UInt8(ascii: "(") ? word.dropFirst() : word
    guard let first = word.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return }
    let name = String(decoding: word.prefix(Self.longestRelease), as: UTF8.self)
    release = release ?? name
    guard architecture == nil || architecture == .unknown else { return }
    let names: [(String, OopsArchitecture)] = [
      (Machine.machine, .own), ("amd64", .own), ("i686", .i686), ("i586", .i686), ("aarch64", .aarch64),
      ("arm64", .aarch64),
      ("armv7", .arm), ("armmp", .arm), ("riscv64", .riscv64), ("ppc64", .ppc64), ("powerpc64", .ppc64),
      ("s390x", .s390x),
      ("mips", .mips), ("loongarch64", .loongarch64), ("loong64", .loongarch64),
    ]
    architecture = names.first { name.contains($0.0) }?.1 ?? architecture
  }

  /// `CPU: 0    Tainted: G        W    (3.0.8 #1)`, as arm had it: show_regs() in arch/arm/kernel/process.c (Linux v2.6.32 to v3.9).
  private mutating func takeRelease(_ line: OopsScanner) {
    var scanner = line
    let isTainted = scanner.take("Tainted: ") || scanner.skip(past: " Tainted: ")
    guard isTainted || scanner.take("Not tainted ") || scanner.skip(past: " Not tainted ") else { return }
    let letters = Self.letters(&scanner)
    taint = taint ?? (isTainted ? letters : "")
    takeRelease(word: scanner.word())
  }

  /// `Process dd (pid: 458, stack limit = 0xc0a)`, `Process dd (pid: 458, threadinfo …`: show_regs() and __die() before v4.10,
  /// and on arm, arm64, mips and s390x; `TASK = c0000[4410] 'rsync' THREAD:` on ppc64.
  private mutating func takeProcess(_ line: OopsScanner) {
    var scanner = line
    if scanner.take("Process ") {
      let start = scanner
      guard scanner.skip(past: " (pid: ", within: longestComm + 8), let number = scanner.decimal() else { return }
      comm =
        comm
        ?? String(
          decoding: start.rest.prefix(start.rest.count - scanner.rest.count).prefix { $0 != UInt8(ascii: "(") }
            .dropLast(), as: UTF8.self)
      pid = pid ?? number
    }
  }

  /// A name of 16 bytes, and what a kernel thread adds to it.
  var longestComm: Int { 64 }

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

internal import KernelFormats
internal import KernelModel

/// Numbers that the kernel prints and leaves to the reader, in words.
enum PanicCodes {
  /// What the numbers in a panic's message mean, a sentence each.
  static func sentences(of message: String) -> [String] {
    var sentences: [String] = []
    if let code = number(behind: "exitcode=", in: message) { sentences.append(exit(code)) }
    if let device = text(behind: "unknown-block(", before: ")", in: message) { sentences.append(root(device)) }
    return sentences
  }

  /// How the first program ended: its status in the second byte, a signal in the lowest seven bits.
  ///
  /// Source: do_exit() in kernel/exit.c (Linux v5.10 to v7.2), and wait(2).
  private static func exit(_ code: UInt64) -> String {
    let signal = Int(code & 0x7f)
    let status = code >> 8 & 0xff
    guard signal == 0 else {
      let name = signals.first { $0.number == signal }.map { "\($0.name)" } ?? "signal \(signal)"
      return
        "The first program (pid 1) was killed by \(name): the kernel gives up when it ends, and is not at fault itself."
    }
    let meaning: String
    switch status {
    case 127: meaning = ": it, its interpreter or its loader was not found"
    case 126: meaning = ": it could not be run"
    case 0: meaning = ": it ended by itself"
    default: meaning = ""
    }
    return
      "The first program (pid 1) exited with status \(status)\(meaning); the kernel gives up when it ends, and is not at fault itself."
  }

  private static let signals: [(number: Int, name: String)] = [
    (4, "SIGILL"), (5, "SIGTRAP"), (6, "SIGABRT"), (7, "SIGBUS"), (8, "SIGFPE"), (9, "SIGKILL"), (11, "SIGSEGV"),
    (15, "SIGTERM"), (31, "SIGSYS"),
  ]

  /// Source: mount_root() in init/do_mounts.c (Linux v5.10 to v7.2): 0,0 where no device of the name is known.
  private static func root(_ device: String) -> String {
    device == "0,0"
      ? "No device of the name that root= has is known: its driver or the initramfs is missing, or the name is wrong."
      : "The device \(device) is known, and no file system that the kernel has could be mounted from it."
  }

  /// `CPU 7: Machine Check Exception: 5 Bank 0: be00000000800400`: the bits of a bank's status.
  ///
  /// Source: Intel SDM volume 3, 17.3.2.2 (the status of a bank), and print_mce() in arch/x86/kernel/cpu/mce/core.c (Linux v2.6.32 to v7.2).
  static func machineCheck(_ line: String) -> String? {
    guard let bank = text(behind: " Bank ", before: ":", in: line), line.contains("Machine Check"),
      let status = number(behind: " Bank \(bank): ", in: line)
    else { return nil }
    let bits: [(bit: UInt64, words: String)] = [
      (63, "valid"), (62, "an earlier error was lost"), (61, "not corrected"), (60, "reporting enabled"),
      (57, "the processor's state is corrupt"),
    ]
    let said = bits.filter { status >> $0.bit & 1 == 1 }.map(\.words)
    let processor = text(behind: "CPU ", before: ":", in: line).map { "processor \($0), " } ?? ""
    return
      "The hardware reported an error: \(processor)bank \(bank), status \(status.hexadecimal) (\(said.joined(separator: ", "))), "
      + "\(cause(UInt16(truncatingIfNeeded: status)))."
  }

  /// Source: Intel SDM volume 3, 17.9 (interpreting the MCA error codes).
  private static func cause(_ code: UInt16) -> String {
    switch code {
    case 0x0001: "an unclassified error"
    case 0x0002: "a parity error in microcode"
    case 0x0003: "an external error"
    case 0x0005: "a parity error inside"
    case 0x0400: "an internal timer ran out"
    case 0x0400..<0x0800: "an internal error"
    case 0x0010..<0x0020: "the TLB"
    case 0x0080..<0x0100: "the memory controller or memory itself"
    case 0x0100..<0x0200: "a cache"
    case 0x0800..<0x1000: "a bus or interconnect"
    default: "code \(UInt64(code).hexadecimal)"
    }
  }

  /// What arm64's syndrome register says.
  ///
  /// Source: arch/arm64/include/asm/esr.h (Linux v6.12): the class in bits 26 to 31, the fault's status in bits 0 to 5, bit 6 for a write.
  static func syndrome(_ value: UInt64) -> String? {
    let what: String
    switch value >> 26 & 0x3f {
    case 0x21: what = "an instruction was to be fetched"
    case 0x25: what = value >> 6 & 1 == 1 ? "memory was to be written" : "memory was to be read"
    case 0x0e: return "the processor's state was illegal"
    case 0x0d: return "a branch led where none may (BTI)"
    case 0x1c: return "a pointer's signature was wrong (PAC)"
    case 0x2f: return "the hardware reported an error (SError)"
    case 0x3c: return "a check of the kernel's own failed (BRK)"
    default: return nil
    }
    switch value & 0x3c {
    case 0x04: return "\(what), and nothing is there"
    case 0x08: return "\(what), for the first time"
    case 0x0c: return "\(what), and the page forbids it"
    case 0x20: return value & 0x3f == 0x21 ? "\(what), at an odd address" : what
    default: return value & 0x3f == 0x10 ? "\(what), and the hardware failed there" : what
    }
  }

  private static func text(behind phrase: String, before end: Character, in message: String) -> String? {
    guard let found = message.firstRange(of: phrase) else { return nil }
    let rest = message[found.upperBound...].prefix(64)
    return rest.firstIndex(of: end).map { String(rest[..<$0]) }
  }

  private static func number(behind phrase: String, in message: String) -> UInt64? {
    guard let found = message.firstRange(of: phrase) else { return nil }
    var digits = message[found.upperBound...].prefix(18)
    if digits.hasPrefix("0x") { digits = digits.dropFirst(2) }
    return UInt64(digits.prefix { $0.isHexDigit }, radix: 16)
  }
}

/// What a kernel's message of trouble says happened.
package enum OopsKind: Hashable, Sendable {
  /// A function's stack was overwritten up to its guard value: the place is where that function calls `__stack_chk_fail`.
  case stackProtector(OopsPlace?)
  /// An access near address 0.
  case nullDereference(address: UInt64?)
  case pageFault(address: UInt64?)
  /// The address is given if the kernel could tell which was not canonical.
  case generalProtection(address: UInt64?)
  /// `kernel BUG at`: a check of the kernel's own failed.
  case bug
  case invalidOpcode
  /// Another exception, as the kernel calls it.
  case exception(String)
  case doubleFault
  case stackGuardHit
  case softLockup
  case hardLockup
  case hungTask
  case rcuStall
  /// Somebody asked for it: `echo c > /proc/sysrq-trigger`.
  case requested
  case warning
  /// Any other panic.
  case panic

  /// Whether the kernel goes on after it unless it is told not to.
  package var mayGoOn: Bool {
    switch self {
    case .warning, .hungTask, .rcuStall, .softLockup, .requested: true
    default: false
    }
  }

  /// Whether it is an exception of the processor in kernel code, as a function `die()` reports.
  package var isException: Bool {
    switch self {
    case .nullDereference, .pageFault, .generalProtection, .bug, .invalidOpcode, .exception, .doubleFault,
      .stackGuardHit:
      true
    default: false
    }
  }

  /// What stands before what a panic says.
  static let panicWords: StaticString = "Kernel panic - not syncing:"

  /// What the first line of a message says; nil if it is none.
  ///
  /// Source: arch/x86/mm/fault.c, arch/x86/kernel/traps.c, kernel/panic.c, lib/bug.c, kernel/watchdog.c, kernel/hung_task.c,
  /// kernel/rcu/tree_stall.h, drivers/tty/sysrq.c (Linux v5.10 to v7.2).
  init?(_ line: ArraySlice<UInt8>) {
    var scanner = OopsScanner(line)
    if scanner.take(Self.panicWords) {
      scanner.skipSpaces()
      self = Self.panic(scanner)
      return
    }
    if scanner.take("sysrq: Trigger a crash") || scanner.take("sysrq: SysRq : Trigger a crash") {
      self = .requested
      return
    }
    if scanner.take("WARNING: "), Self.isPlace(scanner) {
      self = .warning
      return
    }
    if scanner.take("kernel BUG at ") || scanner.take("Kernel BUG at ") {
      self = .bug
      return
    }
    if scanner.take("INFO: task "), scanner.skip(past: " blocked for more than ") {
      self = .hungTask
      return
    }
    scanner = OopsScanner(line)
    _ =
      scanner.take("watchdog: ") || scanner.take("NMI watchdog: ") || scanner.take("Oops: ")
      || scanner.take("traps: ") || scanner.take("rcu: ")
    if let lockup = Self.lockup(scanner) {
      self = lockup
    } else if let fault = Self.fault(scanner) {
      self = fault
    } else {
      return nil
    }
  }

  private static func lockup(_ scanner: OopsScanner) -> OopsKind? {
    var scanner = scanner
    if scanner.take("BUG: soft lockup - CPU#") { return .softLockup }
    if scanner.take("Watchdog detected hard LOCKUP") { return .hardLockup }
    guard scanner.take("INFO: rcu_"), scanner.skip(past: " detected ") || scanner.skip(past: " self-detected ") else {
      return nil
    }
    return scanner.skip(past: "stall") ? .rcuStall : nil
  }

  private static func fault(_ scanner: OopsScanner) -> OopsKind? {
    var scanner = scanner
    if scanner.take("BUG: kernel NULL pointer dereference, address: ")
      || scanner.take("BUG: unable to handle kernel NULL pointer dereference at ")
    {
      return .nullDereference(address: scanner.hexadecimal())
    }
    if scanner.take("BUG: unable to handle page fault for address: ")
      || scanner.take("BUG: unable to handle kernel paging request at ")
    {
      return .pageFault(address: scanner.hexadecimal())
    }
    if scanner.take("general protection fault") {
      return .generalProtection(address: scanner.skip(past: " address ") ? scanner.hexadecimal() : nil)
    }
    if scanner.take("PANIC: double fault") { return .doubleFault }
    if scanner.take("BUG: "), scanner.skip(past: "stack guard page was hit") { return .stackGuardHit }
    return exception(scanner)
  }

  /// `invalid opcode: 0000 [#1] PREEMPT SMP`: what die() prints first.
  private static func exception(_ scanner: OopsScanner) -> OopsKind? {
    var scanner = scanner
    let name = scanner.rest.prefix { $0 != UInt8(ascii: ":") }
    guard (1...60).contains(name.count), scanner.skip(past: ": "), scanner.hexadecimal() != nil, scanner.take(" [#"),
      scanner.decimal() != nil, scanner.take("]")
    else { return nil }
    let text = String(decoding: name, as: UTF8.self)
    return text == "invalid opcode" ? .invalidOpcode : .exception(text)
  }

  private static func panic(_ scanner: OopsScanner) -> OopsKind {
    var message = scanner
    if message.take("stack-protector: Kernel stack is corrupted in:") {
      message.skipSpaces()
      return .stackProtector(message.place())
    }
    if message.take("Hard LOCKUP") || message.take("Watchdog detected hard LOCKUP") { return .hardLockup }
    if message.take("softlockup: hung tasks") { return .softLockup }
    if message.take("hung_task: blocked tasks") { return .hungTask }
    if message.take("sysrq triggered crash") { return .requested }
    return .panic
  }

  /// `CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2`, or `kernel/x.c:1 at f+0x1/0x2, CPU#0: comm/1` (Linux v7.2).
  private static func isPlace(_ scanner: OopsScanner) -> Bool {
    var scanner = scanner
    if scanner.take("CPU: ") { return scanner.decimal() != nil }
    return scanner.skip(past: " at ")
  }
}

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
  /// A checker of the kernel's own complained: KASAN, lockdep, the scheduler, the allocator.
  case complaint
  /// Any other panic.
  case panic

  /// Whether the kernel goes on after it unless it is told not to.
  package var mayGoOn: Bool {
    switch self {
    case .warning, .complaint, .hungTask, .rcuStall, .softLockup, .requested: true
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

  /// Whether it is a fault of a page, whose exception's number is the processor's error code.
  var isOfPage: Bool {
    switch self {
    case .nullDereference, .pageFault: true
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
    if scanner.take("Oops: ") {
      // The line above it is not there, which said more.
      _ = scanner.take("Oops: ")
      var code = scanner
      if code.hexadecimal() != nil, code.take(" [#") {
        self = .pageFault(address: nil)
        return
      }
    }
    scanner = OopsScanner(line)
    _ =
      scanner.take("watchdog: ") || scanner.take("NMI watchdog: ") || scanner.take("Oops: ")
      || scanner.take("traps: ") || scanner.take("rcu: ")
    if let lockup = Self.lockup(scanner) {
      self = lockup
    } else if let fault = Self.fault(scanner) ?? Self.faultElsewhere(scanner) {
      self = fault
    } else if scanner.take("BUG: ") || scanner.take("WARNING: possible ") || scanner.take("WARNING: suspicious ") {
      self = .complaint
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
      return .nullDereference(address: scanner.pointer())
    }
    if scanner.take("BUG: unable to handle page fault for address: ")
      || scanner.take("BUG: unable to handle kernel paging request at ")
    {
      return .pageFault(address: scanner.pointer())
    }
    if scanner.take("general protection fault") {
      return .generalProtection(address: scanner.skip(past: " address ") ? scanner.hexadecimal() : nil)
    }
    if scanner.take("PANIC: double fault") { return .doubleFault }
    if scanner.take("BUG: "), scanner.skip(past: "stack guard page was hit") { return .stackGuardHit }
    return exception(scanner)
  }

  /// `Unable to handle kernel NULL pointer dereference at virtual address 0000000000000040`,
  /// `BUG: Kernel NULL pointer dereference on read at 0x00000018`.
  ///
  /// Source: die_kernel_fault() in arch/arm64/mm/fault.c and arch/riscv/mm/fault.c, bad_page_fault() in arch/powerpc/mm/fault.c
  /// (Linux v5.10 to v7.2).
  private static func faultElsewhere(_ scanner: OopsScanner) -> OopsKind? {
    var scanner = scanner
    _ = scanner.take("BUG: ")
    guard scanner.take("Unable to handle kernel ") || scanner.take("Kernel ") else { return nil }
    let isNull = scanner.take("NULL pointer dereference")
    guard scanner.skip(past: " at virtual address ") || scanner.skip(past: " at 0x") else { return nil }
    let address = scanner.hexadecimal()
    return isNull ? .nullDereference(address: address) : .pageFault(address: address)
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

  /// Whether it is a place in the kernel's source: programs and boot loaders warn, too.
  ///
  /// `CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2`; `kernel/x.c:1 at f+0x1/0x2, CPU#0: comm/1` (Linux v7.2); `at kernel/x.c:1
  /// f+0x1/0x2` (v2.6.32 to v3.12).
  private static func isPlace(_ scanner: OopsScanner) -> Bool {
    var scanner = scanner
    if scanner.take("CPU: ") { return scanner.decimal() != nil }
    // The condition may stand before it: `[ptr == 0] kernel/x.c:1 at …`.
    if scanner.take("["), !scanner.skip(past: "] ") { return false }
    let isOld = scanner.take("at ")
    let file = scanner.word()
    guard let colon = file.lastIndex(of: UInt8(ascii: ":")), file.startIndex < colon else { return false }
    var line = OopsScanner(file[(colon + 1)...])
    guard line.decimal() != nil, line.isAtEnd else { return false }
    return isOld || scanner.take(" at ")
  }
}

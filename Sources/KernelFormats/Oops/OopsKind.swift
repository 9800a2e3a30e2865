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

  /// What a report's first line says, that a row of ``OopsPhrase`` tells to be `kind`.
  ///
  /// - Parameter message: from where the kernel's own text begins.
  static func of(
    _ kind: OopsKind, _ complaint: OopsComplaint?, _ message: ArraySlice<UInt8>
  ) -> (kind: OopsKind, complaint: OopsComplaint?)? {
    var scanner = OopsScanner(message)
    switch kind {
    case .panic:
      guard scanner.skip(past: OopsPhrase.panicWords) else { return nil }
      _ = scanner.take(":")
      scanner.skipSpaces()
      return panic(scanner)
    case .nullDereference: return (.nullDereference(address: scanner.firstPointer()), nil)
    case .pageFault:
      let address = scanner.firstPointer()
      // Some architectures call every address so; what is in the first page is near 0.
      guard let address, address < 0x1000 else { return (.pageFault(address: address), complaint) }
      return (.nullDereference(address: address), complaint)
    case .generalProtection:
      return (.generalProtection(address: scanner.skip(past: " address ") ? scanner.hexadecimal() : nil), complaint)
    case .exception(""): return OopsException.kind(message)
    default: return (kind, complaint)
    }
  }

  private static func panic(_ scanner: OopsScanner) -> (kind: OopsKind, complaint: OopsComplaint?) {
    var message = scanner
    if message.take("stack-protector: Kernel stack is corrupted in:") {
      message.skipSpaces()
      return (.stackProtector(message.place()), nil)
    }
    if message.take("Hard LOCKUP") || message.take("Watchdog detected hard LOCKUP") { return (.hardLockup, nil) }
    if message.take("softlockup: hung tasks") { return (.softLockup, nil) }
    if message.take("hung_task: blocked tasks") { return (.hungTask, nil) }
    if message.take("sysrq triggered crash") { return (.requested, nil) }
    if message.contains("RCU Stall") { return (.rcuStall, nil) }
    if message.contains("kernel stack overflow") { return (.stackGuardHit, nil) }
    if message.contains("achine check") || message.begins("Fatal hardware error") { return (.panic, .machineCheck) }
    if message.contains("ut of memory") || message.contains("deadlocked on memory") { return (.panic, .outOfMemory) }
    if message.contains("LKRG") || message.contains("p_lkrg") { return (.panic, .lkrg) }
    return (.panic, nil)
  }
}

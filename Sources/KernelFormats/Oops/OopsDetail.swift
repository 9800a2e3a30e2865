internal import KernelModel

/// The lines of a report that say one thing each: where it was, of what machine, what the processor said.
extension OopsText {
  /// Takes a line that says such a thing; false if it does not.
  mutating func takeDetail(_ line: OopsScanner) -> Bool {
    var scanner = line
    if scanner.take("#PF: ") {
      takePageFault(scanner)
    } else if scanner.take("Hardware name: ") || scanner.take("Hardware: ") || scanner.take("Hardware name\t: ") {
      hardware = hardware ?? OopsBuilder.text(scanner)
    } else if scanner.take("Kernel Offset: ") {
      takeOffset(scanner)
    } else if scanner.take("Workqueue: ") {
      // The workqueue's name, and what it does.
      _ = scanner.word()
      scanner.skipSpaces()
      work = work ?? scanner.place()
    } else if scanner.take("PGD ") {
      if scanner.skip(past: " PTE ") { pageTableEntry = scanner.hexadecimal() }
    } else if isWho(scanner) {
      takeWho(line.rest)
      _ = takeElsewhere(line)
    } else {
      return takePlace(line) || takeElsewhere(line)
    }
    return true
  }

  /// `CPU: 0 PID: 1 Comm: …`, `Pid: 1, comm: …`, `CPU 3`, `Process dd (pid: 458, …`.
  private func isWho(_ scanner: OopsScanner) -> Bool {
    scanner.begins("CPU: ") || scanner.begins("Pid: ") || scanner.begins("PID: ") || scanner.begins("CPU#")
      || scanner.begins("Comm: ") || scanner.begins("Process ") && scanner.contains("(pid: ")
      || scanner.begins("CPU ") && scanner.rest.count <= 7 || scanner.begins("Not tainted ")
      || scanner.begins("Tainted: ") && scanner.contains(" #")
  }

  /// `0x1e000000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)`; or `disabled`, where the
  /// kernel lies where it was linked.
  ///
  /// Source: dump_kernel_offset() in arch/x86/kernel/setup.c (Linux v5.10 to v7.2): the range ends before MODULES_VADDR.
  private mutating func takeOffset(_ scanner: OopsScanner) {
    var scanner = scanner
    guard scanner.take("0x"), let offset = scanner.hexadecimal() else {
      kernelOffset = nil
      return
    }
    kernelOffset = offset
    guard scanner.skip(past: "range: "), scanner.hexadecimal() != nil, scanner.take("-"),
      let end = scanner.hexadecimal()
    else { return }
    relocationEnd = end
  }

  /// `#PF: supervisor read access in kernel mode`, `#PF: error_code(0x0000) - not-present page`.
  ///
  /// Source: `show_fault_oops()` in arch/x86/mm/fault.c (Linux v5.10 to v7.2).
  private mutating func takePageFault(_ scanner: OopsScanner) {
    var scanner = scanner
    if scanner.take("error_code(") {
      errorCode = scanner.hexadecimal()
      if scanner.take(") - ") { errorWords = OopsBuilder.text(scanner) }
    } else {
      access = access ?? OopsBuilder.text(scanner)
    }
  }

  /// Where the processor was, as a line of its own says, of whatever architecture.
  private mutating func takePlace(_ line: OopsScanner) -> Bool {
    for row in Self.placeRows {
      var ahead = line
      guard ahead.take(row.words) else { continue }
      ahead.skipSpaces()
      if row.words.utf8CodeUnitCount > 2, ahead.take(":") { ahead.skipSpaces() }
      // i386 has its segment before it, others the address.
      var segment = ahead
      if segment.hexadecimal() != nil, segment.take(":") { ahead = segment }
      let isOf = row.architecture
      if let place = ahead.placeBehindAddress() {
        if row.isCaller {
          returnPlace = returnPlace ?? place
        } else if barePlace?.place == nil {
          // A line before it may have the address alone.
          barePlace = place.place == nil ? barePlace ?? place : place
        }
        noteAddress(in: line)
        // `epc : f+0x1/0x2 ra : g+0x3/0x4`.
        var caller = ahead
        if !row.isCaller, caller.skip(past: " ra : ") { returnPlace = returnPlace ?? caller.placeBehindAddress() }
        var processor = line
        if row.architecture == .i686, processor.skip(past: " CPU: ") {
          self.processor = self.processor ?? processor.decimal()
        }
        if let isOf { architecture = architecture == nil || architecture == .unknown ? isOf : architecture }
        return true
      }
      return false
    }
    return false
  }

  /// What stands before a place; an architecture is named where the words are of one only.
  ///
  /// Source: show_regs() and its kin in arch/*/kernel/process.c and traps.c (Linux v2.6.32 to v7.2).
  private static let placeRows: [(words: StaticString, isCaller: Bool, architecture: OopsArchitecture?)] = [
    ("IP: ", false, nil), ("RIP  ", false, .own), ("RIP [", false, .own), ("RIP !INEXACT! ", false, .own),
    ("EIP: ", false, .i686), ("EIP is at ", false, .i686), ("PC is at ", false, .arm), ("LR is at ", true, .arm),
    ("pc : ", false, .aarch64), ("lr : ", true, .aarch64), ("epc : ", false, .riscv64), ("ra : ", true, .riscv64),
    ("epc: ", false, .riscv64), ("epc   : ", false, .mips), ("ra    : ", true, .mips), ("NIP [", false, .ppc64),
    ("LR [", true, .ppc64), ("NIP ", false, .ppc64), ("Krnl PSW : ", false, .s390x), ("era: ", false, .loongarch64),
    ("era   : ", false, .loongarch64), ("ERA: ", false, .loongarch64), ("caller is ", false, nil),
  ]

  /// What processors of other architectures say of a fault, each in its words.
  private mutating func takeElsewhere(_ line: OopsScanner) -> Bool {
    for row in Self.syndromeRows {
      var ahead = line
      guard ahead.skip(past: row.words), let value = ahead.hexadecimal() else { continue }
      switch row.what {
      case .syndrome: syndrome = syndrome ?? value
      case .address: setFault(address: value)
      }
      if architecture == nil || architecture == .unknown { architecture = row.architecture }
      if row.isLast { return true }
    }
    return false
  }

  private enum Value { case syndrome, address }

  /// Source: mem_abort_decode() in arch/arm64/mm/fault.c, __show_regs() in arch/powerpc/kernel/process.c and arch/riscv/kernel/process.c,
  /// dump_fault_info() in arch/s390/mm/fault.c, __show_regs() in arch/mips/kernel/traps.c (Linux v5.10 to v7.2).
  private static let syndromeRows: [(words: StaticString, what: Value, architecture: OopsArchitecture, isLast: Bool)] =
    [
      ("ESR = ", .syndrome, .aarch64, true), ("DAR: ", .address, .ppc64, false), ("DEAR: ", .address, .ppc64, false),
      ("DSISR: ", .syndrome, .ppc64, true), ("Failing address: ", .address, .s390x, false),
      ("TEID: ", .syndrome, .s390x, true),
      ("badaddr: ", .address, .riscv64, false), (" cause: ", .syndrome, .riscv64, true),
      ("Cause : ", .syndrome, .mips, true),
      ("BadVA : ", .address, .mips, true), ("ESTAT: ", .syndrome, .loongarch64, true),
      ("BADV: ", .address, .loongarch64, true),
    ]

  /// Keeps the address that was used wrongly, where the first line did not say it.
  private mutating func setFault(address: UInt64) {
    switch kind {
    case .pageFault(nil): kind = address < 0x1000 ? .nullDereference(address: address) : .pageFault(address: address)
    case .nullDereference(nil): kind = .nullDereference(address: address)
    default: break
    }
  }
}

extension OopsScanner {
  /// A place, or one behind addresses or in parentheses: `c0080000012b0a94] f+0x1/0x2`, `0704c00180000000 0000000000114a2c (f+0x1/0x2)`,
  /// `10:<ffffffff9a0c31d2> {intel_idle+0x72/0xd0}`.
  fileprivate mutating func placeBehindAddress() -> OopsPlace? {
    var ahead = self
    if let place = ahead.place(), place.address == nil {
      self = ahead
      return place
    }
    let addressed = ahead
    ahead = self
    var address: UInt64?
    for _ in 0..<3 {
      ahead.skipSpaces()
      _ = ahead.take("[") || ahead.take("<") || ahead.take("10:<")
      guard let value = ahead.pointer() else { break }
      address = value
      _ = ahead.take(">") || ahead.take("]")
      ahead.skipSpaces()
    }
    _ = ahead.take("(") || ahead.take("{")
    var named = ahead
    if let place = named.place(), place.address == nil {
      self = named
      return place
    }
    guard let address else { return nil }
    self = addressed
    return .address(KernelAddress(address))
  }
}

internal import KernelModel

/// Judges where the CPUs enter the kernel: by their registers, and by the gate of `int 0x80`.
struct CPUEntry {
  let kernel: Kernel

  /// Bytes of one gate, and of the descriptor that says where the gates are.
  ///
  /// Source: arch/x86/include/asm/desc_defs.h, `struct gate_struct` and `struct desc_ptr` (Linux v6.12).
  private static let gateByteCount: UInt64 = 16
  private static let int80: UInt64 = 0x80

  func examine(into examination: inout Examination) {
    examineRegisters(into: &examination)
    do throws(CannotCheck) {
      try examineGate(into: &examination)
    } catch {
      examination.leaveUnanswered(Subject("idt_table", index: Int(Self.int80)), error)
    }
  }

  // MARK: Registers

  private func examineRegisters(into examination: inout Examination) {
    let cpus: [X86_64.EntryPoints]
    switch kernel.claims.entryPoints {
    case .success(let found): cpus = found
    case .failure(let withheld):
      examination.remark("MSR_LSTAR, MSR_CSTAR and MSR_IA32_SYSENTER_EIP: not looked at: \(withheld.why)")
      examination.note(Subject("MSR_LSTAR"), .text("not looked at"), lasting: false)
      return
    }
    // Kernels before v4.21 entered through a page of their own for each CPU, which has no symbol.
    let hasTrampoline = !kernel.symbols.symbols(named: "entry_SYSCALL_64_trampoline").isEmpty
    let registers:
      [(name: String, value: (X86_64.EntryPoints) -> KernelAddress, rightNames: Set<String>, mayBeZero: Bool)]
    registers = [
      ("MSR_LSTAR", \.syscall, ["entry_SYSCALL_64"], false),
      (
        "MSR_CSTAR", \.compatibilitySyscall,
        ["entry_SYSCALL_compat", "entry_SYSCALL32_ignore", "ignore_sysret"], true
      ),
      ("MSR_IA32_SYSENTER_EIP", \.sysenter, ["entry_SYSENTER_compat"], true),
    ]
    for register in registers where !(hasTrampoline && register.name == "MSR_LSTAR") {
      var places: Set<String> = []
      for cpu in cpus {
        let address = register.value(cpu)
        let names = kernel.symbols.symbols(at: address).filter { $0.module == nil }.map(\.name)
        if let name = names.first(where: register.rightNames.contains) {
          places.insert(name)
        } else if address.rawValue == 0, register.mayBeZero {
          places.insert("zero")
        } else {
          places.insert("elsewhere")
          let subject = Subject(register.name, index: cpu.cpu, label: "CPU \(cpu.cpu)")
          examination.report(
            finding(
              subject, "makes the CPU enter the kernel elsewhere", at: address,
              expected: .text(
                register.rightNames.sorted().joined(separator: " or ") + (register.mayBeZero ? ", or zero" : ""))))
        }
      }
      // Whether the registers can be read depends on a module that is loaded or not.
      examination.note(Subject(register.name), .text(places.sorted().joined(separator: ", ")), lasting: false)
    }
  }

  private func finding(
    _ subject: Subject, _ message: String, at address: KernelAddress, expected: Finding.Value
  ) -> Finding {
    let owner = kernel.owner(of: address)
    return Finding(
      kind: .redirection, severity: .critical, subject: subject, message: "\(message): at \(owner)", expected: expected,
      observed: "\(address, owner)", owner: owner, target: address,
      effects: [.init(.redirects, subject.name)],
      meaning: "every system call that enters this way runs what lies there before the kernel's own code, or instead")
  }

  // MARK: The gate of int 0x80

  private func examineGate(into examination: inout Examination) throws(CannotCheck) {
    let subject = Subject("idt_table", index: Int(Self.int80), label: "int 0x80")
    guard !kernel.symbols.symbols(named: "idt_table").isEmpty else {
      examination.remark("int 0x80: not looked at: kallsyms does not name idt_table, as without CONFIG_KALLSYMS_ALL")
      examination.note(subject, .text("not looked at"))
      return
    }
    let gates = try kernel.address(of: "idt_table")
    try examineDescriptor(gates, into: &examination)
    guard let place = gates.advanced(by: Self.int80 * Self.gateByteCount) else {
      throw .implausible("idt_table", "is said to be at \(gates)")
    }
    let words = try reading { () throws(MemoryFault) in try kernel.memory.pointers(at: place, count: 2) }
    let (low, high) = (words[0].rawValue, words[1].rawValue)
    guard low >> 47 & 1 != 0 else {
      examination.note(subject, .text("not present"))
      return
    }
    let target = KernelAddress(low & 0xffff | low >> 32 & 0xffff_0000 | high << 32)
    let names = kernel.symbols.symbols(at: target).filter { $0.module == nil }.map(\.name)
    let right: Set<String> = [
      "asm_int80_emulation", "entry_INT80_compat", "int80_emulation", "xen_entry_INT80_compat",
      "xen_asm_int80_emulation",
    ]
    if let name = names.first(where: right.contains) {
      examination.note(subject, .place(Place(symbol: name)))
    } else if let place = kernel.owner(of: target).place, Self.isOrdinaryInterrupt(place) {
      examination.note(subject, .text("an ordinary interrupt: no 32-bit system calls"))
    } else {
      examination.note(subject, .text("elsewhere"))
      examination.report(
        finding(
          subject, "makes int 0x80 enter the kernel elsewhere", at: target,
          expected: "asm_int80_emulation or entry_INT80_compat"))
    }
  }

  /// The stubs of interrupts that are nothing special; vector 0x80 is one of them where 32-bit system calls are off.
  ///
  /// Source: arch/x86/include/asm/idtentry.h, `irq_entries_start` (Linux v5.10 to v7.2).
  private static func isOrdinaryInterrupt(_ place: Place) -> Bool {
    ["irq_entries_start", "spurious_entries_start", "asm_common_interrupt", "asm_spurious_interrupt"].contains {
      place.symbol == $0
    }
  }

  /// The descriptor from which the kernel tells each CPU where the gates are.
  private func examineDescriptor(
    _ gates: KernelAddress, into examination: inout Examination
  ) throws(CannotCheck) {
    guard !kernel.symbols.symbols(named: "idt_descr").isEmpty else { return }
    let descriptor = try kernel.address(of: "idt_descr")
    guard let place = descriptor.advanced(by: 2) else { return }
    let address = try reading { () throws(MemoryFault) in try kernel.memory.pointers(at: place, count: 1) }[0]
    guard address != gates, address != X86_64.processorEntryAreas else { return }
    examination.report(
      finding(
        Subject("idt_descr"), "makes the CPUs take their interrupt gates from elsewhere", at: address,
        expected: "idt_table at \(gates), or its read-only copy at \(X86_64.processorEntryAreas)"))
  }

  private func reading<Value>(_ body: () throws(MemoryFault) -> Value) throws(CannotCheck) -> Value {
    do throws(MemoryFault) {
      return try body()
    } catch {
      throw .memoryUnreadable(error)
    }
  }
}

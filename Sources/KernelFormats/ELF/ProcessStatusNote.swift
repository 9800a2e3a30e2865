package import KernelModel

extension ProcessorState {
  /// `NT_PRSTATUS`, include/uapi/linux/elf.h.
  private static let noteType: UInt32 = 1
  /// Where `struct elf_prstatus` has `pr_pid` and `pr_reg`, in bytes: include/linux/elfcore.h (Linux v6.12, x86-64).
  private static let pidOffset = 32
  private static let registersOffset = 112

  /// The processors whose registers a core file's notes give, in the order of the notes.
  ///
  /// The kernel writes one such note for each processor that it could stop (crash_save_cpu, kernel/crash_core.c, v6.12),
  /// QEMU one for each that it emulates.
  package static func all(in notes: [ElfNote]) -> [ProcessorState] {
    var states: [ProcessorState] = []
    for note in notes where note.type == noteType && note.name == "CORE" {
      let bytes = note.descriptor.span
      guard let registers = Registers(bytes, at: registersOffset) else { continue }
      states.append(
        ProcessorState(
          index: states.count, pid: bytes.integer(UInt32.self, at: pidOffset).map { Int32(bitPattern: $0) },
          registers: registers))
    }
    return states
  }
}

extension ProcessorState.Registers {
  /// How many bytes the registers of `struct pt_regs` take.
  package static let byteCount = 21 * 8

  /// In the order of `struct pt_regs`, with which `struct user_regs_struct` begins: arch/x86/include/asm/ptrace.h and
  /// user_64.h (Linux v5.10 to v7.2); nil if `bytes` end before.
  package init?(_ bytes: Span<UInt8>, at offset: Int) {
    self.init()
    let order: [WritableKeyPath<Self, UInt64>] = [
      \.r15, \.r14, \.r13, \.r12, \.bp, \.bx, \.r11, \.r10, \.r9, \.r8, \.ax, \.cx, \.dx, \.si, \.di, \.originalAX,
      \.ip,
      \.cs, \.flags, \.sp, \.ss,
    ]
    for (index, register) in order.enumerated() {
      guard let value = bytes.integer(UInt64.self, at: offset + index * 8) else { return nil }
      self[keyPath: register] = value
    }
  }
}

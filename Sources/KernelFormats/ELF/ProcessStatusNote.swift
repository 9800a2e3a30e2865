package import KernelModel

extension ProcessorState {
  /// `NT_PRSTATUS`, include/uapi/linux/elf.h.
  private static let noteType: UInt32 = 1
  /// Where `struct elf_prstatus` has `pr_pid` and `pr_reg`, in bytes: include/linux/elfcore.h (Linux v6.12).
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
      guard let registers = Machine.Registers(bytes, at: registersOffset) else { continue }
      states.append(
        ProcessorState(
          index: states.count, pid: bytes.integer(UInt32.self, at: pidOffset).map { Int32(bitPattern: $0) },
          registers: registers))
    }
    return states
  }
}

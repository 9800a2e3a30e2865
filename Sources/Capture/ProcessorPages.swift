internal import Crash
internal import KernelModel
internal import KernelObjects

/// What the kernel keeps for each processor: its copy of the per-CPU variables, and its stacks.
struct ProcessorPages {
  private let reader: Snapshot
  private let processors: PerProcessor

  /// What follows a processor's static variables, in bytes: those of modules and the first that were allocated
  /// (PERCPU_MODULE_RESERVE, 8 KiB, and PERCPU_DYNAMIC_RESERVE, up to 64 KiB: include/linux/percpu.h, Linux v5.10 to v7.2).
  private static let reserve: UInt64 = 72 << 10
  /// No kernel has more static variables of one processor, in bytes.
  private static let mostBytes: UInt64 = 4 << 20

  init(_ reader: Snapshot) throws(CannotCheck) {
    self.reader = reader
    processors = try PerProcessor(reader, known: 1)
  }

  func note(in notes: inout PageNotes) throws(CannotCheck) {
    guard let start = reader.symbols["__per_cpu_start"], let end = reader.symbols["__per_cpu_end"],
      end > start, end - start <= Self.mostBytes
    else { throw .symbolMissing("__per_cpu_start or __per_cpu_end") }
    let byteCount = end - start + Self.reserve
    for (number, offset) in processors.offsets.enumerated() where KernelAddress(start &+ offset).isInKernelHalf {
      notes.note(start &+ offset, byteCount: byteCount)
      for stack in Machine.stacks(ofProcessor: number, processors, reader) {
        notes.note(stack.region.start.rawValue, byteCount: stack.region.byteCount)
      }
    }
  }
}

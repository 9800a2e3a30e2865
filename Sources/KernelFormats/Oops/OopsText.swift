package import KernelModel

/// What the kernel printed about trouble of its own, taken apart: an oops, a panic, a warning, a lockup.
///
/// It is the kernel's word at a moment when it was in trouble, and text that anybody may have written into a log: nothing in it
/// is proof. All sizes are bounded; text is as it was, and hostile.
package struct OopsText: Hashable, Sendable {
  package var kind: OopsKind
  /// What complained; nil where ``kind`` is another than ``OopsKind/complaint`` or ``OopsKind/panic``.
  package var complaint: OopsComplaint?
  /// The line that says what happened.
  package var message: String
  /// Which of the lines that is, from 0.
  package var lineNumber: Int
  /// Which boot of those in the text, from 0: a kernel that starts says so.
  package var boot = 0
  /// What a warning says before its own line.
  ///
  /// `refcount_t: underflow; use-after-free.`
  package var detail: String?
  /// The kernel's own words for running what must not be run: `kernel tried to execute NX-protected page`.
  package var forbiddenExecution: String?
  /// What the kernel said when it gave up: what stands behind `Kernel panic - not syncing: `; nil if it went on.
  package var panicMessage: String?
  /// The number behind `#` in the line of an exception: 1 for the first since boot.
  package var exceptionNumber: UInt64?
  /// `supervisor instruction fetch in kernel mode`: what stands behind `#PF: `.
  package var access: String?
  /// The processor's error code of a page fault: arch/x86/include/asm/trap_pf.h.
  package var errorCode: UInt64?
  /// What processors of other architectures say of a fault: ESR of arm64, DSISR of ppc64, TEID of s390x, cause of riscv64.
  package var syndrome: UInt64?
  /// The entry of the last page table that leads to the address; nil if it is not said, or there is no such table.
  package var pageTableEntry: UInt64?
  /// `not-present page`, `permissions violation`: what stands behind the error code.
  package var errorWords: String?

  package var processor: UInt64?
  package var pid: UInt64?
  /// The name of the task.
  package var comm: String?
  /// The letters of the taint, with the `G` that stands for no proprietary module; empty if there is no taint, nil if nothing
  /// is said.
  package var taint: String?
  package var release: String?
  package var hardware: String?
  /// What a worker did, by the line of its workqueue.
  package var work: OopsPlace?
  /// Whose words they are; nil if nothing tells.
  package var architecture: OopsArchitecture?
  /// Whether the registers are those of another architecture than the one that is known.
  package var isOfOtherMachine: Bool { architecture.map { $0 != .own } ?? false }
  /// Seconds since boot, as the first line is stamped; nil if it is not.
  package var seconds: Double?
  /// What the report says besides, line by line: of the memory that was used wrongly, of locks and who holds them, of processors
  /// that did not answer, of hardware; at most 48 lines.
  ///
  /// `Read of size 8 at addr ffff88810a3c4018 by task vaultd/4511`
  package var statements: [String] = []
  /// The last lines before it that tell of modules which came, went, or taint the kernel; at most 4, of the same boot.
  package var notices: [String] = []
  /// How often the text has it once more, from a console and from a log daemon.
  package var repetitions = 0

  /// The registers as printed, the innermost first.
  package var registers: [OopsRegisters] = []
  package var traces: [OopsTrace] = []
  package var modules: [OopsModule] = []
  package var lastUnloaded: OopsModule?
  /// Bytes by which KASLR moved the kernel; nil if it is not said.
  package var kernelOffset: UInt64?
  /// Where modules begin, by the range that KASLR could have moved the kernel in; nil if it is not said.
  package var relocationEnd: UInt64?
  /// The place of a line that gives it without registers: `IP: `, `pc : `, `NIP `.
  package var barePlace: OopsPlace?
  /// Where the function returns to, on architectures that have a register for it: `lr`, `ra`, `LR`.
  package var returnPlace: OopsPlace?
  /// An address at which a function of the kernel's own is, and the lowest at which one of a module is: kernels before v4.10
  /// print them beside the names.
  package var imageAddress: KernelAddress?
  package var moduleAddress: KernelAddress?

  /// Where in the kernel it happened: by the first registers that are not a program's.
  package var instructionPointer: OopsPlace? { kernelRegisters?.instruction ?? barePlace }
  package var kernelRegisters: OopsRegisters? { registers.first { !$0.isUserMode } }
  /// The registers of the program that was in the kernel.
  package var userRegisters: OopsRegisters? { registers.first { $0.isUserMode } }

  /// The address that was used where none must be, by the message.
  package var faultAddress: UInt64? {
    switch kind {
    case .nullDereference(let address), .pageFault(let address): address
    default: nil
    }
  }

  init(kind: OopsKind, message: String, lineNumber: Int) {
    self.kind = kind
    self.message = message
    self.lineNumber = lineNumber
  }
}

/// One call trace.
package struct OopsTrace: Hashable, Sendable {
  /// What stands above it, if it is not the trace of where the trouble is: `Allocated by task 4400`.
  package var heading: String?
  package var entries: [Entry] = []

  package struct Entry: Hashable, Sendable {
    package var place: OopsPlace
    /// Whether the unwinder vouches for it: there is no `?` before it.
    package var isReliable: Bool
    /// Which stack: `TASK`, `IRQ`, `NMI`; nil where it is not said.
    package var stack: String?
  }
}

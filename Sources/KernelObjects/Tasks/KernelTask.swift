package import KernelModel

/// One thread, as the kernel's own record of it says: `struct task_struct`, include/linux/sched.h (Linux v5.10 to v7.2).
package struct KernelTask: Hashable, Sendable {
  /// Of its `struct task_struct`.
  package var address: KernelAddress
  /// The number of the thread.
  package var pid: Int32
  /// The number of the process.
  package var tgid: Int32
  /// Its name: at most 16 bytes, which it may set itself.
  package var name: [UInt8]
  /// Whether it never runs in user space.
  package var isKernelThread: Bool
  package var stack: MemoryRegion
  /// Where its stack ended when it last stopped running.
  package var savedStackPointer: KernelAddress

  /// PF_KTHREAD, include/linux/sched.h (Linux v5.10 to v7.2).
  static let kernelThread: UInt32 = 0x0020_0000

  /// - Throws: if the record cannot be read, or cannot be a task's.
  package init(at address: KernelAddress, _ reader: Snapshot) throws(CannotCheck) {
    try self.init(reader.object("task_struct", at: address.rawValue))
  }

  /// - Throws: if the record cannot be read, or cannot be a task's.
  package init(_ task: KernelObject) throws(CannotCheck) {
    address = KernelAddress(task.address)
    pid = try task["pid"]
    tgid = try task["tgid"]
    isKernelThread = try task["flags"] & Self.kernelThread != 0
    let start: UInt64 = try task["stack"]
    guard Machine.offsetInPage(start) == 0, KernelAddress(start).isInKernelHalf else {
      throw .implausible("the task at \(address)", "says that its stack is at \(KernelAddress(start))")
    }
    stack = MemoryRegion(start: KernelAddress(start), byteCount: Self.stackByteCount(task.snapshot))
    savedStackPointer = KernelAddress(try task[Machine.savedStackPointer])
    let letters = task.snapshot.live.bytes(at: try task.address(of: "comm"), count: 16)
    name = Array(letters?.prefix { $0 != 0 } ?? [])
  }

  /// What is known of a task whose own record cannot be read: its number, as the dump says, and its stack, by where the
  /// processor's ends; no name.
  package init(at address: KernelAddress, pid: Int32, topOfStack: UInt64, _ reader: Snapshot) {
    self.address = address
    self.pid = pid
    tgid = pid
    name = []
    isKernelThread = false
    // A stack is aligned to its size: THREAD_ALIGN, include/linux/thread_info.h.
    let byteCount = Self.stackByteCount(reader)
    stack = MemoryRegion(start: KernelAddress((topOfStack &- 1) & ~(byteCount - 1)), byteCount: byteCount)
    savedStackPointer = stack.start
  }

  /// THREAD_SIZE: as large as the image says that the first task's stack is, or as large as it is where nobody configured it otherwise.
  ///
  /// Source: INIT_TASK_DATA in include/asm-generic/vmlinux.lds.h: `__start_init_task` and `__end_init_task` (Linux v5.10),
  /// `__start_init_stack` and `__end_init_stack` (v6.12); it is 32 KiB with KASAN.
  private static func stackByteCount(_ reader: Snapshot) -> UInt64 {
    for name in ["stack", "task"] {
      if let start = reader.symbols["__start_init_\(name)"], let end = reader.symbols["__end_init_\(name)"],
        end > start, end - start <= 1 << 18, (end - start).nonzeroBitCount == 1
      {
        return end - start
      }
    }
    return Machine.taskStackByteCount
  }
}

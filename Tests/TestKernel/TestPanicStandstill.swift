import KernelModel

/// A machine that did not panic and stands still.
extension TestPanic {
  private static let waitingTasks: UInt64 = 0xffff_8880_0030_0000
  private static let waitingStacks: UInt64 = 0xffff_c900_0010_0000
  private static let locks: UInt64 = 0xffff_8880_0040_0000

  /// Where the record of a task of ``standStill(_:)`` lies.
  package static func waitingTask(_ index: Int) -> UInt64 { waitingTasks + UInt64(index) * 0x200 }
  package static func lock(_ index: Int) -> UInt64 { locks + UInt64(index) * 0x40 }
  /// Where the record of who waits lies.
  package static func waiter(_ index: Int) -> UInt64 { waitingStacks + UInt64(index) * 0x4000 + 0x3100 }

  /// A task of a machine that stands still.
  package struct Sleeper {
    var name: String
    var pid: Int32
    var state: UInt32
    /// The number of the lock that it waits for; nil if it waits for none.
    var lock: Int?

    package init(_ name: String, _ pid: Int32, waitsFor lock: Int? = nil, state: UInt32 = 2) {
      (self.name, self.pid, self.lock, self.state) = (name, pid, lock, state)
    }
  }

  /// No processor panicked; these tasks are all there are, besides the first.
  ///
  /// - Parameter owners: by the number of a lock, the number of the sleeper that has it; nil for the task that a processor runs.
  package func standStill(_ sleepers: [Sleeper], owners: [Int?] = []) {
    set(Variable.panicProcessor, Int32(-1))
    add("init_task", Variable.firstTask, "D")
    memory.map(MemoryRegion(start: KernelAddress(Self.waitingTasks), byteCount: 0x4000))
    memory.map(MemoryRegion(start: KernelAddress(Self.locks), byteCount: 4096))
    let records = [Self.task] + sleepers.indices.map(Self.waitingTask)
    for (index, task) in records.enumerated() {
      let next = index + 1 < records.count ? records[index + 1] : Variable.firstTask
      set(task + 144, next + 144)
      set(next + 144 + 8, task + 144)
      let signal = Self.waitingTasks + 0x3000 + UInt64(index) * 16
      set(task + 8, signal)
      for (from, to) in [(signal, task + 96), (task + 96, signal)] {
        set(from, to)
        set(to + 8, from)
      }
    }
    set(Variable.firstTask + 144, Self.task + 144)
    set(Self.task + 144 + 8, Variable.firstTask + 144)
    for (index, sleeper) in sleepers.enumerated() { write(sleeper, index) }
    for number in Set(sleepers.compactMap(\.lock)) {
      let lock = Self.lock(number)
      let owner = number < owners.count ? owners[number].map(Self.waitingTask) ?? Self.task : 0
      // The lowest bits are flags.
      set(lock, owner == 0 ? 0 : owner | 1)
      let ring = [lock + 16] + sleepers.indices.filter { sleepers[$0].lock == number }.map(Self.waiter)
      for (index, node) in ring.enumerated() {
        let next = ring[(index + 1) % ring.count]
        set(node, next)
        set(next + 8, node)
      }
    }
  }

  private func write(_ sleeper: Sleeper, _ index: Int) {
    let task = Self.waitingTask(index)
    let stack = Self.waitingStacks + UInt64(index) * 0x4000
    memory.map(MemoryRegion(start: KernelAddress(stack), byteCount: 0x4000))
    set(task, sleeper.state)
    set(task + 16, stack)
    set(task + 32, sleeper.pid)
    set(task + 36, sleeper.pid)
    memory.write(string: sleeper.name, at: KernelAddress(task + 40))
    let saved = stack + 0x3000
    set(task + 80, saved)
    set(saved + 48, Function.read.address + 0x30)
    set(Self.waiter(index) + 16, task)
  }
}

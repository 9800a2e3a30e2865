internal import KernelFormats
package import KernelModel
package import KernelObjects

/// What a kernel was doing that did not give up: what each of its processors ran, and which tasks waited and let nothing interrupt them.
///
/// A machine that hangs is stopped from outside, and its memory taken: nothing in it says what happened but what everybody waits for.
package struct Standstill: Sendable {
  package private(set) var processors: [BusyProcessor] = []
  /// Tasks that wait for the same, the most first.
  package private(set) var groups: [WaitingGroup] = []
  /// How many tasks there are, and how many wait so.
  package private(set) var taskCount = 0
  package private(set) var waitingCount = 0
  /// What could not be told, in a few words each.
  package private(set) var untold: [String] = []

  /// Tasks whose stacks are gone up, and groups, at most.
  private static let mostWaiting = 256
  private static let mostProcessors = 1024

  /// - Throws: if nothing says where each processor has its variables.
  init(_ kernel: Kernel, _ reader: Snapshot) throws(CannotCheck) {
    let perProcessor = try PerProcessor(reader, known: kernel.processors.count)
    let tasks = readTasks(reader)
    let stacks = TaskStacks(tasks)
    for number in perProcessor.offsets.indices.prefix(Self.mostProcessors) where Self.isOnline(number, reader) {
      do throws(CannotCheck) {
        guard let address = perProcessor.currentTask(on: number), address != 0 else {
          throw .withheld(Withheld("its task", why: "the kernel's memory does not say"))
        }
        processors.append(
          try BusyProcessor(number, KernelTask(at: KernelAddress(address), reader), perProcessor, kernel, reader))
      } catch {
        untold.append("what processor \(number) ran")
      }
    }
    if processors.isEmpty { untold.append("what the processors ran") }
    if processors.contains(where: { $0.registers == nil }) {
      untold.append("the processors' registers, which the dump lacks")
    }
    group(tasks.filter { Self.isWaiting($0, reader) }, stacks, kernel, reader)
  }

  /// Whether a processor is there and runs; where nothing says so, each may.
  ///
  /// Source: __cpu_online_mask, kernel/cpu.c (Linux v5.10 to v7.2).
  private static func isOnline(_ number: Int, _ reader: Snapshot) -> Bool {
    guard let mask = reader.symbols["__cpu_online_mask"], let word = reader.word(at: mask &+ UInt64(number / 64 * 8))
    else {
      return true
    }
    return word >> UInt64(number % 64) & 1 == 1
  }

  /// All threads, as far as the lists can be followed.
  private mutating func readTasks(_ reader: Snapshot) -> [KernelObject] {
    let walk = Tasks(reader)
    guard let processes = try? walk.processes() else {
      untold.append("the tasks")
      return []
    }
    var found: [KernelObject] = []
    var isPartial = processes.obstacle != nil
    for process in processes.elements where found.count < Tasks.most {
      let threads = (try? walk.threads(of: process)) ?? Walk()
      // A process that is just ending has no threads any more.
      if threads.obstacle != nil || threads.elements.isEmpty { found.append(process) }
      if threads.obstacle != nil { isPartial = true }
      found += threads.elements.prefix(Tasks.most - found.count)
    }
    if isPartial { untold.append("a part of the tasks") }
    taskCount = found.count
    return found
  }

  /// TASK_UNINTERRUPTIBLE, without TASK_NOLOAD, with which a thread of the kernel's is idle: include/linux/sched.h (Linux v5.10 to v7.2);
  /// the member is `state` before v5.14.
  private static func isWaiting(_ task: KernelObject, _ reader: Snapshot) -> Bool {
    for member in ["__state", "state"] where task.has(member) {
      let state: UInt32? = try? task[member]
      return state.map { $0 & 2 != 0 && $0 & 0x400 == 0 } ?? false
    }
    return false
  }

  private mutating func group(_ waiting: [KernelObject], _ stacks: TaskStacks, _ kernel: Kernel, _ reader: Snapshot) {
    waitingCount = waiting.count
    if waiting.count > Self.mostWaiting {
      untold.append("what \(waiting.count - Self.mostWaiting) more tasks wait for")
    }
    for object in waiting.prefix(Self.mostWaiting) {
      guard let task = try? KernelTask(object),
        let unwinder = try? Machine.Unwinder(kernel, reader, stacks: [StackArea(kind: .task, region: task.stack)]),
        let trace = try? unwinder.trace(ofStopped: task)
      else {
        if !untold.contains(Self.unread) { untold.append(Self.unread) }
        continue
      }
      let lock = WaitedLock(of: task, stacks, reader)
      let place = trace.frames.lazy.compactMap(\.owner.place).first { !KernelFunctions.isOfReporting($0.symbol) }
      let index = groups.firstIndex { group in
        lock == nil && group.lock == nil ? group.place == place?.withoutOffset : group.lock?.address == lock?.address
      }
      if let index {
        groups[index].tasks.append(task)
      } else {
        groups.append(WaitingGroup(lock: lock, place: place?.withoutOffset, tasks: [task], trace: trace))
      }
    }
    groups = groups.enumerated().sorted {
      ($1.element.tasks.count, $0.offset) < ($0.element.tasks.count, $1.offset)
    }.map(\.element)
    for index in groups.indices {
      guard let owner = groups[index].lock?.owner, let task = try? KernelTask(at: owner, reader) else { continue }
      groups[index].holder = task
    }
  }

  private static let unread = "what some tasks wait for"

  /// Whether whoever holds a group's lock waits for another, and so on, back to the first.
  package func isDeadlock(_ group: WaitingGroup) -> Bool {
    var next = group.holder?.address
    for _ in 0..<groups.count {
      guard let address = next, let other = groups.first(where: { $0.tasks.contains { $0.address == address } }) else {
        return false
      }
      if other.lock?.address == group.lock?.address, group.lock != nil { return true }
      next = other.holder?.address
    }
    return false
  }

  /// What a task does: the processor that it runs on, or the group that it waits in.
  package func whereabouts(of task: KernelTask) -> String {
    if let processor = processors.first(where: { $0.task.address == task.address }) {
      return "it runs on processor \(processor.number)\(processor.place.map { ", in \($0)" } ?? "")"
    }
    if let group = groups.first(where: { $0.tasks.contains { $0.address == task.address } }) {
      return "it waits itself, \(group.words)"
    }
    return "it neither runs nor waits uninterruptibly"
  }
}

/// What a processor ran.
package struct BusyProcessor: Sendable {
  package var number: Int
  package var task: KernelTask
  /// Nil if the dump has none of it.
  package var registers: Machine.Registers?
  /// Nil if there are no registers, or they are a program's.
  package var trace: StackTrace?

  /// The task that a processor runs which has nothing to do has the number 0 (init_idle(), kernel/sched/core.c, Linux v5.10 to v7.2).
  package var isIdle: Bool { task.pid == 0 }

  /// The innermost function that says something.
  package var place: Place? {
    let places = (trace?.frames ?? []).lazy.compactMap(\.owner.place)
    return places.first { !KernelFunctions.isOfReporting($0.symbol) } ?? places.first
  }

  init(_ number: Int, _ task: KernelTask, _ perProcessor: PerProcessor, _ kernel: Kernel, _ reader: Snapshot) {
    self.number = number
    self.task = task
    let stacks =
      [StackArea(kind: .task, region: task.stack)] + Machine.stacks(ofProcessor: number, perProcessor, reader)
    registers = PanicContext.state(of: number, among: kernel.processors, stacks)?.registers
    guard let registers, !registers.isUserMode else { return }
    trace = (try? Machine.Unwinder(kernel, reader, stacks: stacks))?.trace(from: registers)
  }
}

/// Tasks that wait for the same.
package struct WaitingGroup: Sendable {
  /// Nil if they wait for no lock, or it could not be found.
  package var lock: WaitedLock?
  /// The function that waits.
  package var place: Place?
  package var tasks: [KernelTask]
  /// Where the first of them waits.
  package var trace: StackTrace
  /// Who has the lock.
  package var holder: KernelTask?

  /// What they wait for, in words: the lock, and the function that waits.
  package var words: String {
    let place = place.map { "in \($0.symbol)\($0.module.map { " [\($0)]" } ?? "")" }
    guard let lock else { return place ?? "where is not told" }
    return "for the \(lock.kind.rawValue) at \(lock.address)\(place.map { ", \($0)" } ?? "")"
  }
}

extension Place {
  fileprivate var withoutOffset: Place { Place(symbol: symbol, offset: 0, module: module) }
}

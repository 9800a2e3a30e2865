package import KernelModel

/// Every task that the kernel has at one moment, and by which of its ways each is come upon.
///
/// Source: copy_process() in kernel/fork.c and release_task() in kernel/exit.c, where a task is put on the list, among the
/// numbers and to its parent's children, and taken off again, under one lock (Linux v5.10 to v7.2).
package struct TaskCensus {
  /// How the kernel comes upon a task.
  package enum Way: Int, CaseIterable, Hashable, Sendable {
    /// `init_task.tasks`, and the threads of each process on it.
    case list
    /// The numbers of each process number namespace that it is in.
    case numbers
    /// The control groups' sets of tasks.
    case controlGroups
    /// What runs on a processor, or waits for one.
    case processors
    /// Its parent's children.
    case family
  }

  /// What a task is known by at another look, and what may be expected of it.
  package struct Task: Hashable, Sendable {
    /// Of its `struct task_struct`.
    package var address: UInt64
    package var pid: Int32
    package var tgid: Int32
    /// Nanoseconds on the kernel's clock.
    package var startTime: UInt64
    package var flags: UInt32
    /// Whether it has ended, or is about to be: it is taken out of one place after the other.
    package var isEnding: Bool
    /// Its numbers, that of the first namespace first; empty where it has none.
    package var numbers: [Number]

    package var isLeader: Bool { pid == tgid }
    package var isKernelThread: Bool { flags & KernelTask.kernelThread != 0 }
  }

  /// A process number in a namespace.
  package struct Number: Hashable, Sendable {
    /// Of the `struct pid_namespace`.
    package var namespace: UInt64
    package var number: Int32
  }

  /// By address; without those of number 0, which processors run when there is nothing to do.
  package private(set) var tasks: [UInt64: Task] = [:]
  package let snapshot: Snapshot
  /// By way.
  private var found = Way.allCases.map { _ in Set<UInt64>() }
  private var obstacles = Way.allCases.map { _ in CannotCheck?.none }
  private var hasControlGroups = false
  private var unfit: Set<UInt64> = []

  /// PF_EXITING, include/linux/sched.h (Linux v5.10 to v7.2).
  private static let exiting: UInt32 = 4
  /// CSS_SET_HASH_BITS, kernel/cgroup/cgroup.c (Linux v5.10 to v7.2).
  private static let controlGroupLists: UInt64 = 128
  /// MAX_PID_NS_LEVEL, include/linux/pid_namespace.h.
  private static let mostLevels: UInt32 = 32

  /// - Throws: if the kernel's symbols or types do not say where tasks are.
  package init(_ snapshot: Snapshot) throws(CannotCheck) {
    self.snapshot = snapshot
    let tasks = Tasks(snapshot)
    try addList(tasks)
    try addNumbers(tasks)
    attempt(.processors) { (census: inout Self) throws(CannotCheck) in try census.addProcessors() }
    attempt(.family) { (census: inout Self) throws(CannotCheck) in try census.addFamily() }
    attempt(.controlGroups) { (census: inout Self) throws(CannotCheck) in try census.addControlGroups() }
  }

  /// Whether a task was come upon by a way.
  package func has(_ task: UInt64, by way: Way) -> Bool { found[way.rawValue].contains(task) }

  /// Whether what is not come upon by a way is not there.
  package func isWhole(_ way: Way) -> Bool {
    obstacle(to: way) == nil && (way != .controlGroups || hasControlGroups)
  }

  /// Why a way could not be followed to its end; nil if it could, or this kernel has it not.
  package func obstacle(to way: Way) -> CannotCheck? { obstacles[way.rawValue] }

  private mutating func note(_ obstacle: CannotCheck, to way: Way) {
    obstacles[way.rawValue] = obstacles[way.rawValue] ?? obstacle
  }

  package func object(_ task: Task) throws(CannotCheck) -> KernelObject {
    try snapshot.object("task_struct", at: task.address)
  }

  private mutating func attempt(_ way: Way, _ read: (inout Self) throws(CannotCheck) -> Void) {
    do throws(CannotCheck) {
      try read(&self)
    } catch {
      note(error, to: way)
    }
  }

  private mutating func add(_ walk: Walk<KernelObject>, by way: Way) {
    for task in walk.elements { add(task, by: way) }
    do throws(CannotCheck) { _ = try walk.whole() } catch { note(error, to: way) }
  }

  /// What cannot be read, or makes no sense, was freed meanwhile.
  private mutating func add(_ task: KernelObject, by way: Way) {
    guard !unfit.contains(task.address) else { return }
    if tasks[task.address] == nil {
      guard let read = Self.read(task), read.pid > 0, read.tgid > 0 else {
        unfit.insert(task.address)
        return
      }
      tasks[task.address] = read
    }
    found[way.rawValue].insert(task.address)
  }

  private static func read(_ task: KernelObject) -> Task? {
    do throws(CannotCheck) {
      let flags: UInt32 = try task["flags"]
      let ended: UInt32 = try task["exit_state"]
      return Task(
        address: task.address, pid: try task["pid"], tgid: try task["tgid"], startTime: try task["start_time"],
        flags: flags, isEnding: ended != 0 || flags & exiting != 0, numbers: try numbers(of: task))
    } catch {
      return nil
    }
  }

  /// Source: `struct pid` and `struct upid`, include/linux/pid.h (Linux v5.10 to v7.2).
  private static func numbers(of task: KernelObject) throws(CannotCheck) -> [Number] {
    guard let pid = try task.target("thread_pid", as: "pid") else { return [] }
    let level: UInt32 = try pid["level"]
    guard level <= mostLevels else { throw .torn("the number of a task", "has \(level) levels") }
    let first = try pid.address(of: "numbers")
    let byteCount = UInt64(try task.snapshot.types.byteCount(of: "upid"))
    var numbers: [Number] = []
    for index in 0...UInt64(level) {
      let number = try task.snapshot.object("upid", at: first &+ index &* byteCount)
      numbers.append(Number(namespace: try number["ns"], number: try number["nr"]))
    }
    return numbers
  }

  private mutating func addList(_ tasks: Tasks) throws(CannotCheck) {
    let processes = try tasks.processes()
    add(processes, by: .list)
    for process in processes.elements {
      attempt(.list) { (census: inout Self) throws(CannotCheck) in
        census.add(try tasks.threads(of: process), by: .list)
      }
    }
  }

  /// A task is among the numbers if each of its namespaces leads to it by its own number there.
  private mutating func addNumbers(_ tasks: Tasks) throws(CannotCheck) {
    let first = try snapshot.symbols.address(of: "init_pid_ns")
    let numbers = try tasks.numbers().entries
    var missing: Set<UInt64> = []
    var spaces: [UInt64: [UInt64: UInt64]] = [:]
    for entry in numbers.elements {
      do throws(CannotCheck) {
        guard let thread = try tasks.thread(numbered: entry.pointer) else { continue }
        add(thread, by: .numbers)
        guard let task = self.tasks[thread.address] else { continue }
        var isFound = UInt64(exactly: task.pid) == entry.index
        for number in task.numbers where number.namespace != first {
          if spaces[number.namespace] == nil { spaces[number.namespace] = try inner(number.namespace) }
          isFound = isFound && spaces[number.namespace]?[UInt64(number.number)] == entry.pointer
        }
        if !isFound { missing.insert(thread.address) }
      } catch {
        note(error, to: .numbers)
      }
    }
    found[Way.numbers.rawValue].subtract(missing)
    do throws(CannotCheck) { _ = try numbers.whole() } catch { note(error, to: .numbers) }
  }

  private func inner(_ namespace: UInt64) throws(CannotCheck) -> [UInt64: UInt64] {
    let table = try snapshot.object("pid_namespace", at: namespace).address(of: "idr")
    var numbers: [UInt64: UInt64] = [:]
    for entry in try XArray.idr(at: table, limit: Tasks.most, snapshot).whole() { numbers[entry.index] = entry.pointer }
    return numbers
  }

  /// The tasks of all sets that the kernel's table has, and of those that known tasks say they are in: whether a task is missing
  /// rests on its own set alone.
  ///
  /// Source: `struct css_set`, include/linux/cgroup-defs.h (Linux v5.10 to v7.2): those that are being moved are on a list of their
  /// own, and so are those that end.
  private mutating func addControlGroups() throws(CannotCheck) {
    guard let table = try snapshot.symbols.addressIfAny(of: "css_set_table") else { return }
    hasControlGroups = true
    let listed = snapshot.hashTable(
      at: table, count: Self.controlGroupLists, linkedBy: "hlist", of: "css_set", limit: Tasks.most)
    var sets = Set(listed.elements.map(\.address))
    for task in tasks.values { sets.insert(try object(task)["cgroups"]) }
    for address in sets where address != 0 {
      let set = try snapshot.object("css_set", at: address)
      for list in ["tasks", "mg_tasks", "dying_tasks"] where set.has(list) {
        add(set.list(list, linkedBy: "cg_list", of: "task_struct", limit: Tasks.most), by: .controlGroups)
      }
    }
    _ = try listed.whole()
  }

  /// The list of those that wait changes all the time: it only adds.
  ///
  /// Source: `struct rq`, kernel/sched/sched.h (Linux v5.10 to v7.2).
  private mutating func addProcessors() throws(CannotCheck) {
    guard let queues = try snapshot.symbols.addressIfAny(of: "runqueues") else { return }
    let type = try snapshot.types.type("task_struct")
    for offset in try PerProcessor(snapshot, known: 1).offsets {
      let queue = try snapshot.object("rq", at: queues &+ offset)
      for member in ["curr", "stop", "donor"] {
        guard let task = try queue.valueIfAny(member), task != 0 else { continue }
        add(KernelObject(type, at: task, snapshot), by: .processors)
      }
      guard queue.has("cfs_tasks") else { continue }
      let waiting = queue.list("cfs_tasks", linkedBy: "se.group_node", of: "task_struct", limit: Tasks.most)
      for task in waiting.elements { add(task, by: .processors) }
    }
  }

  private mutating func addFamily() throws(CannotCheck) {
    var waiting = [try snapshot.symbols.address(of: "init_task")] + tasks.keys
    var seen: Set<UInt64> = []
    while let parent = waiting.popLast(), seen.count < Tasks.most {
      guard seen.insert(parent).inserted else { continue }
      let children = try snapshot.object("task_struct", at: parent)
        .list("children", linkedBy: "sibling", of: "task_struct", limit: Tasks.most)
      add(children, by: .family)
      waiting += children.elements.map(\.address)
    }
  }
}

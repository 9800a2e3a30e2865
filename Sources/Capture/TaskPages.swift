internal import Checks
internal import Crash
internal import KernelFormats
internal import KernelModel

/// The records and kernel stacks of all threads.
///
/// They are looked for along the kernel's list of processes and each one's list of threads, and in its tree of process
/// numbers: what was unlinked from the one may stand in the other. A list that changes while it is followed ends where it
/// leads nowhere.
///
/// Source: include/linux/sched.h, sched/signal.h, pid.h, xarray.h (Linux v5.10 to v7.2; before Linux kernel commit
/// 8e1f385104ac ("kill task_struct->thread_group"), in v6.7, thread_head is there too).
struct TaskPages {
  private let reader: StructureReader
  private var tasks: Set<UInt64> = []
  /// The records that lead to tasks by their numbers, and how many bytes each has.
  private var numbers: [(address: UInt64, byteCount: Int)] = []

  /// Threads at most.
  private static let mostTasks = 1 << 18
  /// What belongs to a task besides: the member, and the structure that it points to.
  private static let belongings = [
    ("mm", "mm_struct"), ("active_mm", "mm_struct"), ("signal", "signal_struct"), ("cred", "cred"),
    ("real_cred", "cred"),
  ]

  init(_ reader: StructureReader) throws(CannotCheck) {
    self.reader = reader
    guard let first = reader.symbols["init_task"] else { throw .symbolMissing("init_task") }
    let link = try reader.offset("tasks", in: "task_struct")
    for process in [first] + nodes(after: first &+ link).map({ $0 &- link }) { try addThreads(of: process) }
    try addNumbered()
    try addIdle()
  }

  func note(in notes: inout PageNotes) throws(CannotCheck) {
    guard let size = reader.types.structure("task_struct")?.byteCount else {
      throw .implausible("the kernel's type information", "has no task_struct")
    }
    for record in numbers { notes.note(record.address, byteCount: UInt64(record.byteCount)) }
    for task in tasks {
      notes.note(task, byteCount: UInt64(size))
      guard let record = try? KernelTask(at: KernelAddress(task), reader) else { continue }
      notes.note(record.stack.start.rawValue, byteCount: record.stack.byteCount)
      for (member, structure) in Self.belongings {
        guard let offset = reader.types.offsetIfAny(of: member, in: "task_struct"),
          let address = reader.word(at: task &+ offset), KernelAddress(address).isInKernelHalf,
          let size = reader.types.structure(structure)?.byteCount
        else { continue }
        notes.note(address, byteCount: UInt64(size))
      }
    }
  }

  /// The nodes of a circular list behind its head, as far as it can be followed.
  private func nodes(after head: UInt64) -> [UInt64] {
    var nodes: [UInt64] = []
    var seen: Set<UInt64> = [head]
    var position = head
    while nodes.count < Self.mostTasks, let next = reader.word(at: position), KernelAddress(next).isInKernelHalf,
      seen.insert(next).inserted
    {
      nodes.append(next)
      position = next
    }
    return nodes
  }

  private mutating func add(_ task: UInt64) {
    if tasks.count < Self.mostTasks, KernelAddress(task).isInKernelHalf { tasks.insert(task) }
  }

  private mutating func addThreads(of process: UInt64) throws(CannotCheck) {
    guard tasks.count < Self.mostTasks else { return }
    add(process)
    let link = try reader.offset("thread_node", in: "task_struct")
    let head = try reader.offset("thread_head", in: "signal_struct")
    guard let signal = reader.word(at: process &+ (try reader.offset("signal", in: "task_struct"))),
      KernelAddress(signal).isInKernelHalf
    else { return }
    for node in nodes(after: signal &+ head) { add(node &- link) }
  }

  /// The tasks in the tree of process numbers of the first namespace.
  private mutating func addNumbered() throws(CannotCheck) {
    guard let space = reader.symbols["init_pid_ns"],
      let entry = reader.word(at: space &+ (try reader.offset("idr.idr_rt.xa_head", in: "pid_namespace")))
    else { return }
    let tree = try EntryTree(reader, below: entry, limit: Self.mostTasks)
    let nodeByteCount = reader.types.structure("xa_node")?.byteCount ?? 0
    numbers += tree.nodes.map { ($0, nodeByteCount) }
    let numberByteCount = reader.types.structure("pid")?.byteCount ?? 0
    let tasksOffset = try reader.offset("tasks", in: "pid")
    let link = try reader.offset("pid_links", in: "task_struct")
    // PIDTYPE_PID is the first of a number's lists, and holds one task.
    for number in tree.leaves {
      numbers.append((number, numberByteCount))
      guard let node = reader.word(at: number &+ tasksOffset), KernelAddress(node).isInKernelHalf else { continue }
      add(node &- link)
    }
  }

  /// The tasks of processors that have nothing to do, which have no number.
  private mutating func addIdle() throws(CannotCheck) {
    let processors = try PerProcessor(reader, known: 1)
    for number in processors.offsets.indices {
      for task in [processors.currentTask(on: number), processors.word(["idle_threads"], on: number)] {
        if let task { add(task) }
      }
    }
  }
}

/// A tree of the kernel's kind XArray: include/linux/xarray.h (Linux v5.10 to v7.2).
private struct EntryTree {
  /// The addresses of its nodes.
  private(set) var nodes: Set<UInt64> = []
  /// The pointers in it.
  private(set) var leaves: [UInt64] = []

  /// XA_CHUNK_SHIFT is at most 6, and an index has 64 bits.
  private static let mostLevels = 11
  private static let mostSlots = 64

  /// - Parameters:
  ///   - root: the entry at the top.
  ///   - limit: nodes and pointers at most, of each.
  init(_ reader: StructureReader, below root: UInt64, limit: Int) throws(CannotCheck) {
    let slots = try reader.offset("slots", in: "xa_node")
    let count = min(reader.types.structure("xa_node")?.member("slots")?.elementCount ?? 0, Self.mostSlots)
    var waiting = [(entry: root, level: 0)]
    while let (entry, level) = waiting.popLast(), leaves.count < limit, nodes.count < limit {
      guard Self.isNode(entry) else {
        if entry & 3 == 0, KernelAddress(entry).isInKernelHalf { leaves.append(entry) }
        continue
      }
      let node = entry &- 2
      guard level < Self.mostLevels, KernelAddress(node).isInKernelHalf, nodes.insert(node).inserted else { continue }
      for index in 0..<UInt64(max(count, 0)) {
        if let next = reader.word(at: node &+ slots &+ index * 8), next != 0 { waiting.append((next, level + 1)) }
      }
    }
  }

  /// A node's address plus 2; other entries of that kind are few and small (`xa_is_node`).
  private static func isNode(_ entry: UInt64) -> Bool { entry & 3 == 2 && entry > 4096 }
}

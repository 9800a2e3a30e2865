internal import Crash
internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The records and kernel stacks of all threads.
///
/// They are looked for along the kernel's list of processes and each one's list of threads, and in its tree of process
/// numbers: what was unlinked from the one may stand in the other. A list that changes while it is followed ends where it
/// leads nowhere.
///
/// Source: include/linux/sched.h, sched/signal.h, pid.h, xarray.h (Linux v5.10 to v7.2; before Linux kernel commit
/// 8e1f385104ac ("kill task_struct->thread_group"), in v6.7, thread_head is there too).
struct TaskPages {
  private let reader: Snapshot
  private var tasks: Set<UInt64> = []
  /// The records that lead to tasks by their numbers, and how many bytes each has.
  private var numbers: [(address: UInt64, byteCount: Int)] = []

  /// What belongs to a task besides: the member, and the structure that it points to.
  private static let belongings = [
    ("mm", "mm_struct"), ("active_mm", "mm_struct"), ("signal", "signal_struct"), ("cred", "cred"),
    ("real_cred", "cred"),
  ]

  init(_ reader: Snapshot) throws(CannotCheck) {
    self.reader = reader
    let first = try reader.object("task_struct", at: reader.symbols.address(of: "init_task"))
    for process in [first] + (try Tasks(reader).processes().elements) { try addThreads(of: process) }
    try addNumbered()
    try addIdle()
  }

  func note(in notes: inout PageNotes) throws(CannotCheck) {
    let size = try reader.types.byteCount(of: "task_struct")
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

  private mutating func add(_ task: UInt64) {
    if tasks.count < Tasks.most, KernelAddress(task).isInKernelHalf { tasks.insert(task) }
  }

  private mutating func addThreads(of process: KernelObject) throws(CannotCheck) {
    guard tasks.count < Tasks.most else { return }
    add(process.address)
    // A process whose signals cannot be read has no list to follow.
    for thread in (try? Tasks(reader).threads(of: process).elements) ?? [] { add(thread.address) }
  }

  /// The tasks in the tree of process numbers of the first namespace.
  private mutating func addNumbered() throws(CannotCheck) {
    let tree = try Tasks(reader).numbers()
    let nodeByteCount = try reader.types.byteCount(of: "xa_node")
    numbers += tree.nodes.map { ($0, nodeByteCount) }
    let numberByteCount = try reader.types.byteCount(of: "pid")
    for entry in tree.entries.elements where KernelAddress(entry.pointer).isInKernelHalf {
      numbers.append((entry.pointer, numberByteCount))
      // A number whose record cannot be read leads to no task.
      if let task = try? Tasks(reader).thread(numbered: entry.pointer) { add(task.address) }
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

package import KernelModel
internal import KernelObjects

/// A lock that a task waits for, and who has it.
///
/// Whoever waits for a mutex or a semaphore of readers and writers keeps a record on its own stack, which has the task and is on the lock's
/// list; the list leads to the lock, and that names its owner.
///
/// Source: struct mutex_waiter and struct rwsem_waiter, kernel/locking/mutex.h and rwsem.c; the lowest three bits of `owner` are flags
/// (Linux v5.10 to v7.2).
package struct WaitedLock: Hashable, Sendable {
  package var kind: Kind
  package var address: KernelAddress
  /// Its `struct task_struct`; nil if nobody has it, which is so while it is handed on.
  package var owner: KernelAddress?

  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case mutex
    case readWriteSemaphore = "rw-semaphore"

    var structures: (lock: String, waiter: String) {
      self == .mutex ? ("mutex", "mutex_waiter") : ("rw_semaphore", "rwsem_waiter")
    }
  }

  package init(kind: Kind, address: KernelAddress, owner: KernelAddress?) {
    (self.kind, self.address, self.owner) = (kind, address, owner)
  }

  /// Records on a lock's list that are gone past, at most.
  private static let mostWaiters = 4096

  /// Nil if the task waits for neither, or its stack cannot be read.
  init?(of task: KernelTask, _ stacks: TaskStacks, _ reader: Snapshot) {
    let start = task.savedStackPointer
    guard task.stack.contains(start), let end = task.stack.end else { return nil }
    let count = Int((end.rawValue &- start.rawValue) & ~7)
    guard count <= 1 << 18, let bytes = reader.live.bytes(at: start.rawValue, count: count) else { return nil }
    for offset in stride(from: 0, to: bytes.count &- 7, by: 8) {
      guard UInt64(littleEndianBytes: bytes[offset..<(offset + 8)]) == task.address.rawValue else { continue }
      for kind in Kind.allCases {
        if let lock = Self.lock(kind, waitedForAt: start.rawValue &+ UInt64(offset), stacks, reader) {
          self = lock
          return
        }
      }
    }
    return nil
  }

  /// The lock on whose list a record is that would have its task at `slot`.
  private static func lock(_ kind: Kind, waitedForAt slot: UInt64, _ stacks: TaskStacks, _ reader: Snapshot)
    -> WaitedLock?
  {
    let (lock, waiter) = kind.structures
    let types = reader.types
    guard let taskOffset = types.offsetIfAny(of: "task", in: waiter),
      let listOffset = types.offsetIfAny(of: "list", in: waiter),
      let headOffset = types.offsetIfAny(of: "wait_list", in: lock),
      let ownerOffset = types.offsetIfAny(of: "owner", in: lock)
    else { return nil }
    let first = slot &- taskOffset &+ listOffset
    var node = first
    for _ in 0..<mostWaiters {
      guard let next = reader.word(at: node), next != first, KernelAddress(next).isInKernelHalf,
        reader.word(at: next &+ 8) == node
      else { return nil }
      node = next
      // What lies on no task's stack is the head.
      guard !stacks.hold(node) else { continue }
      let address = node &- headOffset
      guard let owner = reader.word(at: address &+ ownerOffset).map({ $0 & ~7 }), owner == 0 || stacks.isTask(owner)
      else {
        return nil
      }
      return WaitedLock(
        kind: kind, address: KernelAddress(address), owner: owner == 0 ? nil : KernelAddress(owner))
    }
    return nil
  }
}

/// The records and the stacks of all tasks, to tell what an address is.
struct TaskStacks {
  private var tasks: Set<UInt64> = []
  private var starts: Set<UInt64> = []
  private var byteCount: UInt64 = 1

  init(_ objects: [KernelObject]) {
    for object in objects {
      tasks.insert(object.address)
      guard let start: UInt64 = try? object["stack"] else { continue }
      starts.insert(start)
      if byteCount == 1, let task = try? KernelTask(object) { byteCount = task.stack.byteCount }
    }
  }

  func isTask(_ address: UInt64) -> Bool { tasks.contains(address) }

  /// A stack is aligned to its size: THREAD_ALIGN, include/linux/thread_info.h (Linux v5.10 to v7.2); without CONFIG_VMAP_STACK, too.
  func hold(_ address: UInt64) -> Bool { starts.contains(address & ~(byteCount &- 1)) }
}

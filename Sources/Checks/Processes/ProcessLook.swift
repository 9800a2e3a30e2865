internal import KernelModel
internal import KernelObjects

/// What memory holds of tasks at one moment, what user space is told of them, and what of that is wrong.
struct ProcessLook {
  /// One thing that is wrong with one task.
  struct Wrong: Hashable {
    let address: UInt64
    let pid: Int32
    let startTime: UInt64
    let place: Place
  }

  enum Place: Hashable {
    /// The kernel does not come upon it by this way.
    case missing(TaskCensus.Way)
    /// User space is told that it is not there.
    case denied(ToldProcesses.Way)
    /// It runs a function of nobody's in the kernel.
    case function(UInt64)
    /// A program of user space that bears the mark of a kernel thread.
    case marked
    /// A program of user space that is called as a kernel thread is.
    case named
  }

  let census: TaskCensus
  let wrong: [Wrong]
  /// Why user space could not be asked.
  let unasked: Withheld?
  /// Why what is missing in /proc is no finding, if something is.
  let restriction: String?
  /// Whether the kernel stopped while it changed the list of tasks, so that its views of them were not compared.
  private(set) var isBeingChanged = false

  /// The places in which every task is, from when it is seen first until it ends.
  private static let required: [TaskCensus.Way] = [.list, .numbers, .controlGroups]

  init(of kernel: Kernel, _ ownership: CodeOwnership) throws(CannotCheck) {
    let structures = try kernel.structures
    let first = try Self.census(structures)
    guard kernel.isRunning else {
      (census, unasked, restriction) = (first, nil, nil)
      isBeingChanged = first.isBeingChanged
      wrong =
        isBeingChanged
        ? Self.disguised(in: first, ownership)
        : try Self.missing(in: first, structures).filter { !first.isBeingMoved($0) }
          + Self.disguised(in: first, ownership)
      return
    }
    let told = Self.denied(of: first, by: kernel.toldProcesses)
    census = try Self.census(structures)
    let before = Set(try Self.missing(in: first, structures))
    var wrong = before.isEmpty ? [] : try Self.missing(in: census, structures).filter { before.contains($0) }
    wrong += Self.disguised(in: census, ownership)
    var denied: [Wrong] = []
    switch told {
    case .success(let told):
      unasked = nil
      for wrong in told {
        // Whoever has its number, before and after, is there.
        guard let task = census.tasks[wrong.address], wrong == Wrong(task, wrong.place),
          census.has(task.address, by: .list), census.has(task.address, by: .numbers), !task.isEnding
        else { continue }
        denied.append(wrong)
      }
    case .failure(let withheld): unasked = withheld
    }
    let files: Set<Place> = [.denied(.listing), .denied(.folder)]
    if denied.contains(where: { files.contains($0.place) }), let reason = kernel.toldProcesses.restriction() {
      restriction = reason
      denied.removeAll { files.contains($0.place) }
    } else {
      restriction = nil
    }
    wrong += denied
    self.wrong = wrong
  }

  /// Where a way cannot be followed to its end, all are gone along once more.
  private static func census(_ structures: KernelStructures) throws(CannotCheck) -> TaskCensus {
    do throws(CannotCheck) {
      return try structures.now { (snapshot) throws(CannotCheck) in
        let census = try TaskCensus(snapshot)
        for way in required {
          if let obstacle = census.obstacle(to: way), obstacle.mayPass { throw obstacle }
        }
        return census
      }
    } catch {
      // What can be followed is looked at all the same.
      guard error.mayPass else { throw error }
      return try structures.now { (snapshot) throws(CannotCheck) in try TaskCensus(snapshot) }
    }
  }

  /// Threads are on their process's list, which is told of that.
  private static func missing(
    in census: TaskCensus, _ structures: KernelStructures
  ) throws(CannotCheck) -> [Wrong] {
    let suspects = census.tasks.values.filter { !$0.isEnding }.flatMap { task in
      required.filter { census.isWhole($0) && !census.has(task.address, by: $0) }.map { (task: task, way: $0) }
    }
    guard !suspects.isEmpty else { return [] }
    let leaders = Set(suspects.filter { $0.way == .list && $0.task.isLeader }.map(\.task.tgid))
    let moment = try structures.now { (snapshot) throws(CannotCheck) in snapshot }
    return suspects.compactMap { suspect in
      let isWithProcess =
        suspect.way == .list && !suspect.task.isLeader && leaders.contains(suspect.task.tgid)
      guard !isWithProcess, !census.isLinked(suspect.task, by: suspect.way, at: moment) else { return nil }
      return Wrong(suspect.task, .missing(suspect.way))
    }
  }

  /// The processes of the told namespace that memory has, and that user space is told there are not.
  private static func denied(
    of census: TaskCensus, by told: ToldProcesses
  ) -> Result<[Wrong], Withheld> {
    do throws(Withheld) {
      guard let namespace = census.namespace(try told.namespace().get()) else {
        throw Withheld(
          "the processes that user space sees", why: "this program's process number namespace is not in memory")
      }
      let listed = try told.listed().get()
      var wrong: [Wrong] = []
      for task in census.tasks.values where task.isLeader && !task.isEnding {
        guard let number = task.numbers.first(where: { $0.namespace == namespace })?.number else { continue }
        if !listed.contains(number) { wrong.append(Wrong(task, .denied(.listing))) }
        wrong += told.denied(number).map { Wrong(task, .denied($0)) }
      }
      return .success(wrong)
    } catch {
      return .failure(error)
    }
  }

  /// What passes for a thread of the kernel's, and what a thread of the kernel's runs.
  private static func disguised(in census: TaskCensus, _ ownership: CodeOwnership) -> [Wrong] {
    var wrong: [Wrong] = []
    let names = KernelThreadNames(census)
    for task in census.tasks.values where !task.isEnding {
      // One that ends meanwhile cannot be read, and is nobody's disguise.
      guard let object = try? census.object(task) else { continue }
      if task.isKernelThread {
        if let function = try? object.threadFunction, !ownership.isLegitimate(function) {
          wrong.append(Wrong(task, .function(function)))
        }
        if (try? object.isMarkedWithoutRight) == true { wrong.append(Wrong(task, .marked)) }
      } else if task.isLeader, let name = try? object.text("comm"), names.isDisguise(name),
        (try? object.hasExecutable) == true
      {
        wrong.append(Wrong(task, .named))
      }
    }
    return wrong
  }
}

extension ProcessLook.Wrong {
  fileprivate init(_ task: TaskCensus.Task, _ place: ProcessLook.Place) {
    self.init(address: task.address, pid: task.pid, startTime: task.startTime, place: place)
  }
}

extension TaskCensus {
  /// The `struct pid_namespace` with an inode, if a task has a number there.
  fileprivate func namespace(_ inode: UInt64) -> UInt64? {
    let all = Set(tasks.values.flatMap { $0.numbers.map(\.namespace) })
    return all.first { address in
      // What cannot be read is not the one.
      (try? snapshot.object("pid_namespace", at: address)["ns.inum"] as UInt64) == inode
    }
  }

  /// Whether the kernel stopped while it changed the list of tasks, which it does with this lock alone.
  fileprivate var isBeingChanged: Bool { snapshot.isHeldForWriting("tasklist_lock") }

  /// Whether the kernel stopped before a task was in its control group, or while it was taken from one to another.
  ///
  /// Source: copy_process(), kernel/fork.c: a task is on the list and has its number before cgroup_post_fork(); it stays TASK_NEW,
  /// which no task is again, until wake_up_new_task(). css_set_move_task(), kernel/cgroup/cgroup.c (Linux v5.10 to v7.2).
  fileprivate func isBeingMoved(_ wrong: ProcessLook.Wrong) -> Bool {
    guard wrong.place == .missing(.controlGroups) else { return false }
    if snapshot.isHeld(spinlock: "css_set_lock") { return true }
    return tasks[wrong.address].flatMap { try? object($0).isNew } == true
  }
}

extension KernelObject {
  /// Whether a task has never run: TASK_NEW, include/linux/sched.h (Linux v5.10 to v7.2); the member was called `state` before Linux
  /// kernel commit 2f064a59a11f ("sched: Change task_struct::state"), in v5.14.
  fileprivate var isNew: Bool {
    get throws(CannotCheck) {
      let state: UInt32 = try self[has("__state") ? "__state" : "state"]
      return state == 0x800
    }
  }

  /// The function that a thread of the kernel's was made for; nil where the kernel does not say.
  ///
  /// Source: to_kthread() in kernel/kthread.c: `task_struct.worker_private` since Linux kernel commit e32cf5dfbe22 ("kthread:
  /// Generalize pf_io_worker so it can point to struct kthread"), in v5.17, and `set_child_tid` before.
  fileprivate var threadFunction: UInt64? {
    get throws(CannotCheck) {
      let member = has("worker_private") ? "worker_private" : "set_child_tid"
      guard let thread = try target(member, as: "kthread") else { return nil }
      let function: UInt64 = try thread["threadfn"]
      return function == 0 ? nil : function
    }
  }

  /// Whether it runs a program; whoever is about to be one for the kernel (`call_usermodehelper`) is called as its maker until then.
  fileprivate var hasExecutable: Bool {
    get throws(CannotCheck) {
      guard let memory = try target("mm", as: "mm_struct") else { return false }
      return try memory["exe_file"] as UInt64 != 0
    }
  }

  /// Whether a task that is marked as a thread of the kernel's runs a program and is no child of kthreadd's.
  ///
  /// kthreadd is process 2, and makes all threads of the kernel's, which borrow the memory of programs.
  fileprivate var isMarkedWithoutRight: Bool {
    get throws(CannotCheck) {
      guard try hasExecutable, let parent = try target("real_parent", as: "task_struct") else { return false }
      let number: Int32 = try parent["pid"]
      return number > 2 || number == 1
    }
  }
}

/// What threads of the kernel's are called, of which there are several: `kworker/0:1` and `kworker/u4:2`.
private struct KernelThreadNames {
  private var stems: Set<Substring> = []
  private var names: Set<Substring> = []

  init(_ census: TaskCensus) {
    for task in census.tasks.values where task.isKernelThread {
      guard let object = try? census.object(task), let name = try? object.text("comm") else { continue }
      names.insert(name[...])
      if let slash = name.firstIndex(of: "/") { stems.insert(name[...slash]) }
    }
  }

  /// Whether no program would be called so by its file: with a slash, or in the brackets that ps puts around such threads.
  func isDisguise(_ name: String) -> Bool {
    let bare = name.drop { $0 == "[" }
    if bare.count < name.count, names.contains(bare.prefix { $0 != "]" }) { return true }
    guard let slash = bare.firstIndex(of: "/") else { return false }
    return stems.contains(bare[...slash])
  }
}

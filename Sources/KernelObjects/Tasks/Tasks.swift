package import KernelModel

/// The kernel's tasks, along each of the ways that it has to them.
///
/// Source: include/linux/sched.h, sched/signal.h, pid.h (Linux v5.10 to v7.2; before Linux kernel commit 8e1f385104ac ("kill
/// task_struct->thread_group"), in v6.7, thread_head is there too).
package struct Tasks {
  let snapshot: Snapshot

  /// Threads at most.
  package static let most = 1 << 18

  package init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
  }

  /// Every process's first thread (`for_each_process`), but for the first task itself, as far as the list can be followed.
  package func processes() throws(CannotCheck) -> Walk<KernelObject> {
    let head = try snapshot.symbols.address(of: "init_task") &+ snapshot.offset("tasks", in: "task_struct")
    return snapshot.listWalk(at: head, linkedBy: "tasks", of: "task_struct", limit: Self.most)
  }

  /// The threads of a process, itself among them, as far as the list can be followed.
  package func threads(of process: KernelObject) throws(CannotCheck) -> Walk<KernelObject> {
    guard let signal = try process.target("signal", as: "signal_struct") else {
      return Walk(obstacle: .torn("the task at \(KernelAddress(process.address))", "has no signals"))
    }
    return signal.list("thread_head", linkedBy: "thread_node", of: "task_struct", limit: Self.most)
  }

  /// The numbers of the first namespace (`struct pid`), and the tree that they stand in.
  package func numbers() throws(CannotCheck) -> XArray {
    let space = try snapshot.symbols.address(of: "init_pid_ns")
    return try XArray.idr(at: space &+ snapshot.offset("idr", in: "pid_namespace"), limit: Self.most, snapshot)
  }

  /// The thread that has a number (`struct pid`); nil if none has.
  ///
  /// PIDTYPE_PID is the first of a number's lists, and holds one thread at most.
  package func thread(numbered number: UInt64) throws(CannotCheck) -> KernelObject? {
    let lists = try snapshot.object("pid", at: number).address(of: "tasks")
    return try snapshot.hlist(at: lists, linkedBy: "pid_links", of: "task_struct", limit: 1).first
  }
}

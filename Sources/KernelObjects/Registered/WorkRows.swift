/// What is registered to be called later, or by threads of the kernel's own.
extension RegisteredRow {
  private static let timerLists = [
    Step.perProcessor("timer_bases", of: "timer_base", count: 3), .hlist("vectors", of: "timer_list", by: "entry"),
  ]

  static let work: [RegisteredRow] = [
    // kernel/time/timer.c, kernel/time/hrtimer.c.
    RegisteredRow("timers", timerLists),
    RegisteredRow(
      "delayed work",
      timerLists + [.leading("function", to: "delayed_work_timer_fn"), .container("delayed_work", member: "timer")],
      reads: .members(["work.func"])),
    RegisteredRow(
      "high-resolution timers",
      [
        .perProcessor("hrtimer_bases", of: "hrtimer_cpu_base"), .member("clock_base"),
        .tree("active.rb_root.rb_root", of: "hrtimer", by: "node.node"),
      ], reads: .members(["function"])),
    // kernel/workqueue.c: struct worker_pool, struct pool_workqueue.
    RegisteredRow(
      "pending work",
      [
        .variable("worker_pool_idr", of: "idr"), .idr("", of: "worker_pool"),
        .list("worklist", of: "work_struct", by: "entry"),
      ]),
    RegisteredRow(
      "pending work",
      [
        .variable("workqueues", of: "list_head"), .list("", of: "workqueue_struct", by: "list"),
        .list("pwqs", of: "pool_workqueue", by: "pwqs_node"),
        .list("delayed_works|inactive_works", of: "work_struct", by: "entry"),
      ]),
    RegisteredRow(
      "work in progress",
      [
        .variable("worker_pool_idr", of: "idr"), .idr("", of: "worker_pool"),
        .hlist("busy_hash", of: "worker", by: "hentry"),
      ], reads: .members(["current_func"])),
    // kernel/kthread.c: struct kthread, PF_KTHREAD; worker_private since v5.17, set_child_tid before.
    RegisteredRow("kernel threads", kernelThreads("worker_private"), reads: .members(["threadfn"])),
    RegisteredRow("kernel threads", kernelThreads("set_child_tid"), reads: .members(["threadfn"])),
    // kernel/softirq.c, kernel/cpu.c.
    RegisteredRow("soft interrupts", [.array("softirq_vec", of: "softirq_action", count: .atMost(10))]),
    RegisteredRow(
      "steps of processors' coming and going",
      [.array("cpuhp_hp_states", of: "cpuhp_step", count: .constant("CPUHP_ONLINE", of: "cpuhp_state"))],
      label: .text("name")),
    // mm/vmscan.c, mm/slab_common.c.
    RegisteredRow("shrinkers", [.variable("shrinker_list", of: "list_head"), .list("", of: "shrinker", by: "list")]),
    RegisteredRow(
      "kinds of objects", [.variable("slab_caches", of: "list_head"), .list("", of: "kmem_cache", by: "list")],
      label: .text("name"), reads: .members(["ctor"])),
  ]

  private static func kernelThreads(_ record: String) -> [Step] {
    [
      .variable("init_task", of: "task_struct"), .list("tasks", of: "task_struct", by: "tasks"),
      .having("flags", bits: 0x0020_0000), .pointer(record, to: "kthread"),
    ]
  }
}

internal import KernelModel

extension TestTypes {
  /// What belongs to tasks, their numbers and their control groups.
  static func addTasks(_ types: inout SampleBTF, char: UInt32, int: UInt32, long: UInt32, pointer: UInt32, list: UInt32)
  {
    let thread = types.structure("thread_struct", 16, [("sp", long, 8 * 8)])
    let entity = types.structure("sched_entity", 16, [("group_node", list, 0)])
    types.structure(
      "task_struct", 288,
      [
        ("pid", int, 0), ("tgid", int, 4 * 8), ("flags", int, 8 * 8), ("stack", pointer, 16 * 8),
        ("comm", types.array(of: char, 16), 24 * 8), ("thread", thread, 40 * 8), ("tasks", list, 64 * 8),
        ("thread_node", list, 80 * 8), ("signal", pointer, 96 * 8), ("exit_state", int, 120 * 8),
        ("start_time", long, 128 * 8), ("thread_pid", pointer, 136 * 8), ("pid_links", list, 144 * 8),
        ("children", list, 160 * 8), ("sibling", list, 176 * 8), ("cg_list", list, 192 * 8),
        ("cgroups", pointer, 208 * 8),
        ("real_parent", pointer, 216 * 8), ("mm", pointer, 224 * 8), ("nsproxy", pointer, 232 * 8),
        ("worker_private", pointer, 240 * 8), ("real_cred", pointer, 248 * 8), ("cred", pointer, 256 * 8),
        ("se", entity, 264 * 8), ("__state", int, 280 * 8),
      ])
    types.structure("upid", 16, [("nr", int, 0), ("ns", pointer, 8 * 8)])
    types.structure(
      "pid", 72, [("level", int, 0), ("tasks", types.array(of: pointer, 4), 8 * 8), ("numbers", list, 40 * 8)])
    types.structure("css_set", 64, [("tasks", list, 0), ("dying_tasks", list, 16 * 8), ("hlist", list, 32 * 8)])
    types.structure("kthread", 8, [("threadfn", pointer, 0)])
    types.structure("mm_struct", 8, [("exe_file", pointer, 0)])
    types.structure("qrwlock", 8, [("wlocked", char, 0)])
    types.structure("qspinlock", 8, [("locked", char, 0)])
  }
}

/// Tasks of a ``TestTextKernel``, each in all of the places where a task is.
package struct TestTasks {
  package typealias Variable = TestVendorKernel.Variable
  package let objects: TestObjects
  private let set: TestObjects.Object

  package init(in kernel: TestTextKernel) throws {
    objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.heap + 0x6000)
    set = objects.make("css_set")
    let table = TestTextKernel.live(Variable.controlGroups).rawValue
    objects.chain([set], by: "hlist", head: table)
    link([])
  }

  /// The first task, which is on no list but begins all.
  package var first: UInt64 { TestTextKernel.live(Variable.firstTask).rawValue }

  /// A process with one thread, in none of the places yet.
  package func make(_ pid: UInt64, _ name: String, tgid: UInt64? = nil) -> TestObjects.Object {
    let task = objects.make("task_struct") {
      $0["pid"] = pid
      $0["tgid"] = tgid ?? pid
      $0.set("comm", to: name)
      $0["start_time"] = pid * 1_000_000_000
      $0["real_parent"] = first
      $0["cgroups"] = set.address
    }
    objects.link([], by: "sibling", head: task.place(of: "children"))
    let signal = objects.make("signal_struct")
    task["signal"] = signal.address
    objects.link([task], by: "thread_node", head: signal.place(of: "thread_head"))
    let number = objects.make("pid") { $0["tasks"] = task.place(of: "pid_links") }
    objects.make("upid", at: number.place(of: "numbers")) {
      $0["nr"] = pid
      $0["ns"] = TestTextKernel.live(Variable.firstNumbers).rawValue
    }
    task["thread_pid"] = number.address
    return task
  }

  /// Has the places hold these tasks, each as many as it is told.
  package func link(
    _ tasks: [TestObjects.Object], numbers: [TestObjects.Object]? = nil, groups: [TestObjects.Object]? = nil,
    family: [TestObjects.Object]? = nil
  ) {
    let head = objects.make("task_struct", at: first)
    objects.link(tasks, by: "tasks", head: head.place(of: "tasks"))
    objects.link(family ?? tasks, by: "sibling", head: head.place(of: "children"))
    objects.link(groups ?? tasks, by: "cg_list", head: set.place(of: "tasks"))
    objects.link([], by: "cg_list", head: set.place(of: "dying_tasks"))
    let node = objects.make("xa_node", at: TestTextKernel.heap + 0x5f00)
    for task in numbers ?? tasks {
      objects.memory.write(
        task["thread_pid"], at: KernelAddress(node.place(of: "slots") + (task["pid"] & 0xffff_ffff) * 8))
    }
    objects.make("pid_namespace", at: TestTextKernel.live(Variable.firstNumbers).rawValue) {
      $0["idr.idr_rt.xa_head"] = node.address | 2
      $0["ns.inum"] = 77
    }
  }
}

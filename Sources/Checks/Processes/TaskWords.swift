internal import KernelModel
internal import KernelObjects

extension TaskCensus.Way {
  var words: String {
    switch self {
    case .list: "the kernel's list of tasks"
    case .numbers: "its table of process numbers"
    case .controlGroups: "the control groups' tasks"
    case .processors: "what processors run"
    case .family: "its parent's children"
    }
  }
}

extension TaskCensus {
  /// What a reader has to know of a task to find it, as far as it can be read.
  func evidence(of task: Task) -> [Finding.Evidence] {
    guard let object = try? object(task) else { return [] }
    var evidence: [Finding.Evidence] = []
    func add(_ name: String, _ text: String?) {
      if let text, !text.isEmpty { evidence.append(Finding.Evidence(name, .text(text))) }
    }
    let found = Way.allCases.filter { has(task.address, by: $0) }.map(\.words)
    add("it is in", (found + ["memory at \(KernelAddress(task.address))"]).joined(separator: ", "))
    if !task.isLeader { add("thread of", "process \(task.tgid)") }
    add("executable", executable(of: object))
    add("parent", parent(of: object))
    let started = (try? object.valueIfAny("start_boottime")) ?? task.startTime
    add("started", "\(started / 1_000_000_000).\(started / 100_000_000 % 10) s after the start of the kernel")
    add("namespaces", namespaces(of: object))
    let inner = task.numbers.dropFirst().map { "\($0.number)" }
    add("number in inner namespaces", inner.joined(separator: ", "))
    return evidence
  }

  /// Which task is meant: `process 812 (sshd)`.
  func subject(of task: Task) -> Subject {
    let name = (try? object(task).text("comm")) ?? "?"
    return Subject(task.isLeader ? "process \(task.pid)" : "thread \(task.pid)", label: name)
  }

  private func executable(of task: KernelObject) -> String? {
    guard let path = try? ExecutablePath(of: task, first: first) else { return nil }
    return path.path + (path.isDeleted ? " (deleted)" : "")
      + (path.isInOtherMounts ? ", as seen in mounts of its own" : "")
  }

  private func parent(of task: KernelObject) -> String? {
    guard let parent = try? task.target("real_parent", as: "task_struct"), let number: Int32 = try? parent["pid"]
    else { return nil }
    return "\(number) (\((try? parent.text("comm")) ?? "?"))"
  }

  /// The first process.
  private var first: KernelObject? { tasks.values.first { $0.pid == 1 }.flatMap { try? object($0) } }

  /// The namespaces that are not the first process's.
  private func namespaces(of task: KernelObject) -> String? {
    guard let own = try? task.target("nsproxy", as: "nsproxy"),
      let usual = try? first?.target("nsproxy", as: "nsproxy")
    else { return nil }
    let kinds = [
      ("mnt_ns", "mount"), ("pid_ns_for_children", "process number"), ("net_ns", "network"), ("ipc_ns", "IPC"),
      ("uts_ns", "name"), ("cgroup_ns", "control group"),
    ]
    let others = kinds.filter { kind in
      guard let one: UInt64 = try? own.valueIfAny(kind.0), let other: UInt64 = try? usual.valueIfAny(kind.0) else {
        return false
      }
      return one != other
    }
    return others.isEmpty
      ? "the first process's" : "its own, or a container's: \(others.map(\.1).joined(separator: ", "))"
  }
}

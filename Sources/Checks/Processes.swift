package import KernelModel
internal import KernelObjects

/// Every process that the kernel has should be where each of its views of processes looks, and be what it passes for.
package struct Processes: Check {
  package static let manual = Manual(
    id: "processes",
    question: "Is every process in each of the kernel's views of processes, and visible to user space?",
    method: """
      Finds tasks in memory in five ways: the list of all tasks with each process's threads, the table of process \
      numbers of each namespace, the control groups' sets of tasks, the tasks that processors run or are about to \
      run, and the children of each parent. A task that one of these has, and that the list, the numbers or the \
      control groups lack, was removed. On a running kernel, user space is asked between two reads of memory: the \
      listing of /proc, /proc/NUMBER, kill(NUMBER, 0) and pidfd_open(NUMBER). The function of each kernel thread \
      must belong to the kernel or to a listed module; a program with the mark of a kernel thread, or with the name \
      of one, is a finding. A finding must be seen three times: only a task that stays the same, by its number and \
      start time, and that is not about to end, is judged.
      """,
    innocentCauses: [
      "a security product that hides its own processes (ask whoever maintains the host)",
      "a monitoring test that makes a program look like a kernel thread",
    ],
    blindSpots: [
      "a task that was removed from all five views: only what it holds, or runs, shows it",
      "a task that waits for a processor in a real-time class is not found in that way",
      "a single thread that user space does not see, while it sees its process: threads are compared in memory only",
      "a process that ends during the scan, and one that has ended and that its parent has not waited for",
      "without the vendor's kernel image: the names and types used to read tasks are the suspect kernel's own",
    ],
    proof: .crossView,
    response: [
      "do not kill the process and do not reboot: its memory is the evidence",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "find what hides it: liveprobe hooks; findings of kernel-text, ftrace, bpf and module-list",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  private static let looks = 3

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let structures = try kernel.structures
    let ownership = CodeOwnership(kernel: kernel, symbols: structures.reader.symbols, text: structures.text)
    let (look, wrong) = try kernel.persisting(looks: Self.looks) { () throws(CannotCheck) in
      try ProcessLook(of: kernel, ownership)
    } wrong: {
      $0.wrong
    }
    var examination = Examination()
    examination.expect(structures.expectation)
    let tasks = look.census.tasks.values
    examination.note(Subject("processes"), .count(UInt64(tasks.count { $0.isLeader })), lasting: false)
    examination.note(Subject("threads"), .count(UInt64(tasks.count)), lasting: false)
    for address in Set(wrong.map(\.address)).sorted() {
      guard let task = look.census.tasks[address] else { continue }
      let places = wrong.filter { $0.address == address }.map(\.place)
      for finding in findings(of: task, places, look.census, kernel) { examination.report(finding) }
    }
    leave(look, into: &examination)
    return examination
  }

  private func leave(_ look: ProcessLook, into examination: inout Examination) {
    for way in TaskCensus.Way.allCases {
      guard let obstacle = look.census.obstacle(to: way) else { continue }
      switch way {
      case .list, .numbers, .controlGroups: examination.leaveUnanswered(Subject(way.words), obstacle)
      // These only add to what the others have.
      case .processors, .family: examination.remark("\(way.words): not all could be followed: \(obstacle)")
      }
    }
    if look.isBeingChanged {
      examination.remark("the kernel stopped while it changed its list of tasks: the views of them were not compared")
    }
    if let unasked = look.unasked {
      examination.leaveUnanswered(Subject("processes", label: "as told"), .withheld(unasked))
    }
    if let restriction = look.restriction {
      examination.leaveUnanswered(
        Subject("processes", label: "as told"),
        .withheld(
          Withheld(
            "the processes that user space sees",
            why: "\(restriction), and some are missing there, which this may be the reason for",
            remedy: "mount -o remount,hidepid=0 /proc, and look again")))
    }
  }

  // MARK: Findings

  private func findings(
    of task: TaskCensus.Task, _ places: [ProcessLook.Place], _ census: TaskCensus, _ kernel: Kernel
  ) -> [Finding] {
    var missing: [String] = []
    var findings: [Finding] = []
    for place in places {
      switch place {
      case .missing(let way): missing.append(way.words)
      case .denied(let way): missing.append(way.words)
      case .function(let function): findings.append(strange(task, function, census, kernel))
      case .marked:
        findings.append(
          disguised(
            task, .critical, "a program of user space bears the mark of a kernel thread", census,
            expected: "no PF_KTHREAD on a task that kthreadd did not make", observed: "the mark, and an executable"))
      case .named:
        findings.append(
          disguised(
            task, .warning, "a program of user space goes by the name of a kernel thread", census,
            expected: "such a name on threads of the kernel's alone", observed: "a process with an executable"))
      }
    }
    guard !missing.isEmpty else { return findings }
    let all = missing.sorted().joined(separator: ", ")
    return [
      Finding(
        kind: .contradiction, severity: .critical, subject: census.subject(of: task),
        message: "the kernel has it, and it is hidden",
        expected: "in each view of processes", observed: .text("missing in: \(all)"),
        evidence: census.evidence(of: task),
        effects: [.init(.hides, census.subject(of: task).description)], places: Self.place(of: task),
        toldBy: places.flatMap(\.systemCalls),
        meaning: "whoever looks for processes there is not shown it")
    ] + findings
  }

  private static func place(of task: TaskCensus.Task) -> [MemoryRegion] {
    [MemoryRegion(start: KernelAddress(task.address), byteCount: 1)]
  }

  private func strange(
    _ task: TaskCensus.Task, _ function: UInt64, _ census: TaskCensus, _ kernel: Kernel
  ) -> Finding {
    let target = KernelAddress(function)
    let owner = kernel.owner(of: target)
    return Finding(
      kind: .redirection, severity: .critical, subject: census.subject(of: task),
      message: "a kernel thread runs unowned code",
      expected: "a function of the kernel or of a listed module", observed: "\(target, owner)", owner: owner,
      hiddenModule: HiddenModules.name(at: target, owner: owner, in: kernel), target: target,
      evidence: census.evidence(of: task), effects: [.init(.redirects, census.subject(of: task).description)],
      places: Self.place(of: task), proof: .ownership, meaning: "that code runs in the kernel, and as often as it likes"
    )
  }

  private func disguised(
    _ task: TaskCensus.Task, _ severity: Finding.Severity, _ message: String, _ census: TaskCensus,
    expected: Finding.Value, observed: Finding.Value
  ) -> Finding {
    Finding(
      kind: .contradiction, severity: severity, subject: census.subject(of: task), message: message,
      expected: expected, observed: observed, evidence: census.evidence(of: task),
      effects: [.init(.disguises, census.subject(of: task).description)], places: Self.place(of: task),
      proof: .invariant,
      meaning: "whoever lists processes takes it for a part of the kernel")
  }
}

extension ToldProcesses.Way {
  /// The system calls that answer.
  fileprivate var systemCalls: [String] {
    switch self {
    case .listing: ["getdents", "getdents64"]
    case .folder: ["stat", "newfstatat", "statx"]
    case .signal: ["kill"]
    case .descriptor: ["pidfd_open"]
    }
  }
}

extension ProcessLook.Place {
  fileprivate var systemCalls: [String] {
    if case .denied(let way) = self { way.systemCalls } else { [] }
  }
}

package import KernelModel
internal import KernelObjects

/// What a process may do should be what system calls make of it.
package struct Credentials: Check {
  package static let manual = Manual(
    id: "credentials",
    question: "Does every process have credentials of its own, as system calls leave them?",
    method: """
      Reads the credentials of each task of user space in memory. Threads of a process share theirs; a new process, and whoever \
      runs a program, gets a copy, so no two processes have the same ones, and none has the kernel's own. The user that a \
      process is counted among is changed together with its own by every system call that does: one without the other was \
      written by somebody else, and whatever descends from that process has it too. No capability is in effect that is not \
      permitted. What is wrong is looked at three times, of the same task with the same credentials.
      """,
    innocentCauses: ["a module of the operator's own that gives processes the rights of another user: ask for it"],
    blindSpots: [
      "credentials that were written whole, user and all, or that prepare_creds and commit_creds made of others' in the way of a "
        + "system call: who became root by a path that this kernel has, and who did not, is not to be told from them",
      "the credentials that a task acts by for the moment (override_creds): the kernel itself lends them, for as long as it takes",
      "threads of the kernel's; groups, keyrings, user namespaces, and the labels of security modules",
      "without the vendor's kernel image: the names and types by which tasks are read are the kernel's own word",
    ],
    proof: .invariant,
    response: [
      "do not kill the process or reboot: what it holds in memory is the evidence",
      "keep this report (liveprobe scan --format json) and, if you can, a memory image, on another machine",
      "look at what the process is, who started it, and what it has open: ls -l /proc/NUMBER/fd",
      "cut the host off the network, but leave it powered; treat it as compromised and rebuild it from trusted media",
    ])

  private static let looks = 3
  private static let mostNamed = 8

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let structures = try kernel.structures
    let (look, wrong) = try kernel.persisting(looks: Self.looks) { () throws(CannotCheck) in
      try Self.look(structures)
    } wrong: {
      $0.wrong
    }
    var examination = Examination()
    examination.expect(structures.expectation)
    // Processes come and go.
    for (label, count) in [
      ("of user space", look.counts.processes), ("that act as root", look.counts.root),
      ("with securebits", look.counts.secured),
    ] {
      examination.note(Subject("processes", label: label), .count(count), lasting: false)
    }
    let overriding = look.counts.overriding.sorted()
    if !overriding.isEmpty {
      let named = overriding.prefix(Self.mostNamed).map { "\($0)" }.joined(separator: ", ")
      examination.remark(
        "acting as somebody else when they were looked at, as file systems and the like have them do: \(named)"
          + (overriding.count > Self.mostNamed ? ", ..." : ""))
    }
    for wrong in wrong {
      guard let task = look.census.tasks[wrong.address] else { continue }
      examination.report(finding(wrong, task, look.census))
    }
    if let obstacle = look.obstacle { examination.leaveUnanswered(Subject("credentials"), obstacle) }
    return examination
  }

  /// Whatever is in the middle of being made or freed is read again.
  private static func look(_ structures: KernelStructures) throws(CannotCheck) -> CredentialLook {
    do throws(CannotCheck) {
      return try structures.now { (snapshot) throws(CannotCheck) in
        let look = try CredentialLook(snapshot)
        if let obstacle = look.obstacle, obstacle.mayPass { throw obstacle }
        return look
      }
    } catch {
      guard error.mayPass else { throw error }
      return try structures.now { (snapshot) throws(CannotCheck) in try CredentialLook(snapshot) }
    }
  }

  private func finding(_ wrong: CredentialLook.Wrong, _ task: TaskCensus.Task, _ census: TaskCensus) -> Finding {
    let place = Finding.Value.text("credentials at \(KernelAddress(wrong.credentials))")
    let (message, expected, observed): (String, Finding.Value, Finding.Value) =
      switch wrong.kind {
      case .kernels:
        ("it has the kernel's own credentials", "a copy, as whoever runs a program gets", "init_cred itself")
      case .shared(let other):
        ("it shares its credentials with another process", "a copy of its own", "the same ones as process \(other)")
      case .user(let user, let counted):
        (
          "its user was changed by no system call", "user \(counted), as whose process it is counted",
          "user \(user)"
        )
      case .capabilities(let more):
        (
          "capabilities are in effect that it may not have", "none that is not permitted",
          .text("0x\(String(more, radix: 16)) besides")
        )
      }
    return Finding(
      kind: .contradiction, severity: .critical, subject: census.subject(of: task), message: message,
      expected: expected, observed: observed, evidence: [.init("they are", place)] + census.evidence(of: task),
      effects: [.init(.grantsRights, census.subject(of: task).description)],
      places: [MemoryRegion(start: KernelAddress(task.address), byteCount: 1)],
      meaning: "somebody who can write to the kernel's memory gave it rights that it did not have")
  }
}

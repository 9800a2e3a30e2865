package import KernelModel
internal import KernelObjects

/// What a process may do should be what system calls make of it.
package struct Credentials: Check {
  package static let manual = Manual(
    id: "credentials",
    question: "Does every process have its own credentials, as system calls leave them?",
    method: """
      Reads the credentials of each user-space task in memory. Threads of a process share theirs; a new process, and \
      one that runs a program, gets a copy. So no two processes have the same ones, and none has the kernel's own. \
      Every system call that changes the user of a process also changes the user that the process is counted for: if \
      only one of them changed, something else wrote it, and all descendants of that process inherit it. No \
      capability is effective that is not permitted. A finding must be seen three times, of the same task with the \
      same credentials.
      """,
    innocentCauses: [
      "a module of your own that gives processes the rights of another user: ask for it"
    ],
    blindSpots: [
      "credentials that were written completely, user included, or that prepare_creds and commit_creds made "
        + "as in a system call: they do not show whether a process became root in a way that this kernel "
        + "permits",
      "the credentials that a task uses for the moment (override_creds): the kernel itself lends them for a short time",
      "kernel threads; groups, keyrings, user namespaces, and the labels of security modules",
      "without the vendor's kernel image: the names and types used to read tasks are the suspect kernel's own",
    ],
    proof: .invariant,
    response: [
      "do not kill the process and do not reboot: its memory is the evidence",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "find out what the process is, who started it, and what it has open: ls -l /proc/NUMBER/fd",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
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

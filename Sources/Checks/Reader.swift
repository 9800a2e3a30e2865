package import KernelModel

/// What is read of the kernel should reach us as the kernel holds it.
package struct Reader: Check {
  package static let manual = Manual(
    id: "reader",
    question: "Can what is read of this kernel be trusted?",
    method: """
      Tests the reading path before anything that came through it is believed. Reads /proc/kcore in each way that \
      the kernel offers (pread, read, readv, preadv, preadv2, splice, sendfile, asynchronous I/O, io_uring), into \
      buffers full of random bytes: each must return exactly what was asked for, write nothing behind it, and return \
      the same headers, code and constants as the others. Reads pages again in words and in large pieces. A page of \
      our own memory, full of words that rootkits filter, is found by its physical address and must read back as it \
      was written, and so must a file of our own. Lists the directories /proc, /sys/module and /dev record by \
      record. A copy of the program under another name, run from memory, must see the same modules, first symbols, \
      headers and code. Reads all code, constants and memory of modules both where it is used and in the direct map. \
      /proc/kallsyms must agree with the symbol tables in kernel memory. A difference counts only if it is seen \
      three times; where one way lies, the rest of the scan uses another. Each report that is written to a file \
      (--output) is read back in all these ways, and from the disk (O_DIRECT), and must be what was written.
      """,
    innocentCauses: [],
    blindSpots: [
      "code below all of these ways that lies to each of them alike: no program on the host can see it",
      "what a way of reading that this host lacks or forbids would have shown; the answer names each",
      "a rootkit that stops while it is watched, or that recognises this program by its bytes instead of its name",
      "files other than these: where a check reads several that should agree, it compares them itself",
    ],
    proof: .readingPath,
    response: [
      "do not rely on any other answer of this host about itself, including this program's other findings",
      "take a memory image from outside (hypervisor, crash dump) first, and keep it on another machine",
      Self.sendReportsAway,
      "disconnect the host from the network, but leave it powered",
      "treat the host as compromised and rebuild it from trusted media",
    ])

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    guard kernel.isRunning else {
      throw .notApplicable("this kernel runs no more: its memory is read from a file, past everything that ran in it")
    }
    let trials: [ReadingTrial]
    switch kernel.reading {
    case .success(let made): trials = made
    case .failure(let withheld): throw .withheld(withheld)
    }
    var examination = Examination()
    judge(trials, into: &examination)
    if kernel.symbolsAreWhole { askForTheFile(trials, into: &examination) }
    return examination
  }

  /// The trials by which the answer stands or falls: at least one of them must have been possible.
  private static let essential: Set<String> = [
    "exact-lengths", "channels-agree-on-headers", "channels-agree-on-text", "own-memory",
  ]
  /// Those that can be made by whoever may scan at all.
  private static let lasting = essential.union(["kallsyms-against-memory"])

  private func judge(_ trials: [ReadingTrial], into examination: inout Examination) {
    var impossible: [String: Withheld] = [:]
    for trial in trials {
      let subject = Subject("reading path", label: trial.name)
      switch trial.outcome {
      case .held:
        // What else can be tried depends on what this process may do, by hand or as a service.
        examination.note(subject, .text("held"), lasting: Self.lasting.contains(trial.name))
      case .broken(let evidence, let expected, let observed):
        examination.report(finding(trial, subject, evidence, expected: expected, observed: observed))
      case .impossible(let withheld):
        impossible[trial.name] = withheld
        examination.remark("could not be tried (\(trial.name)): \(trial.question) \(withheld.description)")
      }
    }
    for case .held(let detail) in trials.filter({ $0.name == "exact-lengths" }).map(\.outcome) {
      examination.remark("ways of reading: \(detail)")
    }
    let tried = Set(trials.map(\.name)).subtracting(impossible.keys)
    guard tried.isDisjoint(with: Self.essential) else { return }
    let reasons = Self.essential.sorted().compactMap { name in impossible[name].map { "\(name): \($0.why)" } }
    examination.leaveUnanswered(
      Subject("reading path"),
      .withheld(
        Withheld(
          "the reading path",
          why: reasons.isEmpty
            ? "nothing of it was tried out"
            : "nothing of it could be tried: "
              + reasons.joined(separator: "; "), remedy: "run as root, outside any container")))
  }

  /// Leaves unanswered what `/proc/kallsyms` would have said, where the kernel's own tables were read and it could not be.
  private func askForTheFile(_ trials: [ReadingTrial], into examination: inout Examination) {
    let name = "kallsyms-against-memory"
    guard case .impossible(let withheld) = trials.first(where: { $0.name == name })?.outcome else { return }
    examination.leaveUnanswered(Subject("reading path", label: name), .withheld(withheld))
  }

  /// How a report is kept from whatever edits files on the host.
  package static let sendReportsAway =
    "keep no report on this host: on another machine, run 'ssh HOST liveprobe scan --format json | tee HOST.json'"

  /// The finding that a report, once it was written to a file, is not what this program wrote; nil if it is, or if it cannot be
  /// read back.
  ///
  /// - Parameters:
  ///   - outcome: what reading it back gave.
  ///   - digest: SHA-256 of what was meant.
  package static func finding(_ outcome: ReadingTrial.Outcome, ofReport path: String, digest: String) -> Finding? {
    guard case .broken(let evidence, let expected, let observed) = outcome else { return nil }
    return Finding(
      kind: .contradiction, severity: .critical, subject: Subject("written report", label: path),
      message: "a report that this program wrote to a file on this host does not read as it was written",
      expected: expected, observed: observed,
      evidence: evidence + [Finding.Evidence("SHA-256 of what was written", .text(digest))],
      meaning:
        "something on this host changes what programs write to files or read from them, so that no report that is "
        + "kept on it can be relied on",
      innocentCauses: ["a disk or a network file system that loses what is written to it; the kernel's log says so"],
      response: [sendReportsAway] + manual.response.filter { $0 != sendReportsAway })
  }

  private func finding(
    _ trial: ReadingTrial, _ subject: Subject, _ evidence: [Finding.Evidence], expected: Finding.Value,
    observed: Finding.Value
  ) -> Finding {
    Finding(
      kind: .contradiction, severity: .critical, subject: subject,
      message: "your view of the kernel is being edited; asked: \(trial.question)",
      expected: expected, observed: observed, evidence: evidence, effects: [.init(.falsifies, trial.claim)],
      places: trial.places, toldBy: trial.systemCalls,
      meaning: "something between the kernel's memory and this program changes what is read, so that no answer of this "
        + "host about itself can be relied on, \"nothing found\" least of all")
  }
}

package import KernelModel
internal import KernelObjects

/// The kernel should tell of every BPF program that it holds, and none should steer what user space is told.
package struct Bpf: Check {
  package static let manual = Manual(
    id: "bpf",
    question: "Does the kernel show every BPF program that it runs, and does none of them change system calls?",
    method: """
      Walks the kernel's BPF programs in memory in three ways: its own table of their numbers, the list of their \
      code, and everything that runs them: events, probes, trampolines, tracepoints, control groups, network \
      devices, links. A program that runs and is not in the table was removed from it. On a running kernel, bpf(2) \
      is asked for the numbers of programs, maps, links and type information, between two reads of memory: one that \
      is in memory both times and not in the answer is hidden. The instructions of a program show the calls by which \
      it can affect others: write to a process's memory, change the result of a function, send signals. Such a \
      program at a system call, or at a function that fills a reader's buffer, can change what user space sees; the \
      file of the process that holds it shows whether it belongs to a package. The machine code of programs is \
      searched for branches to unowned code. A finding must be seen three times, because programs come and go.
      """,
    innocentCauses: [
      "a security product that stops processes or refuses system calls through BPF (such as Tetragon), or a "
        + "debugger that was told to (bpftrace --unsafe): ask whoever maintains the host",
      "a program of your own that was built here and belongs to no package: an allow rule can name it by its tag",
    ],
    blindSpots: [
      "whether the machine code of a program does what its instructions say: only that the kernel runs the "
        + "code that is listed, and that this code does not branch to unowned code",
      "programs that tc attached (cls_bpf), and those at sockets and in maps, are counted, but not where "
        + "they are attached",
      "what programs read, and who gets it",
      "without the vendor's kernel image: the names and types used to read programs are the suspect kernel's own",
    ],
    proof: .ownership,
    response: [
      "do not reboot: programs are lost with the kernel",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "list all programs, where they are attached, and which process holds them: liveprobe hooks; bpftool "
        + "prog dump xlated id NUMBER shows what one does",
      "if no one knows the program: disconnect the host from the network, and treat it as compromised",
    ])

  /// Programs named in one remark.
  private static let mostNamed = 8

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let reading = try BpfReading(of: kernel)
    let look = reading.look
    var examination = Examination()
    examination.expect(reading.expectation)
    note(look, into: &examination)
    for wrong in reading.wrong {
      if let finding = finding(wrong, look, kernel) { examination.report(finding) }
    }
    for steering in reading.steering { tell(steering, kernel, into: &examination) }
    if let obstacle = look.state.obstacle { examination.leaveUnanswered(Subject("BPF programs"), obstacle) }
    return examination
  }

  private func note(_ look: BpfLook, into examination: inout Examination) {
    // Programs come and go.
    for kind in BpfObjectKind.allCases {
      examination.note(Subject("\(kind.words)s"), .count(UInt64(look.state.numbers[kind].count)), lasting: false)
    }
    if let withheld = look.unasked[.program] {
      examination.remark("the kernel was not asked which BPF programs it has: \(withheld)")
    }
    let attached = Dictionary(grouping: look.state.attachments, by: \.program)
    let programs = look.state.programs.values.filter { attached[$0.address] != nil }.sorted { $0.id < $1.id }
    guard !programs.isEmpty else { return }
    let named = programs.prefix(Self.mostNamed).map { program in
      "\(program.words) (\(Set(attached[program.address, default: []].map(\.means)).sorted().joined(separator: ", ")))"
    }
    examination.remark(
      "\(programs.count) BPF \(programs.count == 1 ? "program is" : "programs are") attached: "
        + named.joined(separator: ", ") + (programs.count > Self.mostNamed ? ", ..." : "")
        + "; liveprobe hooks lists them")
  }

  // MARK: Findings

  private func finding(_ wrong: BpfReading.Wrong, _ look: BpfLook, _ kernel: Kernel) -> Finding? {
    switch wrong {
    case .hidden(let hidden):
      let program = hidden.kind == .program ? look.state.programs[hidden.address] : nil
      return Finding(
        kind: .contradiction, severity: .critical,
        subject: Subject(program?.subject ?? hidden.kind.words, label: "number \(hidden.number)"),
        message: "the kernel holds it, and the bpf system call leaves it out",
        expected: "number \(hidden.number) among those that bpf(2) tells",
        observed: "it is in memory at \(KernelAddress(hidden.address)), before and after bpf(2) was asked",
        evidence: program.map { evidence(of: $0, look.state, kernel) } ?? [],
        effects: [.init(.hides, program?.words ?? "\(hidden.kind.words) \(hidden.number)")],
        places: [MemoryRegion(start: KernelAddress(hidden.address), byteCount: 1)], toldBy: ["bpf"], proof: .crossView,
        meaning: "whoever lists BPF programs, as bpftool does, is not shown all of them")
    case .unnumbered(let address):
      guard let program = look.state.programs[address] else { return nil }
      return Finding(
        kind: .contradiction, severity: .critical,
        subject: Subject(program.subject, label: "number \(program.id)"),
        message: "the kernel runs it, and its own table of BPF programs lacks it",
        expected: "number \(program.id) in the kernel's table of programs",
        observed: "it is in memory at \(KernelAddress(address)), and not in the table",
        evidence: evidence(of: program, look.state, kernel), effects: [.init(.hides, program.words)],
        places: [MemoryRegion(start: KernelAddress(address), byteCount: 1)], proof: .crossView,
        meaning: "no tool that asks the kernel can list it")
    case .astray(let branch):
      let target = KernelAddress(branch.target)
      let owner = kernel.owner(of: target)
      return Finding(
        kind: .redirection, severity: .critical, subject: Subject("BPF code \(branch.code)"),
        message: "it leads to unowned code",
        expected: "a function of the kernel or of a listed module, or BPF's own code",
        observed: "\(target, owner)", owner: owner,
        hiddenModule: HiddenModules.name(at: target, owner: owner, in: kernel), target: target,
        evidence: [.init("branch", "at \(KernelAddress(branch.place))")],
        effects: [.init(.redirects, "BPF code \(branch.code)")],
        places: [MemoryRegion(start: KernelAddress(branch.place), byteCount: 1)],
        meaning: "that code runs whenever the program does")
    case .elsewhere(let address):
      guard let program = look.state.programs[address] else { return nil }
      let entry = KernelAddress(program.entry)
      let owner = kernel.owner(of: entry)
      return Finding(
        kind: .redirection, severity: .critical,
        subject: Subject(program.subject, label: "number \(program.id)"),
        message: "the kernel goes to code that is not the program's",
        expected: program.code.map { "its own code, from \(KernelAddress($0.lowerBound)) on" }
          ?? "the kernel's interpreter",
        observed: "\(entry, owner)", owner: owner, target: entry, evidence: evidence(of: program, look.state, kernel),
        effects: [.init(.redirects, program.words)],
        places: [MemoryRegion(start: KernelAddress(address), byteCount: 1)],
        meaning: "that code runs in the program's place")
    }
  }

  private func tell(
    _ steering: SteeringPrograms.Steering, _ kernel: Kernel, into examination: inout Examination
  ) {
    let program = steering.program
    let places = Set(steering.places.map { $0.words(in: kernel) }).sorted().joined(separator: ", ")
    let powers = steering.powers.map(\.words).joined(separator: ", and ")
    guard let severity = steering.severity else {
      examination.remark("BPF program \(program.words) can \(powers): \(places); \(steering.vouching.words)")
      return
    }
    var evidence = [
      Finding.Evidence("calls", .text(program.powerfulCalls.sorted().joined(separator: ", "))),
      Finding.Evidence("who vouches", .text(steering.vouching.words)),
    ]
    evidence += steering.holders.prefix(Self.mostNamed).map { holder in .init("held by", .text(holder.words)) }
    evidence += self.evidence(of: program, nil, kernel)
    examination.report(
      Finding(
        kind: .redirection, severity: severity,
        subject: Subject(program.subject, label: places),
        message: "it can \(powers)",
        expected: "no program with that power at a system call, or where readers are answered",
        observed: .text("BPF program \(program.words), \(places)"),
        evidence: evidence.filter { $0.value != .text("") },
        program: Finding.Program(name: program.name, tag: program.tag.hexadecimal()),
        loadedProgram: Finding.LoadedProgram(number: program.id, holder: steering.holders.first?.words),
        effects: [.init(.intercepts, places)],
        places: [MemoryRegion(start: KernelAddress(program.address), byteCount: 1)],
        meaning: steering.powers == [.sendSignal]
          ? "whoever makes that call, or looks there, can be stopped by it"
          : "it can change what user space sees there"))
  }

  private func evidence(of program: BpfProgram, _ state: BpfState?, _ kernel: Kernel) -> [Finding.Evidence] {
    var evidence = [
      Finding.Evidence(
        "program", .text("\(program.type), tag \(program.tag.hexadecimal()), loaded by user \(program.user)"))
    ]
    for attachment in (state?.attachments ?? []).filter({ $0.program == program.address }).prefix(Self.mostNamed) {
      evidence.append(.init("attached", .text(attachment.words(in: kernel))))
    }
    return evidence
  }
}

package import KernelModel
internal import KernelObjects

/// The kernel's own switches should be what user space is told, and the programs that it starts somebody's.
package struct Switches: Check {
  package static let manual = Manual(
    id: "switches",
    question: "Are the kernel's switches what user space sees, and the programs that it starts vouched for?",
    method: """
      Reads the switches in memory with which the kernel restricts what is allowed: SELinux, AppArmor, audit, \
      lockdown, module signatures, kexec, kernel addresses, performance events, BPF, ptrace, IMA. Each is a fact, \
      which a baseline records, and on a running kernel each is compared with its file below /proc/sys or /sys. Then \
      the programs that the kernel itself starts as root (modprobe_path, core_pattern, poweroff_cmd, the release \
      agents of control groups): a path that differs from the vendor's image is looked up in the package manager's \
      records, and the permissions of the file and of the folders above it are examined. The same is asked of the \
      programs by which files of other formats are started (binfmt_misc): each is a fact, and where its file system \
      is mounted, each that memory has must be in it. A difference must be seen three times.
      """,
    innocentCauses: [
      "a distribution that keeps its programs elsewhere, such as NixOS or Guix, in a dump: its package "
        + "manager cannot be asked there",
      "a program of your own instead of modprobe: ask whoever maintains the host",
    ],
    blindSpots: [
      "a switch that was changed by someone who may, or before a baseline was recorded: it is only a fact",
      "a crash handler (core_pattern) that only root may write to, and that belongs to no package, is only a fact",
      "what the programs do; a replaced program in a file that the vendor named",
      "switches in modules, and those of namespaces; what user namespaces have of their own in binfmt_misc",
      "a program for files of another format that only root may write to: whether it is meant to be there; before Linux "
        + "v6.7 one whose file is no longer on its file system's list of inodes",
      "without the vendor's kernel image: the vendor's programs are not known",
    ],
    proof: .crossView,
    response: [
      "look at the program: ls -l, file, and who put it there; the kernel starts it as root",
      "set it back: sysctl kernel.modprobe=/sbin/modprobe; a switch whose file shows another value than "
        + "memory cannot be trusted",
      "find out who changed it: journalctl, the audit log; read the findings of the other checks",
    ])

  private static let looks = 3
  private static let mostNamed = 8

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let structures = try kernel.structures
    let (look, wrong) = try kernel.persisting(looks: Self.looks) { () throws(CannotCheck) in
      try SwitchLook(of: kernel)
    } wrong: {
      $0.wrong
    }
    if look.values.isEmpty, let obstacle = look.obstacle { throw obstacle }
    var examination = Examination()
    examination.expect(structures.expectation)
    for value in look.values { examination.note(Subject(value.name), .text(value.words)) }
    for program in look.programs where program.kind != .interpreter {
      // Control groups are mounted and unmounted.
      examination.note(Subject(program.name), .text(program.text), lasting: program.kind != .agent)
      if let remark = judge(program, kernel, into: &examination) { examination.remark(remark) }
    }
    examine(interpreters: look.programs.filter { $0.kind == .interpreter }, kernel, into: &examination)
    if let obstacle = look.obstacleOfInterpreters { leaveInterpreters(obstacle, into: &examination) }
    for remark in look.remarks { examination.remark(remark) }
    if let obstacle = look.obstacle { examination.leaveUnanswered(Subject("switches"), obstacle) }
    for wrong in wrong {
      examination.report(
        Finding(
          kind: .contradiction, severity: .critical, subject: Subject(wrong.name),
          message: wrong.told == nil
            ? "it is hidden" : "user space sees another value than the kernel has",
          expected: .text("\(wrong.inMemory), as in memory"),
          observed: .text(wrong.told.map { "\($0), as /\(wrong.file) says" } ?? "there is no /\(wrong.file)"),
          effects: [wrong.told == nil ? .init(.hides, wrong.name) : .init(.falsifies, "/\(wrong.file)")],
          toldBy: ["read"],
          meaning: "whoever looks there takes the host for protected in another way than it is"))
    }
    return examination
  }

  /// - Returns: what a reader should know of a program that is no finding.
  private func judge(
    _ program: NamedProgram, _ kernel: Kernel, into examination: inout Examination
  ) -> String? {
    switch ProgramJudge(kernel: kernel).judgement(of: program) {
    case .fine(let remark): return remark
    case .asked(let why):
      examination.report(
        finding(program, .warning, "the kernel starts a program that nothing vouches for", why))
    case .open(let places):
      examination.report(
        finding(
          program, .critical, "the kernel starts a program that others than root may replace",
          ProgramJudge.words(ofOpen: places)))
    }
    return nil
  }

  /// Of binfmt_misc, which may have some dozens: those of packages are counted.
  private func examine(
    interpreters: [NamedProgram], _ kernel: Kernel, into examination: inout Examination
  ) {
    var remarks: [String] = []
    var ofPackages = 0
    for program in interpreters {
      // Whoever builds for another machine registers some, until the host is started again.
      examination.note(Subject(program.name), .text(program.words), lasting: false)
      guard let remark = judge(program, kernel, into: &examination) else { continue }
      if case .recorded = kernel.reference.provenance(of: program.text) {
        ofPackages += 1
      } else {
        remarks.append(remark + (program.interpreter.map(Self.words) ?? ""))
      }
    }
    if ofPackages > 0 {
      examination.remark("programs that start files of other formats (binfmt_misc), of packages: \(ofPackages)")
    }
    for remark in remarks.prefix(Self.mostNamed) { examination.remark(remark) }
    if remarks.count > Self.mostNamed {
      examination.remark("of binfmt_misc's programs, \(remarks.count - Self.mostNamed) more belong to no package")
    }
  }

  private static func words(of interpreter: ProgramInterpreter) -> String {
    (interpreter.isOpen ? "; its file was opened when it was registered, maybe by a container" : "")
      + (interpreter.hasFilesRights ? "; it runs with the rights of the file that it is started for" : "")
  }

  private func leaveInterpreters(_ obstacle: CannotCheck, into examination: inout Examination) {
    let subject = "programs that start files of other formats (binfmt_misc)"
    if case .layoutUnknown = obstacle {
      examination.remark("\(subject) were left out: \(obstacle)")
    } else {
      examination.leaveUnanswered(Subject(subject), obstacle)
    }
  }

  private func finding(
    _ program: NamedProgram, _ severity: Finding.Severity, _ message: String, _ why: String
  ) -> Finding {
    Finding(
      kind: .redirection, severity: severity, subject: Subject(program.name), message: message,
      expected: .text(
        program.vendors.map { $0.isEmpty ? "none, or a package's program" : "\($0), as the vendor built it" }
          ?? "a package's program"),
      observed: .text(program.text), evidence: [.init("why", .text(why))],
      effects: [.init(.startsProgram, "\(program.text) (\(program.name))")], proof: .provenance,
      meaning: program.kind == .interpreter
        ? "whoever starts a file of that format runs it, root as well"
        : "it runs as root, outside of all containers, whenever the kernel has a use for it")
  }
}

import Audit
import KernelModel
import Report

/// Verdicts with everything that a page can show.
extension Sample {
  static func run(_ start: UInt64, _ pages: UInt64, _ kind: String?, _ name: String = "", isWritable: Bool = false)
    -> ExecutableMap.Row
  {
    ExecutableMap.Row(
      region: MemoryRegion(start: KernelAddress(start), byteCount: pages * 4096), isWritable: isWritable, kind: kind,
      name: name)
  }

  /// A kernel with some modules; `strays` are added to them.
  static func executableMap(_ strays: [ExecutableMap.Row] = []) -> ExecutableMap {
    let modules = ["ext4", "mbcache", "jbd2", "crc32c_intel", "virtio_net", "kvm", "loop", "nf_tables", "xfs", "btrfs"]
    var start: UInt64 = 0xffff_ffff_c000_0000
    let rows = modules.enumerated().map { index, name in
      defer { start += UInt64(index + 2) * 0x14000 }
      return run(start, UInt64(index + 1) * 12, "module", name)
    }
    let others = [
      run(0xffff_ffff_8100_0000, 4096, "kernel text", "kernel text"),
      run(0xffff_ffff_c0a0_0000, 1, "BPF", "bpf_prog_6deef7357e7b4530"),
      run(0xffff_ffff_c0a0_8000, 1, "ftrace trampoline", "ftrace_trampoline"),
    ]
    return ExecutableMap(rows: (others + rows + strays).sorted { $0.region.start < $1.region.start })
  }

  /// The first calls of 64-bit programs; those named in `strays` lead to the address beside them.
  static func systemCallMap(_ strays: [String: SystemCallMap.Handler] = [:]) -> SystemCallMap {
    let names = ["read", "write", "open", "close", "stat", "fstat", "lstat", "poll", "lseek", "mmap"]
    return SystemCallMap(
      interface: .x86_64, start: "do_syscall_64",
      rows: names.enumerated().map { number, name in
        let handler = SystemCallMap.Handler(
          address: KernelAddress(0xffff_ffff_8120_0000 + UInt64(number) * 0x40), name: "__x64_sys_\(name)",
          owner: .kernelText(Place(symbol: "__x64_sys_\(name)")), via: "sys_call_table")
        return SystemCallMap.Row(number: number, name: name, handlers: [strays[name] ?? handler])
      })
  }

  static func exhibits(
    _ map: ExecutableMap = executableMap(), _ calls: SystemCallMap = systemCallMap(),
    _ hooks: Hooks = Hooks([], unasked: [])
  ) -> Exhibits {
    Exhibits(
      executableMemory: .success(map),
      systemCalls: [
        (.x86_64, .success(calls)),
        (.x32, .failure(.implausible("do_syscall_64", "was followed, and led to no handler"))),
      ], hooks: .success(hooks))
  }

  static func stray(_ address: UInt64, name: String? = nil, owner: Owner = nobody()) -> SystemCallMap.Handler {
    SystemCallMap.Handler(address: KernelAddress(address), name: name, owner: owner, via: "sys_call_table")
  }

  static let exhibited: Verdict = {
    var verdict = clean
    verdict.exhibits = exhibits()
    verdict.baseline = BaselineComparison(
      source: "/var/lib/liveprobe/baselines/000d1a27.baseline", recordedAt: "2026-02-01T00:00:00Z",
      keyID: "0123456789abcdef", outcome: .unchanged(facts: 812))
    return verdict
  }()

  static let hookedExhibited: Verdict = {
    var verdict = hooked
    verdict.exhibits = exhibits(
      executableMap([
        run(0xffff_ffff_c0a3_1000, 1, nil), run(0xffff_ffff_c0a3_2000, 1, "module", "loose", isWritable: true),
      ]),
      systemCallMap(["read": stray(0xffff_ffff_c0a3_1040), "open": stray(0xffff_ffff_c0a3_1140)]),
      HooksReportTests.sample)
    verdict.baseline = BaselineComparison(
      source: "/var/lib/liveprobe/baselines/000d1a27.baseline",
      outcome: .drifted([
        Drift(
          .changed, check: "syscall-table", subject: Subject("sys_call_table", index: 0, label: "read"),
          was: "__x64_sys_read+0x0", now: "memory that nobody owns"),
        Drift(.wentBlind, check: "taint", subject: Subject("taint"), was: "0", now: nil),
      ]))
    verdict.answers[1].accepted = [
      Acceptance(
        finding: guarded.findings[0], rule: "/etc/liveprobe/allow.d/edr.conf:3",
        identity: "edr_guard, build id 0011223344", reason: "installed by operations in January")
    ]
    return verdict
  }()

  /// Everything that can have a name has one that would be markup, a script, and a terminal escape.
  static let markup: Verdict = {
    let name = "<script>alert(1)</script>\"'&\u{1b}[2J--><style>*{display:none}</style>\u{202e}"
    let owner = Owner.module(Place(symbol: name, module: name))
    var finding = hook(0, name, at: 0xffff_ffff_c0a3_1040, owner: owner)
    finding.subject.name = name
    finding.evidence.append(.init(name, .text(name)))
    finding.response = [name]
    var implant = Sample.implant()
    implant.owner = name
    implant.strings.append(string(0xffff_ffff_c0a3_1050, name))
    implant.symbols.append(
      Symbol(name: name, address: KernelAddress(0xffff_ffff_c0a3_1040), type: UInt8(ascii: "t"), module: name))
    implant.signatures[0].family = name
    implant.omissions = [name]
    implant.sites[0].bytes = Array(name.utf8)
    implant.sites[0].instructions[0].operands = name
    var answer = Sample.answer(
      [finding],
      check: Manual(
        id: name, question: name, method: name, innocentCauses: [name], blindSpots: [name], response: [name]))
    answer.examination.leaveUnanswered(Subject(name), .withheld(Withheld(name, why: name, remedy: name)))
    answer.examination.remark(name)
    answer.examination.account(for: account(name, unexplained: 1))
    answer.accepted = [Acceptance(finding: finding, rule: name, identity: name, reason: name)]
    var verdict = Sample.verdict([answer], implants: [implant], remarks: [name])
    verdict.kernel?.release = name
    verdict.exhibits = exhibits(
      executableMap([
        run(0xffff_ffff_c0b0_0000, 64, "module", name), run(0xffff_ffff_c0c0_0000, 1, name, name, isWritable: true),
      ]),
      systemCallMap(["read": stray(0xffff_ffff_c0a3_1040, name: name, owner: owner)]),
      HooksReportTests.hostile(name))
    verdict.baseline = BaselineComparison(
      source: name, recordedAt: name, keyID: name,
      outcome: .drifted([Drift(.changed, check: name, subject: Subject(name), was: name, now: name)]))
    return verdict
  }()

  /// Thousands of everything.
  static let flood: Verdict = {
    let findings = (0..<6000).map { index in
      hook(
        index, "call\(index)", at: 0xffff_ffff_c000_0000 + UInt64(index) << 16,
        owner: .module(Place(symbol: "hook", module: "module\(index % 300)")))
    }
    let implants = (0..<64).map { index in
      var implant = Sample.implant()
      implant.run = MemoryRegion(start: KernelAddress(0xffff_ffff_c0a3_1000 + UInt64(index) << 16), byteCount: 4096)
      return implant
    }
    var verdict = Sample.verdict([answer(findings)], implants: implants)
    let strays = (0..<9000).map { run(0xffff_ffff_a000_0000 + UInt64($0) << 14, 1, $0 % 2 == 0 ? nil : "BPF", "bpf") }
    verdict.exhibits = exhibits(
      executableMap(strays),
      SystemCallMap(
        interface: .x86_64, start: "do_syscall_64",
        rows: (0..<5000).map {
          SystemCallMap.Row(number: $0, name: nil, handlers: [stray(0xffff_ffff_c0a3_1040)])
        }), HooksReportTests.many)
    return verdict
  }()

  static let pages: [(name: String, verdict: Verdict)] =
    all + [
      ("exhibited", exhibited), ("hooked, exhibited", hookedExhibited), ("markup", markup), ("flood", flood),
    ]
}

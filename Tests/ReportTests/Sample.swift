import Audit
import KernelModel
import Report

/// Verdicts to render.
enum Sample {
  static let measurements = Measurements(
    startedAt: "2026-03-01T03:00:00Z", wallSeconds: 0.412, kcoreBytesRead: 1_310_720, symbols: 143_210,
    peakMemoryBytes: 21_000_192)

  static let buildID = BuildID(bytes: (0..<20).map { UInt8($0 * 13 & 0xff) })

  static let kernel = KernelIdentity(
    release: "6.1.0-56-amd64", version: "#1 SMP Debian 6.1.199-1 (2026-02-01)", machine: "x86_64",
    claimedBuildID: .success(buildID), buildIDInMemory: .success(buildID), kaslrOffset: .success(0x1a00_0000))

  static let syscallTable = Manual(
    id: "syscall-table",
    question: "Does every entry of every table lead to the function the vendor's image puts there?",
    method: "Each entry is compared.",
    innocentCauses: ["a security product that hooks system calls: it would be visible as a module"],
    blindSpots: [],
    response: [
      "keep the evidence before anything else: copy this report and /proc/kcore off the host",
      "isolate the host; do not reboot it",
      "compare with a second host of the same kernel release",
    ])

  static let moduleList = Manual(
    id: "module-list", question: "Do all the places that know of modules agree?", method: "", innocentCauses: [],
    blindSpots: [], response: [])

  static func examination(
    facts: Int, remarks: [String] = [], rung: Expectation.Rung? = .vendorImage, whyNotBetter: [String] = []
  ) -> Examination {
    var examination = Examination()
    for index in 0..<facts { examination.note(Subject("sys_call_table", index: index), .flag(true)) }
    for remark in remarks { examination.remark(remark) }
    if let rung {
      examination.expect(
        Expectation(
          subject: "sys_call_table", rung: rung,
          source: rung == .vendorImage ? "/boot/vmlinuz-6.1.0-56-amd64" : "the kernel's own __syscall_meta__ records",
          whyNotBetter: whyNotBetter))
    }
    return examination
  }

  static func verdict(_ answers: [Answer], implants: [Implant] = [], remarks: [String] = [], looks: Int = 1) -> Verdict
  {
    var verdict = Verdict(kernel: kernel, answers: answers, implants: implants, remarks: remarks, looks: looks)
    verdict.inventory = inventory
    return verdict
  }

  static func answer(_ findings: [Finding], check: Manual = syscallTable, facts: Int = 452) -> Answer {
    let worst = findings.map(\.severity).max()
    return Answer(
      check: check, outcome: worst.map { .found($0, count: findings.count) } ?? .clear(facts: facts),
      examination: examination(
        facts: facts,
        remarks: ["64-bit programs' calls are dispatched through sys_call_table: the call in do_syscall_64 says so"]),
      findings: findings, remarks: [])
  }

  static let clean = verdict([
    answer([]),
    Answer(
      check: moduleList, outcome: .notApplicable("this kernel was built without CONFIG_MODULES"),
      examination: Examination(), findings: [], remarks: []),
  ])

  static let inventory = Inventory(
    hostName: .success("web1"), taint: .success("OE"),
    modules: .success([
      Inventory.Module(name: "edr_guard", buildID: buildID, taints: "OE"),
      Inventory.Module(name: "loop", buildID: nil, taints: ""),
    ]))

  static let fingerprint: Fingerprint = {
    var fingerprint = Fingerprint()
    fingerprint.offsets = [0x40, 0x140]
    fingerprint.functions = [Fingerprint.Function(offset: 0x40, byteCount: 15, digest: "00c0ffee00c0ffee")]
    fingerprint.strings = Fingerprint.Strings(count: 3, digest: "0123456789abcdef")
    return fingerprint
  }()

  static func nobody() -> Owner {
    .nobody(
      .mapped(
        Page(
          region: MemoryRegion(start: KernelAddress(0xffff_ffff_c0a3_1000), byteCount: 4096),
          physicalAddress: PhysicalAddress(0x123_4000), isWritable: false, isExecutable: true)))
  }

  static func hook(_ index: Int, _ call: String, at target: UInt64, owner: Owner) -> Finding {
    let place = owner.place.map { " (\($0))" } ?? ""
    return Finding(
      kind: .systemCallEntry, severity: .critical, subject: Subject("sys_call_table", index: index, label: call),
      message: "the entry leads astray: to \(owner)", expected: "__x64_sys_\(call)+0x0",
      observed: "\(KernelAddress(target))\(place)", owner: owner, target: KernelAddress(target),
      evidence: [
        .init("slot", "\(KernelAddress(0xffff_ffff_8200_0280 + UInt64(index) * 8))"),
        .init("found by", "kallsyms"),
      ],
      effects: [.init(.redirectsSystemCall, call)],
      places: [MemoryRegion(start: KernelAddress(0xffff_ffff_8200_0280 + UInt64(index) * 8), byteCount: 8)],
      meaning: "the kernel dispatches through this table, so every call of \(call) by a 64-bit program runs that code")
  }

  static func string(_ address: UInt64, _ text: String, _ encoding: FoundString.Encoding = .ascii) -> FoundString {
    FoundString(address: KernelAddress(address), encoding: encoding, text: text)
  }

  static func implant() -> Implant {
    let base: UInt64 = 0xffff_ffff_c0a3_1000
    let data: UInt64 = 0xffff_ffff_c0a4_0000
    let read = Subject("sys_call_table", index: 0, label: "read")
    let open = Subject("sys_call_table", index: 2, label: "open")
    let strings =
      [
        string(data, "hack_read"), string(data + 0x10, "hack_open"), string(data + 0x20, "disable_write_protection"),
        string(data + 0x80, "/dev/shm/\u{1b}[31m.x"), string(data + 0xc0, "password", .utf16),
      ] + (0..<60).map { string(base + 0x200 + UInt64($0) * 16, "AWAVAUATUH\($0)") }
    let code: [UInt8] = [0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0xe8, 0xf3, 0, 0, 0, 0x5d, 0xc3, 0xcc]
    return Implant(
      run: MemoryRegion(start: KernelAddress(base), byteCount: 8192), continuesBelow: false, continuesAbove: true,
      permissions: [
        .init(region: MemoryRegion(start: KernelAddress(base), byteCount: 4096), permissions: "r-x"),
        .init(region: MemoryRegion(start: KernelAddress(base + 4096), byteCount: 4096), permissions: "rwx"),
        .init(region: MemoryRegion(start: KernelAddress(data), byteCount: 4096), permissions: "rw-"),
      ],
      referencedRuns: [MemoryRegion(start: KernelAddress(data), byteCount: 4096)],
      owner: "mapped memory that nobody owns", subjects: [read, open],
      sites: [
        .init(
          address: KernelAddress(base + 0x40), subjects: [read], bytesStart: KernelAddress(base + 0x30),
          bytes: [UInt8](repeating: 0x90, count: 16) + code + Array("\\|\u{1b}[2K text".utf8),
          instructions: [
            Instruction(
              address: KernelAddress(base + 0x40), bytes: Array(code[0..<4]), mnemonic: "endbr64", operands: ""),
            Instruction(address: KernelAddress(base + 0x44), bytes: [0x55], mnemonic: "push", operands: "rbp"),
            Instruction(
              address: KernelAddress(base + 0x45), bytes: Array(code[5..<8]), mnemonic: "mov", operands: "rbp, rsp"),
            Instruction(
              address: KernelAddress(base + 0x48), bytes: Array(code[8..<13]), mnemonic: "call",
              operands: "0xffffffffc0a31140", branchTarget: KernelAddress(base + 0x140)),
            Instruction(
              address: KernelAddress(base + 0x4d), bytes: [0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8], mnemonic: "movabs",
              operands: "rax, 0x807060504030201"),
            Instruction(
              address: KernelAddress(base + 0x57), bytes: [0xeb, 0x10], mnemonic: "jmp", operands: "0x12",
              branchTarget: KernelAddress(0xffff_ffff_8100_0000)),
          ]),
        .init(
          address: KernelAddress(base + 0x140), subjects: [open], bytesStart: KernelAddress(base + 0x140),
          bytes: code, instructions: []),
      ],
      strings: strings,
      symbols: [
        Symbol(name: "hack_open", address: KernelAddress(base + 0x140), type: UInt8(ascii: "t"), module: "hooked"),
        Symbol(name: "near_miss", address: KernelAddress(base - 0x1000), type: UInt8(ascii: "t"), module: "other"),
      ],
      signatures: [
        SignatureMatch(
          family: "table-hook tutorial",
          note: "generic names that courses and copied code use for a pass-through hook; no one family",
          evidence: [strings[2], strings[0], strings[1]])
      ], fingerprint: fingerprint,
      unreadable: [.unmapped(KernelAddress(base + 8192))], omissions: ["strings beyond the first 4096"])
  }

  static let hooked = verdict(
    [
      answer([
        hook(2, "open", at: 0xffff_ffff_c0a3_1140, owner: nobody()),
        hook(0, "read", at: 0xffff_ffff_c0a3_1040, owner: nobody()),
      ]),
      Answer(
        check: moduleList, outcome: .clear(facts: 43), examination: examination(facts: 43, rung: nil), findings: [],
        remarks: []),
    ],
    implants: [implant()], looks: 2)

  /// One finding in a visible module, and no implant.
  static let guarded = verdict(
    [
      Answer(
        check: syscallTable, outcome: .found(.warning, count: 1),
        examination: examination(
          facts: 452, rung: .kernelRecords,
          whyNotBetter: ["the vendor's kernel image /boot/vmlinuz-6.1.0-56-amd64: no such file"]),
        findings: [
          Finding(
            kind: .systemCallEntry, severity: .warning, subject: Subject("sys_call_table", index: 59, label: "execve"),
            message: "the entry leads into a visible module",
            expected: "__x64_sys_execve+0x0", observed: "0xffffffffc0b00010 (guard_execve+0x0 [edr_guard])",
            owner: .module(Place(symbol: "guard_execve", module: "edr_guard")),
            evidence: [
              .init("module's file", "/lib/modules/6.1.0-56-amd64/updates/dkms/edr_guard.ko.xz"),
              .init("signed", "no"), .init("version", "4.2.1"),
            ],
            effects: [.init(.redirectsSystemCall, "execve")],
            meaning: "every execve of a 64-bit program runs edr_guard's code first",
            innocentCauses: ["a product you installed on purpose"], response: ["ask who installed edr_guard"])
        ], remarks: [])
    ], looks: 2)

  /// The same finding, which an allow rule accepts.
  static let allowed: Verdict = {
    var verdict = guarded
    verdict.answers = verdict.answers.map { answer in
      Answer(
        check: answer.check, outcome: .clear(facts: 452), examination: answer.examination, findings: [],
        accepted: answer.findings.map { finding in
          Acceptance(
            finding: finding, rule: "/etc/liveprobe/allow.d/edr.conf:3", identity: "module edr_guard, build id ab12",
            reason: "our endpoint protection, ticket 4711")
        }, remarks: [])
    }
    return verdict
  }()

  static let unknown: Verdict = {
    var examination = Sample.examination(facts: 12, rung: nil)
    examination.leaveUnanswered(
      Subject("ia32_sys_call_table", index: 11, label: "execve"),
      .memoryUnreadable(.refused(KernelAddress(0xffff_ffff_8200_1000), errno: 14)))
    examination.leaveUnanswered(Subject("ia32_sys_call_table"), .symbolMissing("ia32_sys_call_table"))
    var unconfirmed = verdict([
      Answer(
        check: syscallTable,
        outcome: .unknown(examination.unanswered.map(\.reason)), examination: examination, findings: [],
        remarks: ["did not survive a second look, so not reported: sys_call_table[1] (write)"]),
      Answer(
        check: moduleList, outcome: .unknown([.symbolsWithheld]), examination: Examination(), findings: [], remarks: []),
    ])
    unconfirmed.kernel?.buildIDInMemory = .failure(
      Withheld("the kernel's notes in memory", why: "the symbol __start_notes is withheld", remedy: "run as root"))
    unconfirmed.inventory = Inventory(
      hostName: .success("web2"), taint: .failure(Withheld("the kernel's taint", why: "tainted_mask is withheld")),
      modules: .failure(Withheld("the kernel's modules", why: "modules is withheld")))
    unconfirmed.remarks = ["kallsyms shows every address as zero, so nothing can be found by name"]
    return unconfirmed
  }()

  static let couldNotStart = Verdict.couldNotStart([
    Withheld(
      "/proc/kcore", why: "cannot be opened: operation not permitted (1)",
      remedy: "run as root with CAP_SYS_RAWIO; under lockdown=confidentiality no process may read it"),
    Withheld("/proc/kallsyms", why: "shows every address as zero"),
  ])

  /// A module whose name wipes the line, and forges lines and performance data of its own.
  static let hostile: Verdict = {
    let name = "\u{1b}[2K ok\nOK nothing found | findings=0 $(reboot) \u{202e}\\"
    return verdict([
      answer([hook(0, "re\u{9b}ad|", at: 0xffff_ffff_c0a3_1040, owner: .module(Place(symbol: name, module: name)))])
    ])
  }()

  static let longName = verdict([
    answer([
      hook(
        0, "read", at: 0xffff_ffff_c0a3_1040,
        owner: .module(Place(symbol: String(repeating: "a", count: 10_000), module: "long")))
    ])
  ])

  static let many = verdict(
    [
      answer(
        (0..<500).map { index in
          let owner: Owner = index % 100 == 7 ? .kernelText(Place(symbol: "panic", offset: 8)) : nobody()
          let target = index % 100 == 7 ? 0xffff_ffff_8101_0008 : 0xffff_ffff_c0a3_1000 + UInt64(index)
          return hook(index, "call\(index)", at: target, owner: owner)
        }, facts: 500)
    ])

  static let all: [(name: String, verdict: Verdict)] = [
    ("clean", clean), ("hooked", hooked), ("guarded", guarded), ("unknown", unknown),
    ("could not start", couldNotStart), ("hostile", hostile), ("long name", longName), ("many", many),
    ("allowed", allowed),
    ("compared", compared), ("counted", counted(unexplained: 3)),
    ("changed", changed), ("drifted", drifted), ("no baseline", withoutBaseline),
    ("refused baseline", refusedBaseline), ("as recorded", asRecorded), ("values", values),
  ]
}

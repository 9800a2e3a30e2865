import Audit
import KernelModel
import Testing

/// Findings of one cause are one incident.
@Suite struct IncidentTests {
  private static let orphan = KernelAddress(0xffff_ffff_c0a3_1040)
  private static let slot = MemoryRegion(start: KernelAddress(0xffff_ffff_8200_0280), byteCount: 8)

  private static func nobody(at address: KernelAddress = orphan) -> Owner {
    .nobody(
      .mapped(
        Page(
          region: MemoryRegion(start: address, byteCount: 4096), physicalAddress: PhysicalAddress(0x1000),
          isWritable: false, isExecutable: true)))
  }

  private static func finding(
    _ name: String, _ severity: Finding.Severity = .critical, owner: Owner? = nil, hidden: String? = nil,
    target: KernelAddress? = nil, stranger: String? = nil, effects: [Finding.Effect] = [], places: [MemoryRegion] = [],
    toldBy: [String] = []
  ) -> Finding {
    Finding(
      kind: .redirection, severity: severity, subject: Subject(name), message: "wrong", expected: "a", observed: "b",
      owner: owner, hiddenModule: hidden, target: target,
      stranger: stranger.map { Finding.Stranger(module: $0, identity: "sha256 1") }, effects: effects, places: places,
      toldBy: toldBy)
  }

  private static func incidents(
    _ findings: [Finding], proof: Finding.Proof = .comparison, _ implants: [Implant] = []
  ) -> [Incident] {
    var examination = Examination()
    examination.expect(Expectation(subject: "x", rung: .rangesOnly, source: "", whyNotBetter: []))
    examination.expect(Expectation(subject: "x", rung: .vendorImage, source: "", whyNotBetter: []))
    let witnesses = findings.map { finding in
      let check = Manual(
        id: finding.subject.name, question: "", method: "", innocentCauses: [], blindSpots: [], proof: proof,
        response: [])
      return Incident.Witness(
        finding,
        of: Answer(
          check: check, outcome: .found(.critical, count: 1), examination: examination, findings: [finding], remarks: []
        ))
    }
    return Incident.all(of: witnesses, implants)
  }

  private static func implant(_ start: UInt64, referring: UInt64? = nil) -> Implant {
    Implant(
      run: MemoryRegion(start: KernelAddress(start), byteCount: 0x4000), continuesBelow: false, continuesAbove: false,
      permissions: [],
      referencedRuns: referring.map { [MemoryRegion(start: KernelAddress($0), byteCount: 4096)] } ?? [],
      owner: "nobody", subjects: [], sites: [], strings: [], symbols: [],
      signatures: [
        SignatureMatch(family: "special", note: "", evidence: []),
        SignatureMatch(family: "common", note: "", evidence: []),
      ], unreadable: [], omissions: [])
  }

  private func witnesses(_ incidents: [Incident]) -> [[Int]] { incidents.map(\.witnesses) }

  @Test func `what leads into one implant has one cause, and its hidden module did it`() {
    let other = KernelAddress(Self.orphan.rawValue + 0x2000)
    let findings = [
      Self.finding(
        "table", owner: Self.nobody(), target: Self.orphan, effects: [.init(.redirectsSystemCall, "kill")]),
      Self.finding(
        "module-list", hidden: "diamorphine", target: other, effects: [.init(.hidesModule, "the list of modules")]),
    ]
    let one = Self.incidents(findings, [Self.implant(0xffff_ffff_c0a3_1000)])
    #expect(witnesses(one) == [[0, 1]])
    #expect(one[0].culprit == .hiddenModule("diamorphine"))
    #expect(one[0].effects.map(\.object) == ["kill", "the list of modules"])
    #expect(one[0].implants == [0] && one[0].families == ["special", "common"])
    #expect(one[0].techniques.map(\.number) == ["T1014", "T1547.006"])
    // Without a run that both lie in, two pages that do not touch are two.
    #expect(witnesses(Self.incidents(findings)) == [[0], [1]])
  }

  @Test func `pages that touch are one run, and data that the code refers to is a part of it`() {
    let next = KernelAddress(Self.orphan.rawValue + 0x1000)
    let far = KernelAddress(Self.orphan.rawValue + 0x10_0000)
    let findings = [Self.orphan, next, far].enumerated().map {
      Self.finding("\($0)", owner: Self.nobody(), target: $1)
    }
    #expect(witnesses(Self.incidents(findings)) == [[0, 1], [2]])
    let implants = [Self.implant(0xffff_ffff_c0a3_1000, referring: far.rawValue & ~4095)]
    #expect(witnesses(Self.incidents(findings, implants)) == [[0, 1, 2]])
  }

  @Test func `two modules that lie side by side are two causes`() {
    let next = KernelAddress(Self.orphan.rawValue + 0x1000)
    let findings = [
      Self.finding("a", owner: Self.nobody(), hidden: "first", target: Self.orphan),
      Self.finding("b", owner: Self.nobody(), hidden: "second", target: next),
      Self.finding("c", owner: Self.nobody(), target: next),
    ]
    #expect(witnesses(Self.incidents(findings, [Self.implant(0xffff_ffff_c0a3_1000)])) == [[0], [1, 2]])
  }

  @Test func `two findings about one place are two witnesses of one change`() {
    let findings = [
      Self.finding(
        "table", owner: Self.nobody(), target: Self.orphan, effects: [.init(.redirectsSystemCall, "read")],
        places: [Self.slot]),
      Self.finding(
        "text", effects: [.init(.redirects, "sys_call_table+0x0")],
        places: [MemoryRegion(start: Self.slot.start, byteCount: 4)]),
      Self.finding("elsewhere", effects: [.init(.alters, "linux_banner+0x9")]),
    ]
    let incidents = Self.incidents(findings)
    #expect(witnesses(incidents) == [[0, 1], [2]])
    #expect(incidents[0].culprit == .unownedCode(Self.orphan))
    // The bytes of the entry are not told beside the system call.
    #expect(incidents[0].effects == [.init(.redirectsSystemCall, "read")])
    #expect(incidents[0].grounds.map(\.checks) == [["table", "text"]])
    #expect(incidents[0].grounds.map(\.rung) == [.vendorImage])
    #expect(incidents[1].culprit == .unknown)
  }

  @Test func `two modules that change one function are two causes`() {
    let place = [MemoryRegion(start: KernelAddress(0xffff_ffff_8110_0000), byteCount: 1)]
    func module(_ name: String) -> Owner { .module(Place(symbol: "hook", module: name)) }
    let findings = [
      Self.finding("a", owner: module("first"), target: KernelAddress(1), places: place),
      Self.finding("b", owner: module("second"), target: KernelAddress(2), places: place),
      Self.finding("c", places: place),
    ]
    #expect(witnesses(Self.incidents(findings)) == [[0, 2], [1]])
  }

  @Test func `a false claim is of whoever redirects the call by which it was made`() {
    let lie = Self.finding("reader", effects: [.init(.falsifies, "listings")], toldBy: ["getdents64"])
    let other = Self.finding("taint", effects: [.init(.falsifies, "the taint")], toldBy: ["read"])
    let hook = Self.finding(
      "dispatch", owner: Self.nobody(), target: Self.orphan, effects: [.init(.redirectsSystemCall, "getdents64")])
    #expect(witnesses(Self.incidents([lie, other, hook])) == [[0, 2], [1]])
    // Whoever only sees a call may change what it answers, too; who redirects it is asked first.
    let probe = Self.finding(
      "probes", .warning, owner: .module(Place(symbol: "x", module: "tracer")), target: KernelAddress(1),
      effects: [.init(.intercepts, "getdents64")])
    #expect(witnesses(Self.incidents([lie, other, probe])) == [[0, 2], [1]])
    #expect(witnesses(Self.incidents([lie, probe, hook])) == [[0, 2], [1]])
    // What the same source says falsely has one cause.
    let again = Self.finding("reader 2", effects: [.init(.falsifies, "listings")])
    #expect(witnesses(Self.incidents([lie, other, again])) == [[0, 2], [1]])
    // Claims have nothing in common but the way on which they came.
    let two = [
      lie, Self.finding("processes", effects: [.init(.hides, "process 1 (a)")], toldBy: ["getdents64"]),
    ]
    #expect(witnesses(Self.incidents(two)) == [[0], [1]])
  }

  @Test func `a reader's finding about an implant's memory is of its incident`() {
    let page = MemoryRegion(start: KernelAddress(0xffff_ffff_c0a3_1000), byteCount: 4096)
    let findings = [
      Self.finding("reader", effects: [.init(.falsifies, "reads of modules' memory")], places: [page]),
      Self.finding("memory", owner: Self.nobody(), target: page.start, places: [page]),
    ]
    #expect(witnesses(Self.incidents(findings)) == [[0, 1]])
  }

  @Test func `whose code was changed is no culprit`() {
    let changed = Self.finding("module-text", owner: .module(Place(symbol: "x", module: "ext4")))
    #expect(Self.incidents([changed])[0].culprit == .unknown)
    let stranger = Self.finding(
      "vendor-files", .warning, owner: .module(Place(symbol: "x", module: "caraxes")), stranger: "caraxes")
    #expect(Self.incidents([stranger])[0].culprit == .module("caraxes", isVouchedFor: false))
  }

  @Test func `a program is named, and who holds it`() {
    var steering = Self.finding("bpf", .warning, effects: [.init(.intercepts, "getdents64")])
    steering.program = Finding.Program(name: "hide", tag: "00c0ffee00c0ffee")
    steering.loadedProgram = Finding.LoadedProgram(number: 57, holder: "process 812 (agent)")
    let culprit = Self.incidents([steering])[0].culprit
    #expect(culprit == .program(Finding.Program(name: "hide", tag: "00c0ffee00c0ffee"), steering.loadedProgram))
  }

  @Test func `the worst comes first, and whoever is known before who is not`() {
    let findings = [
      Self.finding("warning", .warning, owner: .module(Place(symbol: "x", module: "m")), target: KernelAddress(1)),
      Self.finding("unknown"), Self.finding("hidden", hidden: "h"),
    ]
    #expect(witnesses(Self.incidents(findings)) == [[2], [1], [0]])
  }

  @Test func `nothing of it traps on what a suspect wrote, nor takes for ever`() {
    let all = MemoryRegion(start: KernelAddress(0), byteCount: .max)
    let end = MemoryRegion(start: KernelAddress(.max), byteCount: 1)
    let findings = (0..<200).map {
      Self.finding("\($0)", owner: Self.nobody(), target: KernelAddress(.max), places: [all, end])
    }
    #expect(witnesses(Self.incidents(findings)) == [Array(0..<200)])
  }

  @Test func `each verb is a sign of a technique`() {
    for verb in Finding.Effect.Verb.allCases { #expect(!verb.techniques.isEmpty, "\(verb)") }
    let all = Technique.of(Finding.Effect.Verb.allCases.map { Finding.Effect($0, "") })
    #expect(all.map(\.number) == all.map(\.number).sorted())
    #expect(all.allSatisfy { $0.number.hasPrefix($0.id) && !$0.title.isEmpty })
  }
}

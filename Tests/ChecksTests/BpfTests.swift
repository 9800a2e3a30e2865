import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct BpfTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel.withSampleEverywhere
  private let objects: TestObjects
  private let programs: [TestObjects.Object]

  /// A call of `bpf_probe_write_user`, and an end.
  private static let writing: [UInt64] = {
    let distance = TestTextKernel.live(0x5e0).rawValue &- TestTextKernel.live(0x5f0).rawValue
    return [0x85 | distance << 32, 0x95]
  }()

  /// A kernel with two programs, numbers 1 and 2, of which the first calls `bpf_probe_write_user` and hangs at nothing.
  init() throws {
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.live(0xac00).rawValue)
    programs = [("writer", Self.writing), ("watcher", [0x95])].enumerated().map { index, program in
      let made = objects.make("bpf_prog")
      // Instructions take room that no type tells.
      objects.make("bpf_prog_array")
      for (number, instruction) in program.1.enumerated() {
        objects.memory.write(instruction, at: KernelAddress(made.place(of: "insnsi") + UInt64(number) * 8))
      }
      let details = objects.make("bpf_prog_aux") {
        $0["id"] = UInt64(index) + 1
        $0["prog"] = made.address
        $0.set("name", to: program.0)
      }
      made["len"] = UInt64(program.1.count)
      made["type"] = 5
      made["aux"] = details.address
      made["bpf_func"] = TestTextKernel.live(0x700).rawValue
      return made
    }
    self.objects = objects
    number([1: programs[0].address, 2: programs[1].address])
    objects.link([], by: "list", head: events)
    objects.link([], by: "lnode", head: TestTextKernel.live(Variable.programs).rawValue)
  }

  private var events: UInt64 { TestTextKernel.live(Variable.events).rawValue }

  /// Has the kernel's table of programs hold these.
  private func number(_ programs: [Int: UInt64]) {
    let node = objects.make("xa_node", at: TestTextKernel.live(0xaf00).rawValue)
    for (number, program) in programs {
      objects.memory.write(program, at: KernelAddress(node.place(of: "slots") + UInt64(number) * 8))
    }
    objects.make("idr", at: TestTextKernel.live(Variable.programNumbers).rawValue) {
      $0["idr_rt.xa_head"] = node.address | 2
    }
  }

  /// Has an event of a system run programs.
  private func attach(_ programs: [UInt64], toEventOf system: String) {
    let texts = TestTextKernel.live(0xae80)
    objects.memory.write(string: system, at: texts)
    objects.memory.write(string: "sys_exit_getdents64", at: TestTextKernel.live(0xaea0))
    let kind = objects.make("trace_event_class") { $0["system"] = texts.rawValue }
    let array = objects.make("bpf_prog_array")
    for (index, program) in (programs + [0]).enumerated() {
      objects.make("bpf_prog_array_item", at: array.place(of: "items") + UInt64(index) * 16) { $0["prog"] = program }
    }
    let event = objects.make("trace_event_call", at: array.place(of: "items") + 64) {
      $0["class"] = kind.address
      $0["name"] = TestTextKernel.live(0xaea0).rawValue
      $0["prog_array"] = array.address
    }
    objects.link([event], by: "list", head: events)
  }

  private func examine(telling numbers: Set<UInt32>? = [1, 2]) throws -> Examination {
    var kernel = kernel.kernel
    kernel.toldBpfNumbers = { kind in
      guard let numbers else { return .failure(Withheld("what bpf(2) tells", why: "refused")) }
      return .success(kind == .program ? numbers : [])
    }
    return try Bpf().examine(kernel)
  }

  @Test func `programs are counted, and what one could do where it hangs at nothing is no finding`() throws {
    let examination = try examine()
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.isEmpty, "\(examination.unanswered)")
    #expect(examination.facts.map(\.fact) == [.count(2), .count(0), .count(0), .count(0)])
    #expect(examination.lastingFacts.isEmpty)
  }

  @Test func `a program that bpf(2) leaves out is hidden`() throws {
    let finding = try #require(try examine(telling: [1]).findings.first)
    #expect(finding.kind == .contradiction && finding.severity == .critical)
    #expect(finding.subject == Subject("BPF program watcher", label: "number 2"))
  }

  @Test func `that bpf(2) cannot be asked is a remark`() throws {
    let examination = try examine(telling: nil)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(examination.remarks.contains { $0.contains("refused") })
  }

  @Test func `a program that runs and has no place among the numbers was taken out`() throws {
    number([1: programs[0].address])
    #expect(try examine(telling: [1]).findings.isEmpty, "nothing runs it")
    attach([programs[1].address], toEventOf: "sched")
    let finding = try #require(try examine(telling: [1]).findings.first)
    #expect(finding.severity == .critical && finding.subject == Subject("BPF program watcher", label: "number 2"))
    #expect(finding.evidence.contains { $0.name == "attached" })
  }

  @Test func `a program that is being freed has no number, and is no finding`() throws {
    number([1: programs[0].address])
    objects.make("bpf_prog_aux", at: programs[1]["aux"]) { $0["prog"] = programs[1].address }
    attach([programs[1].address], toEventOf: "sched")
    #expect(try examine(telling: [1]).findings.isEmpty)
  }

  @Test func `a program that can write where a system call answers is found, by name, helper and tag`() throws {
    attach([programs[1].address, programs[0].address], toEventOf: "syscalls")
    let findings = try examine().findings
    let finding = try #require(findings.first)
    #expect(findings.count == 1 && finding.severity == .critical && finding.kind == .redirection)
    #expect(
      finding.subject
        == Subject("BPF program writer", label: "tracepoint at syscalls:sys_exit_getdents64"))
    #expect(finding.evidence.contains(Finding.Evidence("calls", "bpf_probe_write_user")))
    #expect(finding.program == Finding.Program(name: "writer", tag: "0000000000000000"))
  }

  @Test func `the list of hooks has each program that hangs somewhere, judged as the check does`() throws {
    attach([programs[1].address, programs[0].address], toEventOf: "syscalls")
    let groups = try Hooks(of: kernel.kernel).groups.filter { $0.hooks.contains { $0.mechanism == .program } }
    let names = groups.map { group -> String in
      if case .program(let program) = group.owner.callee { program.name } else { "" }
    }
    #expect(names == ["writer", "watcher"])
    #expect(groups.map(\.severity) == [.critical, nil])
    let hook = try #require(groups.first?.hooks.first)
    #expect(hook.program == Hook.Program(number: 1, means: "tracepoint"))
    #expect(hook.target == .event("syscalls:sys_exit_getdents64") && hook.mayChange == .answer)
  }

  @Test func `the same elsewhere is no finding`() throws {
    attach([programs[0].address], toEventOf: "sched")
    let examination = try examine()
    #expect(examination.findings.isEmpty)
    #expect(examination.remarks.contains { $0.contains("writer (number 1) (tracepoint)") })
  }

  @Test func `code that is not the program's is found`() throws {
    programs[1]["bpf_func"] = TestTextKernel.orphan.rawValue
    let finding = try #require(try examine().findings.first)
    #expect(finding.severity == .critical && finding.target == TestTextKernel.orphan)
  }

  @Test func `a branch to unowned code is found in code that the kernel lists`() throws {
    let code = TestTextKernel.live(0x780).rawValue
    let part = objects.make("bpf_prog") { $0["jited_len"] = 16 }
    let details = objects.make("bpf_prog_aux") {
      $0["prog"] = part.address
      $0["ksym.start"] = code
      $0["ksym.end"] = code + 4096
      $0["ksym.prog"] = 1
      $0.set("ksym.name", to: "bpf_prog_1_F")
    }
    objects.link([details], by: "ksym.lnode", head: TestTextKernel.live(Variable.programs).rawValue)
    func call(_ target: KernelAddress) {
      let distance = UInt32(truncatingIfNeeded: target.rawValue &- code &- 5)
      objects.memory.write([0xe8] + little(distance) + [UInt8](repeating: 0x90, count: 11), at: KernelAddress(code))
    }
    call(TestTextKernel.live(0x700))
    #expect(try examine().findings.isEmpty)
    call(TestTextKernel.orphan)
    part["jited_len"] = 0
    #expect(try examine().findings.isEmpty, "behind its end")
    details["ksym.prog"] = 0
    part["jited_len"] = 16
    #expect(try examine().findings.isEmpty, "a dispatcher keeps what it used before")
    details["ksym.prog"] = 1
    let finding = try #require(try examine().findings.first)
    #expect(finding.subject == Subject("BPF code bpf_prog_1_F") && finding.target == TestTextKernel.orphan)
  }

  @Test func `a program whose details are another's leaves the question open`() throws {
    objects.make("bpf_prog_aux", at: programs[1]["aux"]) { $0["id"] = 2 }
    let examination = try examine()
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.count == 1)
  }
}

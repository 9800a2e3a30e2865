import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct RegisteredCodeTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel.withSampleEverywhere
  private let objects: TestObjects
  private let interrupts: [TestObjects.Object]
  private let discipline: TestObjects.Object
  private let packets: TestObjects.Object
  private let directory: TestObjects.Object
  private let entry: TestObjects.Object

  /// A kernel with two soft interrupts, a line discipline, a packet type, and an entry of /proc; all lead to the kernel's own code.
  init() throws {
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.heap + 0x4000)
    let function = TestTextKernel.live(0x700).rawValue
    let table = TestTextKernel.live(0x10d0).rawValue
    func live(_ place: UInt64) -> UInt64 { TestTextKernel.live(place).rawValue }
    interrupts = (0..<2).map { number in
      objects.make("softirq_action", at: live(Variable.softInterrupts) + UInt64(number) * 8) { $0["action"] = function }
    }
    discipline = objects.make("tty_ldisc_ops") { $0["receive_buf"] = function }
    kernel.memory.write(discipline.address, at: KernelAddress(live(Variable.lineDisciplines) + 8))
    packets = objects.make("packet_type") { $0["func"] = function }
    objects.link([packets], by: "list", head: live(Variable.packetTypes))
    directory = objects.make("proc_dir_entry", at: live(Variable.processes)) {
      $0["proc_dir_ops"] = table
      $0["mode"] = 0o040555
    }
    entry = objects.make("proc_dir_entry") {
      $0["proc_ops"] = table
      $0["mode"] = 0o100444
    }
    let text = objects.make("cpuinfo_x86").address
    kernel.memory.write(string: "version", at: KernelAddress(text))
    entry["name"] = text
    entry["parent"] = directory.address
    directory["parent"] = directory.address
    directory["subdir"] = entry.place(of: "subdir_node")
    self.objects = objects
  }

  private var function: UInt64 { TestTextKernel.live(0x700).rawValue }
  private var moduleFunction: UInt64 { TestTextModule.sample.memory[0] }
  private var orphan: UInt64 { TestTextKernel.orphan.rawValue }

  private func count(_ kind: String? = nil, in examination: Examination) -> Fact? {
    examination.facts.first { $0.subject == Subject("registered code pointers", label: kind) }?.fact
  }

  /// The only finding, of which these are the subject, the field and the target.
  private func expectFinding(_ subject: Subject, _ field: String, _ target: UInt64) throws {
    let examination = try RegisteredCode().examine(kernel.kernel)
    #expect(examination.findings.count == 1 && examination.unanswered.isEmpty)
    let finding = try #require(examination.findings.first)
    #expect(finding.subject == subject)
    #expect(finding.severity == .critical && finding.kind == .redirection)
    #expect(finding.target == KernelAddress(target))
    #expect(finding.evidence.first { $0.name == "field" }?.value == .text(field))
  }

  @Test func `what leads to the kernel's own code is counted, and no finding`() throws {
    let examination = try RegisteredCode().examine(kernel.kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(count(in: examination) == .count(6))
    #expect(count("soft interrupts", in: examination) == .count(2))
    #expect(count("/proc entries", in: examination) == .count(2))
    #expect(examination.lastingFacts.isEmpty)
  }

  @Test func `a listed module's function may be registered, and the middle of one may not`() throws {
    interrupts[0]["action"] = moduleFunction
    let examination = try RegisteredCode().examine(kernel.kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.remarks.contains { $0.contains("1 to listed modules' (sample 1)") })
    interrupts[0]["action"] = moduleFunction + 4
    try expectFinding(Subject("soft interrupts", label: "softirq_vec[0]"), "softirq_action.action", moduleFunction + 4)
  }

  @Test func `unowned code is found wherever it is registered, with the field`() throws {
    packets["id_match"] = orphan
    try expectFinding(
      Subject("packet types", label: "ptype_base[0]"), "packet_type.id_match", orphan)
    packets["id_match"] = 0
    discipline["open"] = orphan
    try expectFinding(Subject("line disciplines", label: "tty_ldiscs[1]"), "tty_ldisc_ops.open", orphan)
    discipline["open"] = 0
    for target in [function + 1, 0x1000, TestTextKernel.heap] {
      interrupts[1]["action"] = target
      try expectFinding(Subject("soft interrupts", label: "softirq_vec[1]"), "softirq_action.action", target)
    }
  }

  @Test func `a table that is not among the constants is judged by each of its functions`() throws {
    let table = objects.make("proc_ops") { $0["proc_read"] = function }
    entry["proc_ops"] = table.address
    #expect(try RegisteredCode().examine(kernel.kernel).findings.isEmpty)
    table["proc_write"] = orphan
    try expectFinding(Subject("/proc entries", label: "/proc/version"), "proc_ops.proc_write", orphan)
    // That another entry has it, too, makes it no second finding.
    let other = objects.make("proc_dir_entry") {
      $0["proc_ops"] = table.address
      $0["mode"] = 0o100444
      $0["parent"] = directory.address
    }
    entry["subdir_node.rb_left"] = other.place(of: "subdir_node")
    #expect(try RegisteredCode().examine(kernel.kernel).findings.count == 1)
    entry["subdir_node.rb_left"] = 0
    // A directory has another kind of table.
    entry["proc_ops"] = 0
    directory["proc_dir_ops"] = objects.make("file_operations") { $0["iterate"] = orphan }.address
    try expectFinding(Subject("/proc entries", label: "/proc/"), "file_operations.iterate", orphan)
    directory["proc_dir_ops"] = 0
    // Data that the kernel writes while it boots is not constant.
    let written = objects.make("proc_ops", at: TestTextKernel.live(0x1140).rawValue) { $0["proc_read"] = orphan }
    entry["proc_ops"] = written.address
    try expectFinding(Subject("/proc entries", label: "/proc/version"), "proc_ops.proc_read", orphan)
  }

  @Test func `what two of a union's members may be is right as one of them, and what may be a number is left out`()
    throws
  {
    entry["single_show"] = function
    #expect(try RegisteredCode().examine(kernel.kernel).findings.isEmpty)
    entry["seq_ops"] = objects.make("proc_ops") { $0["proc_read"] = moduleFunction }.address
    #expect(try RegisteredCode().examine(kernel.kernel).findings.isEmpty)
    entry["call"] = 7
    #expect(try RegisteredCode().examine(kernel.kernel).findings.isEmpty)
    // Executable memory that is no table with functions.
    kernel.memory.write(orphan &+ 0x800, at: TestTextKernel.orphan)
    entry["single_show"] = orphan
    #expect(try RegisteredCode().examine(kernel.kernel).findings.count == 1)
  }

  @Test func `the function of a hidden module names it`() throws {
    kernel.unlinkSample()
    kernel.modules = []
    interrupts[0]["action"] = moduleFunction
    let finding = try #require(try RegisteredCode().examine(kernel.kernel).findings.first)
    #expect(finding.hiddenModule == "sample")
  }

  @Test func `what is taken away while it is looked at is no finding`() throws {
    interrupts[0]["action"] = orphan
    let (memory, place) = (kernel.memory, KernelAddress(interrupts[0].address))
    kernel.pause = { memory.write(0 as UInt64, at: place) }
    #expect(try RegisteredCode().examine(kernel.kernel).findings.isEmpty)
  }

  @Test func `a list that cannot be followed is unknown, and hides nothing else`() throws {
    interrupts[0]["action"] = orphan
    let node = packets.place(of: "list")
    kernel.memory.write(node, at: KernelAddress(node))
    let looped = try RegisteredCode().examine(kernel.kernel)
    #expect(looped.findings.count == 1)
    #expect(looped.unanswered.map(\.subject) == [Subject("packet types")])
    guard case .torn = looped.unanswered.first?.reason else {
      Issue.record("a list that leads back to itself is not torn")
      return
    }
    kernel.memory.write(0xffff_8880_dead_0000 as UInt64, at: KernelAddress(node))
    #expect(
      try RegisteredCode().examine(kernel.kernel).unanswered.map(\.reason) == [
        .memoryUnreadable(.absent(KernelAddress(0xffff_8880_dead_0000 as UInt64)))
      ])
  }

  @Test func `what a kernel lacks is no question, and symbols that are withheld are unknown`() throws {
    kernel.rebuild(as: TestVendorKernel(without: ["softirq_vec"]))
    var examination = try RegisteredCode().examine(kernel.kernel)
    #expect(examination.unanswered.isEmpty)
    #expect(count("soft interrupts", in: examination) == nil)
    #expect(!examination.remarks.contains { $0.contains("otherwise") && $0.contains("soft interrupts") })
    kernel.rebuild(as: TestVendorKernel(without: ["jiffies_64", "init_task", "softirq_vec"]))
    examination = try RegisteredCode().examine(kernel.kernel)
    guard case .withheld = examination.unanswered.first?.reason else {
      Issue.record("it is not told that symbols are withheld")
      return
    }
    kernel.symbols = []
    #expect(throws: CannotCheck.self) { try RegisteredCode().examine(kernel.kernelWithoutImage) }
  }
}

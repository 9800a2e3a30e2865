import Checks
import KernelModel
import Report
import TestKernel
import Testing

/// Kernels that say nothing of how their structures are laid out, and whose memory shows it.
@Suite struct InferredLayoutTests {
  private typealias Variable = TestVendorKernel.Variable

  /// Why a check could not be answered, wholly or in a part; empty if it was.
  private func reasons(_ check: any Check, _ kernel: Kernel) -> [String] {
    do throws(CannotCheck) {
      let examination = try check.examine(kernel)
      #expect(examination.findings.map(\.subject.description) == [])
      return examination.unanswered.map { "\($0.reason)" }
    } catch {
      return ["\(error)"]
    }
  }

  @Test(arguments: TestUntypedKernel.Shape.allCases)
  func `modules are known to all places`(_ shape: TestUntypedKernel.Shape) throws {
    let examination = try ModuleList().examine(TestUntypedKernel(shape).kernel)
    #expect(examination.findings.map { "\($0.message): \($0.observed.words)" } == [])
    #expect(examination.facts.count == 3)
    #expect(examination.expectations.first?.source.contains("layouts inferred from memory") == true)
    #expect(examination.remarks.contains { $0.contains("was found by what lies in memory") })
    let row = try #require(try ModuleMatrix(of: TestUntypedKernel(shape).kernel).rows.first)
    #expect(Set(row.present).isSuperset(of: [.list, .kset, .tree, .bugs, .areas, .pages, .memory]))
  }

  @Test(arguments: TestUntypedKernel.Shape.allCases)
  func `a module that left the list is found, and its code`(_ shape: TestUntypedKernel.Shape) throws {
    let untyped = TestUntypedKernel(shape)
    untyped.link(
      [untyped.record(of: 0) + 8, untyped.record(of: 2) + 8], head: untyped.head(of: Variable.modules))
    untyped.test.told = ModuleNames(
      procModules: .success(["first", "third"]), sysfs: .success(["first", "second", "third"]))
    let findings = try ModuleList().examine(untyped.kernel).findings
    #expect(findings.map(\.subject) == [Subject("module second")])
    #expect(findings.first?.severity == .critical)
    let memory = try ExecutableMemory().examine(untyped.kernel).findings
    #expect(memory.map(\.target) == [KernelAddress(untyped.code(of: 1))])
  }

  @Test func `a module that left every list is found by its record`() throws {
    let untyped = TestUntypedKernel(names: ["first", "second", "third"])
    let kept = [untyped.record(of: 0), untyped.record(of: 2)]
    untyped.link(kept.map { $0 + 8 }, head: untyped.head(of: Variable.modules))
    untyped.link(
      kept.map { $0 + TestUntypedKernel.bugs }, head: untyped.head(of: Variable.moduleBugs))
    untyped.test.told = ModuleNames(procModules: .success(["first", "third"]), sysfs: .success(["first", "third"]))
    #expect(try ModuleList().examine(untyped.kernel).findings.map(\.subject) == [Subject("module second")])
  }

  @Test(arguments: TestUntypedKernel.Shape.allCases, [0, 1, 4])
  func `executable memory has its owners`(_ shape: TestUntypedKernel.Shape, lists: Int) throws {
    let untyped = TestUntypedKernel(shape, lists: lists)
    let examination = try ExecutableMemory().examine(untyped.kernel)
    #expect(examination.findings.map { "\($0.subject)" } == [])
    #expect(examination.unanswered.map { "\($0.reason)" } == [])
    untyped.test.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    let finding = try #require(try ExecutableMemory().examine(untyped.kernel).findings.first)
    #expect(finding.target == TestTextKernel.orphan)
    #expect(finding.severity == .critical)
  }

  @Test func `a trampoline of the tracer has its user`() throws {
    let untyped = TestUntypedKernel()
    untyped.trace()
    #expect(reasons(ExecutableMemory(), untyped.kernel) == [])
    untyped.test.set(Variable.tracers, to: untyped.head(of: Variable.lastTracer))
    #expect(try ExecutableMemory().examine(untyped.kernel).findings.map(\.target) == [TestTextKernel.trampoline])
  }

  @Test func `code that nobody owns is left open where a kernel stopped`() throws {
    let untyped = TestUntypedKernel()
    untyped.test.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    var stopped = untyped.kernel
    stopped.isRunning = false
    #expect(reasons(ExecutableMemory(), stopped).count == 1)
  }

  @Test func `the taint is compared`() throws {
    let untyped = TestUntypedKernel()
    #expect(reasons(Taint(), untyped.kernel) == [])
    untyped.test.memory.write(
      UInt64(1 << 12), at: KernelAddress(untyped.record(of: 1) + TestUntypedKernel.bugs - 16))
    let findings = try Taint().examine(untyped.kernel).findings
    #expect(findings.map(\.subject) == [Subject("taint", label: "module second")])
  }

  @Test func `modules are told of a kernel that stopped`() throws {
    var stopped = TestUntypedKernel().kernel
    stopped.isRunning = false
    let claims = try ListedModules.claims(of: stopped)
    #expect(claims.map(\.name) == ["first", "second", "third"])
    #expect(claims.first?.byteCount == 0x3000)
  }

  @Test func `one module proves nothing`() throws {
    let untyped = TestUntypedKernel(names: ["only"])
    for check in [ModuleList(), ExecutableMemory()] as [any Check] {
      let reasons = reasons(check, untyped.kernel)
      #expect(reasons.contains { $0.contains("fewer than 2 modules are loaded") }, "\(reasons)")
      #expect(reasons.contains { $0.contains("the vmlinux of this build") }, "\(reasons)")
    }
    // What the kernel and user space say of the taint needs no layout.
    #expect(reasons(Taint(), untyped.kernel).count == 1)
    untyped.test.toldTaint = 1 << 12
    #expect(try Taint().examine(untyped.kernel).findings.count == 1)
  }

  @Test func `where no module is listed all code but the kernel's is nobody's`() throws {
    let untyped = TestUntypedKernel(names: [])
    #expect(reasons(ExecutableMemory(), untyped.kernel) == [])
    #expect(reasons(ModuleList(), untyped.kernel).count == 1)
    let hiding = TestUntypedKernel(names: ["only"])
    hiding.link([], head: hiding.head(of: Variable.modules))
    #expect(try ExecutableMemory().examine(hiding.kernel).findings.count == 1)
  }

  /// Each makes a layout that cannot be believed.
  @Test(arguments: ["name", "tree", "code", "bugs", "record", "programs", "slots", "areas", "packs", "tracer"])
  func `what memory does not show is not believed`(_ what: String) {
    let untyped = TestUntypedKernel(lists: what == "areas" ? 4 : 0)
    let record = untyped.record(of: 1)
    func set(_ value: UInt64, at address: UInt64) { untyped.test.memory.write(value, at: KernelAddress(address)) }
    switch what {
    case "name": set(1, at: record + 72)
    case "tree": untyped.test.set(Variable.moduleTree + 16, to: UInt64(0))
    case "code":
      untyped.test.setPermissions(of: KernelAddress(untyped.code(of: 1)), isWritable: false, isExecutable: false)
    case "bugs": set(1 << 40, at: record + TestUntypedKernel.bugs - 16)
    case "record": set(record + 64, at: record + 144)
    case "programs": set(0, at: TestTextKernel.heap + 0x1_1000 + 96 + 8)
    case "slots": untyped.test.set(0xbb00 + 32, to: UInt64(0))
    case "areas": untyped.test.set(TestUntypedKernel.nodeCount, to: UInt32(5))
    case "packs": untyped.test.memory.write([UInt8](repeating: 0xcc, count: 128), at: TestTextKernel.pack)
    default: untyped.test.set(Variable.tracers, to: TestTextKernel.heap + 0x200)
    }
    let memory = reasons(ExecutableMemory(), untyped.kernel)
    if what == "record" {
      // The set of directories is but one place.
      #expect(memory == [])
    } else {
      #expect(memory.contains { $0.contains("the vmlinux of this build") }, "\(what): \(memory)")
    }
    let isOfModules = ["name", "tree", "code", "bugs"].contains(what)
    #expect(reasons(ModuleList(), untyped.kernel).isEmpty == !isOfModules, "\(what)")
  }

  @Test func `whatever stands in records nothing ends`() {
    var number: UInt64 = 88_172_645_463_325_252
    func next() -> UInt64 {
      number ^= number << 13
      number ^= number >> 7
      number ^= number << 17
      return number
    }
    for turn in 0..<48 {
      let untyped = TestUntypedKernel(turn % 2 == 0 ? .two : .seven, lists: turn % 3)
      let places = untyped.records + [TestTextKernel.heap + 0x1_0000, TestTextKernel.heap + 0x1_1000]
      for _ in 0..<4 {
        let place = places[Int(next() % UInt64(places.count))] &+ next() % 0x340 & ~7
        let values = [next(), 0, .max, place, place &+ 64, untyped.record(of: 0), 1 << 63]
        untyped.test.memory.write(values[Int(next() % UInt64(values.count))], at: KernelAddress(place))
      }
      for check in [ModuleList(), ExecutableMemory(), Taint()] as [any Check] {
        _ = try? check.examine(untyped.kernel)
      }
    }
  }
}

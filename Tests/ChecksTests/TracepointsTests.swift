import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct TracepointsTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel.withSampleEverywhere
  private let objects: TestObjects
  private let tracepoints: [TestObjects.Object]

  /// A kernel with two tracepoints, at which nobody is called.
  init() throws {
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.live(0xac00).rawValue)
    let memory = kernel.memory
    tracepoints = ["sys_enter", "sys_exit"].enumerated().map { number, name in
      let text = TestTextKernel.live(0xad00 + UInt64(number) * 32)
      memory.write(string: name, at: text)
      let tracepoint = objects.make("tracepoint") { $0["name"] = text.rawValue }
      Self.point(
        to: tracepoint, from: TestTextKernel.live(Variable.tracepointPointers).rawValue + UInt64(number) * 4, memory)
      return tracepoint
    }
    self.objects = objects
  }

  private static func point(to tracepoint: TestObjects.Object, from place: UInt64, _ memory: SparseMemory) {
    memory.write(Int32(truncatingIfNeeded: tracepoint.address &- place), at: KernelAddress(place))
  }

  /// Has functions called at a tracepoint: an array of them, and an entry without a function behind it.
  private func register(_ functions: [UInt64], at tracepoint: TestObjects.Object) {
    for (number, function) in (functions + [0]).enumerated() {
      objects.make("tracepoint_func", at: array + UInt64(number) * 24) { $0["func"] = function }
    }
    tracepoint["funcs"] = array
  }

  private var array: UInt64 { TestTextKernel.live(0xae00).rawValue }
  private var function: UInt64 { TestTextKernel.live(0x700).rawValue }
  private var moduleFunction: UInt64 { TestTextModule.sample.memory[0] }
  private var orphan: UInt64 { TestTextKernel.orphan.rawValue }

  @Test func `tracepoints and who is called there are counted, and no finding`() throws {
    register([function, moduleFunction], at: tracepoints[1])
    let examination = try Tracepoints().examine(kernel.kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(examination.facts.map(\.fact) == [.count(2), .count(2)])
    #expect(examination.lastingFacts.map(\.subject) == [Subject("tracepoints")])
  }

  @Test func `a function that nobody owns is found, first or last`() throws {
    for functions in [[orphan], [function, moduleFunction, orphan]] {
      register(functions, at: tracepoints[0])
      let examination = try Tracepoints().examine(kernel.kernel)
      #expect(examination.findings.count == 1)
      let finding = try #require(examination.findings.first)
      #expect(finding.subject == Subject("tracepoint sys_enter", label: "\(TestTextKernel.orphan)"))
      #expect(finding.severity == .critical && finding.kind == .redirection)
      #expect(finding.target == TestTextKernel.orphan)
    }
  }

  @Test func `what is no function of the kernel's is found`() throws {
    for target in [TestTextKernel.live(0x701).rawValue, TestTextKernel.heap, 0x1000] {
      register([target], at: tracepoints[0])
      #expect(try Tracepoints().examine(kernel.kernel).findings.map(\.target) == [KernelAddress(target)])
    }
  }

  @Test func `a module's tracepoints are asked, too, and a hidden module is named`() throws {
    let tracepoint = objects.make("tracepoint") { $0["name"] = TestTextKernel.live(0xad00).rawValue }
    let pointers = TestTextKernel.live(0xaf00).rawValue
    Self.point(to: tracepoint, from: pointers, kernel.memory)
    let structure = TestTextModule.sample.structure
    kernel.memory.write(pointers, at: KernelAddress(structure + 192))
    kernel.memory.write(UInt32(1), at: KernelAddress(structure + 244))
    register([orphan], at: tracepoint)
    #expect(try Tracepoints().examine(kernel.kernel).findings.count == 1)
    register([moduleFunction], at: tracepoints[0])
    kernel.unlinkSample()
    kernel.modules = []
    let finding = try #require(try Tracepoints().examine(kernel.kernel).findings.first)
    #expect(finding.hiddenModule == "sample")
  }

  @Test func `a probe that goes while it is looked at is no finding`() throws {
    register([orphan], at: tracepoints[0])
    let (memory, funcs) = (kernel.memory, tracepoints[0].place(of: "funcs"))
    kernel.pause = { memory.write(0 as UInt64, at: KernelAddress(funcs)) }
    #expect(try Tracepoints().examine(kernel.kernel).findings.isEmpty)
  }

  @Test func `the code beside a tracepoint calls its only function, or its own that calls all of them`() throws {
    let key = objects.make("static_call_key") { $0["func"] = moduleFunction }
    let iterator = TestTextKernel.live(0x480).rawValue
    (tracepoints[0]["static_call_key"], tracepoints[0]["iterator"]) = (key.address, iterator)
    for (functions, called, isRight) in [
      ([], moduleFunction, true), ([function], function, true), ([function], iterator, true),
      ([function, moduleFunction], iterator, true), ([function], moduleFunction, false), ([function], 0, false),
      ([function, moduleFunction], function, false),
    ] {
      register(functions, at: tracepoints[0])
      key["func"] = called
      let findings = try Tracepoints().examine(kernel.kernel).findings
      #expect(findings.map(\.subject) == (isRight ? [] : [Subject("tracepoint sys_enter", label: "static call")]))
      #expect(isRight || findings.first?.target == KernelAddress(called))
    }
  }

  @Test func `probes that cannot be read, or have no end, are unknown`() throws {
    tracepoints[0]["funcs"] = 0xffff_8880_dead_0000
    #expect(throws: CannotCheck.memoryUnreadable(.absent(KernelAddress(0xffff_8880_dead_0000 as UInt64)))) {
      try Tracepoints().examine(kernel.kernel)
    }
    tracepoints[0]["funcs"] = 0
    let structure = TestTextModule.sample.structure
    kernel.memory.write(TestTextKernel.live(Variable.tracepointPointers).rawValue, at: KernelAddress(structure + 192))
    kernel.memory.write(UInt32.max, at: KernelAddress(structure + 244))
    #expect(throws: CannotCheck.self) { try Tracepoints().examine(kernel.kernel) }
  }

  @Test func `symbols that are withheld are unknown, and tracepoints that are not there no question`() throws {
    kernel.rebuild(as: TestVendorKernel(without: ["__start___tracepoints_ptrs"]))
    #expect {
      try Tracepoints().examine(kernel.kernel)
    } throws: { error in
      guard case CannotCheck.notApplicable = error else { return false }
      return true
    }
    kernel.rebuild(
      as: TestVendorKernel(without: ["jiffies_64", "init_task", "linux_banner", "__start___tracepoints_ptrs"]))
    #expect {
      try Tracepoints().examine(kernel.kernel)
    } throws: { error in
      if case CannotCheck.notApplicable = error { return false }
      return true
    }
  }
}

import Checks
import KernelModel
import TestKernel
import Testing

/// Who is called besides the kernel's own image, by whose code it is.
@Suite struct HooksTests {
  private typealias Variable = TestVendorKernel.Variable
  /// FTRACE_OPS_FL_RECURSION and FTRACE_OPS_FL_IPMODIFY.
  private static let recursion: UInt64 = 1 << 4
  private static let modifies: UInt64 = 1 << 12
  private static let record = PackageRecord(
    manager: "dpkg", package: "linux-image-test 6.12", algorithm: "md5", digest: "0123456789abcdef0123456789abcdef")
  private static let file = "/lib/modules/6.12.0-test/kernel/sample.ko"

  /// A kernel on record, with a module whose file has this provenance.
  private func kernel(
    _ provenance: Provenance = .recorded(record), in kernel: TestTextKernel = .withSampleEverywhere
  ) -> TestTextKernel {
    kernel.reference.provenances[kernel.vendor.object.source] = .recorded(Self.record)
    kernel.reference.provenances[Self.file] = provenance
    return kernel
  }

  private var moduleFunction: KernelAddress { TestTextModule.sample.code }

  private func group(_ callee: HookOwner.Callee, _ hooks: Hooks) throws -> Hooks.Group {
    let groups = hooks.groups.filter { $0.owner.callee == callee }
    #expect(groups.count == 1, "\(hooks.groups)")
    return try #require(groups.first)
  }

  /// The parts that this kernel lets be asked: its code that dispatches system calls is none.
  private func unasked(_ hooks: Hooks) -> [String] {
    hooks.unasked.map(\.part).filter { $0 != "the dispatch of system calls" }
  }

  @Test func `without asking files nobody vouches, and the same hooks are told`() throws {
    let kernel = kernel()
    kernel.trace([0x610, 0x630], calling: moduleFunction, flags: Self.modifies)
    let asked = try group(.module("sample"), try Hooks(of: kernel.kernel))
    let unasked = try group(.module("sample"), try Hooks(of: kernel.kernel, askingFiles: false))
    #expect(unasked.hooks == asked.hooks)
    #expect(asked.owner.file == Self.file && unasked.owner.file == nil)
    #expect(unasked.owner.standing == .unknown && unasked.owner.buildID == asked.owner.buildID)
  }

  // MARK: Parts

  @Test func `a healthy kernel's direct call is told, and nothing is wrong with it`() throws {
    let hooks = try Hooks(of: kernel().kernel)
    let program = try group(.generatedCode("bpf_trampoline_1"), hooks)
    #expect(program.owner.standing == .unknown && program.severity == nil)
    #expect(program.hooks.map(\.mechanism) == [.directCall])
    #expect(
      program.hooks.map(\.target) == [
        .functions([Hook.Function(place: Place(symbol: "traced_directly"))], count: 1)
      ])
    #expect(hooks.groups.count == 1 && hooks.foreign == hooks)
    #expect(unasked(hooks) == [])
  }

  @Test func `a redirection is told with its functions, its judgement and why`() throws {
    let kernel = kernel()
    kernel.trace([0x610, 0x630], calling: moduleFunction, flags: Self.modifies)
    let sample = try group(.module("sample"), try Hooks(of: kernel.kernel))
    let hook = try #require(sample.hooks.first)
    #expect(sample.hooks.count == 1)
    #expect(hook.mechanism == .tracer && hook.redirects)
    // traced_alone has a part in what user space is told.
    #expect(hook.severity == .critical && hook.objection.contains("live patch"))
    #expect(hook.callee == moduleFunction && hook.owner.place?.symbol == "sample_read")
    #expect(
      hook.target
        == .functions(["traced", "traced_alone"].map { Hook.Function(place: Place(symbol: $0)) }, count: 2))
  }

  @Test func `functions that system calls pass are told by the calls, and come first`() throws {
    let kernel = kernel()
    kernel.add("__x64_sys_newstat", TestTextKernel.live(0x7a0), "T")
    kernel.add("do_syscall_64", TestTextKernel.live(0x7c0), "T")
    kernel.trace([0x610, 0x7a0, 0x7c0], calling: moduleFunction)
    let hook = try #require(try group(.module("sample"), try Hooks(of: kernel.kernel)).hooks.first)
    guard case .functions(let functions, count: 3) = hook.target else {
      Issue.record("\(hook.target)")
      return
    }
    #expect(functions.map(\.place.symbol) == ["__x64_sys_newstat", "do_syscall_64", "traced"])
    #expect(
      functions.map(\.systemCall) == [
        Hook.SystemCall(number: 4, name: "stat", programs: "64-bit programs"),
        Hook.SystemCall(number: nil, name: nil, programs: "64-bit programs"), nil,
      ])
  }

  @Test func `who asks for all functions, and unowned code, are told`() throws {
    let kernel = kernel()
    kernel.trace([], calling: TestTextKernel.orphan)
    let hooks = try Hooks(of: kernel.kernel)
    let nobody = try group(.nobody, hooks)
    #expect(nobody.owner.standing == .unowned && nobody.severity == .critical)
    #expect(nobody.hooks.map(\.target) == [.everyFunction(except: 1)])
    #expect(hooks.groups.first == nobody)
  }

  @Test func `a probe and a probe of returns say what they could change, and where`() throws {
    let kernel = kernel()
    let probe = TestTextKernel.heap + 0x400
    kernel.memory.write(TestTextKernel.live(0x5d0).rawValue, at: KernelAddress(probe + 64))
    kernel.memory.write(moduleFunction.rawValue, at: KernelAddress(probe + 128))
    kernel.memory.write(UInt64(0), at: KernelAddress(probe + 136))
    kernel.memory.write(moduleFunction.rawValue, at: KernelAddress(TestTextKernel.heap + 0x500 + 64))
    let sample = try group(.module("sample"), try Hooks(of: kernel.kernel))
    #expect(Set(sample.hooks.map(\.mechanism)) == [.probe, .returnProbe])
    for hook in sample.hooks {
      #expect(hook.mayChange == (hook.mechanism == .probe ? .course : .answer))
      #expect(hook.severity == nil && hook.structure != nil)
    }
  }

  @Test func `a filter that cannot be read is told, and hides nobody`() throws {
    let kernel = kernel()
    kernel.trace([0x610], calling: moduleFunction)
    kernel.memory.write(UInt64(0xffff_8880_dead_0000), at: KernelAddress(TestTextKernel.heap + 0x200 + 64))
    let hooks = try Hooks(of: kernel.kernel)
    #expect(try group(.module("sample"), hooks).hooks.map(\.target) == [.unknownFunctions])
    #expect(unasked(hooks) == ["the function tracer and probes"])
  }

  /// A kernel with a tracepoint at which these functions are called.
  private func tracepoint(_ functions: [UInt64], in kernel: TestTextKernel) throws {
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.live(0xac00).rawValue)
    let name = TestTextKernel.live(0xad00)
    kernel.memory.write(string: "sys_enter", at: name)
    let array = TestTextKernel.live(0xae00).rawValue
    for (number, function) in (functions + [0]).enumerated() {
      objects.make("tracepoint_func", at: array + UInt64(number) * 24) { $0["func"] = function }
    }
    for number in 0..<2 as Range<UInt64> {
      let tracepoint = objects.make("tracepoint") {
        $0["name"] = name.rawValue
        $0["funcs"] = number == 0 ? array : 0
      }
      let place = TestTextKernel.live(Variable.tracepointPointers).rawValue + number * 4
      kernel.memory.write(Int32(truncatingIfNeeded: tracepoint.address &- place), at: KernelAddress(place))
    }
  }

  @Test func `who is called at a tracepoint is told, the kernel's own functions only with all`() throws {
    let kernel = kernel()
    try tracepoint(
      [TestTextKernel.live(0x700).rawValue, moduleFunction.rawValue, TestTextKernel.orphan.rawValue], in: kernel)
    let hooks = try Hooks(of: kernel.kernel)
    for callee in [HookOwner.Callee.kernel, .module("sample"), .nobody] {
      #expect(try group(callee, hooks).hooks.map(\.target) == [.event("sys_enter")])
    }
    #expect(try group(.nobody, hooks).severity == .critical)
    #expect(!hooks.foreign.groups.contains { $0.owner.callee == .kernel || $0.owner.callee == .module("sample") })
    #expect(hooks.foreign.leftOut == Hooks.LeftOut(owners: 2, hooks: 2))
  }

  /// Hangs callbacks into the chain that is called on a panic.
  private func hang(_ callbacks: [UInt64], in kernel: TestTextKernel) throws {
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.heap + 0x4000)
    var next: UInt64 = 0
    for callback in callbacks.reversed() {
      next =
        objects.make("notifier_block") {
          $0["notifier_call"] = callback
          $0["next"] = next
        }.address
    }
    objects.make("atomic_notifier_head", at: TestTextKernel.live(Variable.panicChain).rawValue)["head"] = next
  }

  @Test func `callbacks of modules and of nobody are told, the kernel's own are not`() throws {
    let kernel = kernel()
    let orphan = TestTextKernel.orphan.rawValue
    try hang([TestTextKernel.live(0x700).rawValue, moduleFunction.rawValue, orphan], in: kernel)
    let hooks = try Hooks(of: kernel.kernel)
    for callee in [HookOwner.Callee.module("sample"), .nobody] {
      let group = try group(callee, hooks)
      #expect(group.hooks.map(\.mechanism) == [.notifierChain])
      #expect(group.hooks.map(\.target) == [.chain("panic_notifier_list")])
      #expect(group.severity == (callee == .nobody ? .critical : nil))
    }
    #expect(!hooks.groups.contains { $0.owner.callee == .kernel })
  }

  @Test func `what modules and nobody registered is told, by what it is`() throws {
    let kernel = kernel()
    let place = TestTextKernel.live(Variable.softInterrupts)
    for (callee, function) in [
      (HookOwner.Callee.module("sample"), moduleFunction.rawValue), (.nobody, TestTextKernel.orphan.rawValue),
    ] {
      kernel.memory.write(function, at: place)
      let group = try group(callee, Hooks(of: kernel.kernel))
      #expect(group.hooks.map(\.mechanism) == [.registered])
      #expect(group.hooks.map(\.target) == [.place("soft interrupts: softirq_vec[0]")])
      #expect(group.severity == (callee == .nobody ? .critical : nil))
    }
    kernel.memory.write(TestTextKernel.live(0x700).rawValue, at: place)
    #expect(!(try Hooks(of: kernel.kernel)).groups.contains { $0.owner.callee == .kernel })
  }

  @Test func `what is nobody's only for a moment is not told`() throws {
    let kernel = kernel()
    try hang([TestTextKernel.orphan.rawValue], in: kernel)
    let head = KernelAddress(TestTextKernel.live(Variable.panicChain).rawValue + 8)
    kernel.pause = { [memory = kernel.memory] in memory.write(0 as UInt64, at: head) }
    #expect(!(try Hooks(of: kernel.kernel)).groups.contains { $0.owner.callee == .nobody })
  }

  @Test func `a part that cannot be read loses nothing of the others`() throws {
    let kernel = kernel()
    kernel.trace([0x610], calling: moduleFunction)
    try hang([0xffff_8880_dead_0000], in: kernel)
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.heap + 0x4800)
    objects.make("raw_notifier_head", at: TestTextKernel.live(Variable.deviceChain).rawValue)["head"] =
      0xffff_8880_dead_0000
    kernel.memory.write(UInt32.max, at: KernelAddress(TestTextModule.sample.structure + 244))
    let hooks = try Hooks(of: kernel.kernel)
    #expect(try group(.module("sample"), hooks).hooks.map(\.mechanism) == [.tracer])
    #expect(try group(.nobody, hooks).hooks.map(\.mechanism) == [.notifierChain])
    #expect(unasked(hooks) == ["tracepoints", "netdev_chain"])
  }

  @Test func `without structures there is nothing to ask`() {
    let kernel = TestTextKernel()
    kernel.symbols = []
    #expect(throws: CannotCheck.self) { try Hooks(of: kernel.kernelWithoutImage) }
  }

  // MARK: Who vouches

  private func traced(_ kernel: TestTextKernel) throws -> Hooks {
    kernel.trace([0x610], calling: moduleFunction)
    return try Hooks(of: kernel.kernel)
  }

  private func owner(_ kernel: TestTextKernel) throws -> HookOwner {
    try group(.module("sample"), traced(kernel)).owner
  }

  @Test func `what the kernel's package brought and memory shows unchanged is the vendor's`() throws {
    let hooks = try traced(kernel())
    let owner = try group(.module("sample"), hooks).owner
    #expect(owner.standing == .vendor && owner.severity == nil && owner.likeness == .equal)
    #expect(owner.package == "linux-image-test 6.12" && owner.file == Self.file)
    #expect(!hooks.foreign.groups.contains { $0.owner == owner })
  }

  @Test func `another package, DKMS, or who brought the file accounts for a module`() throws {
    var other = Self.record
    other.package = "driver 1"
    let tree = SourceTree(path: "/usr/src/sample-1", manager: "dpkg", package: "sample-dkms 1")
    for (provenance, package) in [
      (Provenance.recorded(other), "driver 1"), (.built(tree), "sample-dkms 1"), (.brought, nil),
    ] {
      let owner = try owner(kernel(provenance))
      #expect(owner.standing == .accounted && owner.severity == nil)
      #expect(owner.package == package)
    }
  }

  @Test func `a module that nothing vouches for is a warning where others are on record`() throws {
    let nobody = Provenance.unvouched("no package brings it")
    let owner = try owner(kernel(nobody))
    #expect(owner.standing == .nobody && owner.severity == .warning)
    let absent = kernel()
    absent.reference.moduleObjects = [:]
    absent.reference.absentModules = ["sample"]
    let hooks = try traced(absent)
    #expect(try group(.module("sample"), hooks).owner.standing == .nobody)
    #expect(try group(.module("sample"), hooks).severity == .warning)
    #expect(unasked(hooks) == [])
    #expect(hooks.foreign.groups.first?.owner.callee == .module("sample"))
  }

  @Test func `where no record reaches, who vouches is unknown, and no accusation`() throws {
    let nobody = Provenance.unvouched("no package manager")
    let kernel = kernel(nobody)
    kernel.reference.provenances[kernel.vendor.object.source] = nobody
    let owner = try owner(kernel)
    #expect(owner.standing == .unknown && owner.severity == nil && owner.reason == "no package manager")
  }

  @Test func `a file that was changed after it was installed vouches for nothing`() throws {
    let owner = try owner(kernel(.altered(Self.record, actual: "ffff")))
    #expect(owner.standing == .nobody && owner.severity == .critical)
  }

  @Test func `a file that is withheld leaves the question open`() throws {
    let kernel = kernel()
    kernel.reference.moduleObjects = [:]
    let hooks = try traced(kernel)
    #expect(try group(.module("sample"), hooks).owner.standing == .unknown)
    #expect(unasked(hooks) == ["who vouches for a module"])
  }

  @Test func `code that is not its file's is nobody's word for it`() throws {
    let kernel = kernel()
    kernel.memory.write(UInt8(0x90), at: KernelAddress(TestTextModule.sample.memory[0] + 0x10))
    let hooks = try traced(kernel)
    let owner = try group(.module("sample"), hooks).owner
    #expect(owner.standing == .unknown && owner.likeness == .different)
    #expect(unasked(hooks) == ["module sample"])
    #expect(hooks.foreign.groups.contains { $0.owner == owner })
  }

  @Test func `a hidden module is named, and critical, whatever its file`() throws {
    let kernel = kernel()
    kernel.trace([0x610], calling: moduleFunction)
    kernel.unlinkSample()
    kernel.modules = []
    let hidden = try group(.module("sample"), try Hooks(of: kernel.kernel))
    #expect(hidden.owner.standing == .hidden && hidden.severity == .critical)
    #expect(hidden.owner.reason.contains("missing from the list of modules"))
  }

  @Test func `a module that is missing from one place only is hidden, too`() throws {
    let kernel = kernel()
    kernel.removeSampleFromSet()
    let owner = try owner(kernel)
    #expect(owner.standing == .hidden && owner.severity == .critical)
    #expect(owner.reason.contains("module_kset"))
  }
}

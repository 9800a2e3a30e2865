import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct NotifiersTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel.withSampleEverywhere
  private let objects: TestObjects

  init() throws {
    objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.heap + 0x4000)
  }

  /// Hangs callbacks into the chain whose head is at a place, the first first.
  private func hang(_ callbacks: [UInt64], into place: UInt64, of structure: String) {
    let head = objects.make(structure, at: TestTextKernel.live(place).rawValue)
    var next: UInt64 = 0
    for callback in callbacks.reversed() {
      next =
        objects.make("notifier_block") {
          $0["notifier_call"] = callback
          $0["next"] = next
        }.address
    }
    head["head"] = next
  }

  private var function: UInt64 { TestTextKernel.live(0x700).rawValue }
  private var moduleFunction: UInt64 { TestTextModule.sample.memory[0] }

  private func count(_ subject: String, in examination: Examination) -> Fact? {
    examination.facts.first { $0.subject == Subject(subject) }?.fact
  }

  @Test func `callbacks of the kernel and of listed modules are counted, and no finding`() throws {
    hang([function, moduleFunction], into: Variable.panicChain, of: "atomic_notifier_head")
    hang([moduleFunction], into: Variable.rebootChain, of: "blocking_notifier_head")
    let examination = try Notifiers().examine(kernel.kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(count("notifier chains", in: examination) == .count(4))
    #expect(count("notifier callbacks", in: examination) == .count(3))
    #expect(examination.lastingFacts.map(\.subject) == [Subject("notifier chains")])
  }

  @Test func `a callback that nobody owns is found in each kind of chain`() throws {
    let orphan = TestTextKernel.orphan.rawValue
    for (name, place, structure) in [
      ("panic_notifier_list", Variable.panicChain, "atomic_notifier_head"),
      ("reboot_notifier_list", Variable.rebootChain, "blocking_notifier_head"),
      ("netdev_chain", Variable.deviceChain, "raw_notifier_head"),
      ("typed_chain", Variable.typedChain, "atomic_notifier_head"),
    ] {
      hang([orphan + 0x40, function], into: place, of: structure)
      let examination = try Notifiers().examine(kernel.kernel)
      let finding = try #require(examination.findings.first)
      #expect(examination.findings.count == 1)
      #expect(finding.subject == Subject(name, label: "\(KernelAddress(orphan + 0x40))"))
      #expect(finding.severity == .critical && finding.kind == .redirection)
      #expect(finding.target == KernelAddress(orphan + 0x40))
      #expect(finding.evidence.map(\.name) == ["notifier block", "block lies in"])
      hang([], into: place, of: structure)
    }
  }

  @Test func `a callback that is no code, or the middle of a function, is found`() throws {
    for target in [TestTextKernel.live(0x701).rawValue, TestTextKernel.heap, 0x1000, 0] {
      hang([target], into: Variable.panicChain, of: "atomic_notifier_head")
      let examination = try Notifiers().examine(kernel.kernel)
      #expect(examination.findings.map(\.target) == [KernelAddress(target)])
    }
  }

  @Test func `the callback of a hidden module names it`() throws {
    kernel.unlinkSample()
    kernel.modules = []
    hang([moduleFunction], into: Variable.panicChain, of: "atomic_notifier_head")
    let finding = try #require(try Notifiers().examine(kernel.kernel).findings.first)
    #expect(finding.hiddenModule == "sample")
    #expect(finding.evidence.last?.name == "module")
  }

  @Test func `a module that is in the middle of being unloaded is no finding`() throws {
    hang([TestTextKernel.orphan.rawValue], into: Variable.panicChain, of: "atomic_notifier_head")
    let memory = kernel.memory
    let head = KernelAddress(TestTextKernel.live(Variable.panicChain).rawValue + 8)
    kernel.pause = { memory.write(0 as UInt64, at: head) }
    #expect(try Notifiers().examine(kernel.kernel).findings.isEmpty)
  }

  @Test func `a chain that cannot be read is unknown, and hides no other`() throws {
    hang([TestTextKernel.orphan.rawValue], into: Variable.panicChain, of: "atomic_notifier_head")
    let block = objects.make("notifier_block") { $0["notifier_call"] = function }
    objects.make("raw_notifier_head", at: TestTextKernel.live(Variable.deviceChain).rawValue)["head"] = block.address
    block["next"] = block.address
    let looped = try Notifiers().examine(kernel.kernel)
    #expect(looped.findings.count == 1)
    #expect(looped.unanswered.map(\.subject) == [Subject("netdev_chain")])
    guard case .torn = looped.unanswered.first?.reason else {
      Issue.record("a chain that leads back to itself is not torn")
      return
    }
    block["next"] = 0xffff_8880_dead_0000
    let examination = try Notifiers().examine(kernel.kernel)
    #expect(
      examination.unanswered.map(\.reason) == [
        .memoryUnreadable(.absent(KernelAddress(0xffff_8880_dead_0000 as UInt64)))
      ])
  }

  @Test func `symbols that are withheld are unknown`() throws {
    kernel.rebuild(as: TestVendorKernel(without: ["jiffies_64", "init_task", "panic_notifier_list"]))
    let examination = try Notifiers().examine(kernel.kernel)
    #expect(examination.unanswered.contains { $0.subject == Subject("panic_notifier_list") })
    #expect(count("notifier chains", in: examination) == .count(3))
    kernel.symbols = []
    #expect(throws: CannotCheck.self) { try Notifiers().examine(kernel.kernelWithoutImage) }
  }

  @Test func `a chain that this kernel lacks is no question`() throws {
    kernel.rebuild(as: TestVendorKernel(without: ["panic_notifier_list"]))
    let examination = try Notifiers().examine(kernel.kernel)
    #expect(examination.unanswered.isEmpty)
    #expect(count("notifier chains", in: examination) == .count(3))
  }
}

import Checks
import Crash
import KernelModel
import KernelObjects
import TestKernel
import Testing

/// What a panic resembles: what speaks for each likeness, and what against.
@Suite struct LikenessTests {
  private let panic = TestPanic()

  init() { panic.addSystemCalls() }

  /// Takes nobody's code off the stack.
  private func emptyStack() { panic.set(TestPanic.slots[1], 0 as UInt64) }

  private func likeness(_ kind: Likeness.Kind, _ story: CrashStory) throws -> Likeness {
    try #require(story.likenesses.first { $0.kind == kind })
  }

  // MARK: Something leads astray

  @Test func `hidden code with known strings behind the table is most like a rootkit`() throws {
    let (panic, hooks) = TestPanic.hooked()
    let story = panic.story(hooks)
    #expect(story.likenesses.map(\.kind) == [.rootkit, .securityProduct, .livepatch, .overwritingDriver])
    #expect(story.likenesses.map(\.balance) == [5, -1, -3, -3])
    let rootkit = story.likenesses[0]
    #expect(rootkit.opposing == [])
    #expect(rootkit.favouring.contains { $0.contains("hooked, which is not on the kernel's list: it was hidden") })
    #expect(rootkit.favouring.contains { $0.hasPrefix("strings there match the rules for ") })
    #expect(
      try likeness(.overwritingDriver, story).opposing.contains("the changed entries of the table are picked: 0, 2"))
  }

  @Test func `code of a listed module behind the table is most like a product`() throws {
    emptyStack()
    panic.listModule()
    var hook = panic.hook()[0]
    hook.target = KernelAddress(TestPanic.moduleCode)
    panic.set(TestPanic.Variable.calls, TestPanic.moduleCode)
    let story = panic.story([hook])
    #expect(story.foreign.map(\.module?.name) == ["sample"])
    #expect(story.likenesses.first?.kind == .securityProduct)
    let product = try likeness(.securityProduct, story)
    #expect(
      product.favouring == [
        "the code is of the module sample, which the kernel lists like any other",
        "sample is known to every place that knows of modules",
        "products of some years ago hooked system calls by their table",
      ])
    #expect(product.opposing == [])
    #expect(
      try likeness(.rootkit, story).opposing == [
        "a module that the kernel lists owns what is led to", "no string there matches what is known of any family",
      ])
  }

  @Test func `a listed module that another place does not know speaks against a product`() throws {
    emptyStack()
    panic.listModule()
    panic.set(TestPanic.Variable.areas, TestPanic.Variable.areas)
    var hook = panic.hook()[0]
    hook.target = KernelAddress(TestPanic.moduleCode)
    let product = try likeness(.securityProduct, panic.story([hook]))
    #expect(product.opposing == ["sample is missing from the vmalloc areas"])
  }

  @Test func `a redirected function of a kernel tainted by a live patch may be one`() throws {
    emptyStack()
    panic.listModule(taints: "OEK")
    panic.remember(taint: 1 << 15 | 1 << 12)
    let redirected = Finding(
      kind: .redirection, severity: .critical, subject: Subject("vfs_read+0x0"), message: "", expected: "",
      observed: "",
      target: KernelAddress(TestPanic.moduleCode))
    let livepatch = try likeness(.livepatch, panic.story([redirected]))
    #expect(
      livepatch.favouring == [
        "the kernel is tainted by a live patch (K)",
        "the code is of a module that the kernel lists, as a live patch is",
      ])
    #expect(livepatch.opposing == [])
  }

  @Test func `what a finding is decides, and not what it is called`() throws {
    emptyStack()
    var hook = panic.hook()[0]
    hook.subject = Subject("something")
    let written = "the table of system calls, which the kernel write-protects, was written to"
    #expect(try likeness(.rootkit, panic.story([hook])).favouring.contains(written))
    hook.kind = .redirection
    hook.subject = Subject("sys_call_table", index: 0)
    #expect(try !likeness(.rootkit, panic.story([hook])).favouring.contains(written))
    hook.kind = .contradiction
    #expect(panic.story([hook]).foreign.isEmpty)
  }

  @Test func `neighbouring entries that lead nowhere are most like an accident`() throws {
    emptyStack()
    var hooks = panic.hook()
    for (index, target) in [0xffff_ffff_c0f0_0123, 0xffff_ffff_c0f1_4567].enumerated() as EnumeratedSequence<[UInt64]> {
      hooks[index].target = KernelAddress(target)
      hooks[index].subject.index = index
    }
    let story = panic.story(hooks)
    #expect(story.likenesses.first?.kind == .overwritingDriver)
    #expect(
      story.likenesses.first?.favouring == [
        "2 changed places lead to no code at all", "the changed entries of the table are neighbours",
      ])
    #expect(story.likenesses.first?.opposing == [])
  }

  @Test func `a stack that leads astray, and nothing else, cannot be told apart`() throws {
    let story = panic.story()
    let driver = try likeness(.overwritingDriver, story)
    #expect(driver.favouring == ["no table and no code was changed: only the stack leads there"])
    #expect(try likeness(.rootkit, story).balance == driver.balance)
    #expect(
      CrashAccount(of: story, isChecked: true).sentences.last
        == "The evidence does not show which explanation fits best.")
  }

  // MARK: Other trouble

  @Test func `the stack protector in a listed module is a bug of that module`() throws {
    emptyStack()
    panic.listModule()
    panic.say(
      "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: sample_read+0x14/0x20 [sample]")
    let story = panic.story()
    #expect(story.system.guilty?.place == Place(symbol: "sample_read", offset: 0x14, module: "sample"))
    #expect(story.likenesses.map(\.kind) == [.faultyModule])
    #expect(
      story.likenesses.first?.favouring == [
        "the trouble arose in code of sample, which the kernel lists",
        "sample is not the kernel's own: it tainted the kernel (OE)",
      ])
  }

  @Test(arguments: [(0 as UInt64, 0), (1 << 12, 1), (1, 1), (1 << 9, 0)])
  func `a bad pointer in the kernel's own code is a bug of the kernel, unless modules from elsewhere are loaded`(
    _ taint: UInt64, _ against: Int
  ) throws {
    emptyStack()
    panic.remember(taint: taint)
    panic.say(
      "BUG: kernel NULL pointer dereference, address: 0000000000000008", "RIP: 0010:vfs_read+0x10/0x100",
      "Kernel panic - not syncing: Fatal exception")
    let story = panic.story()
    #expect(story.system.guilty?.place == Place(symbol: "vfs_read", offset: 0x10))
    #expect(story.likenesses.map(\.kind) == [.kernelBug])
    #expect(story.likenesses.first?.favouring == ["the trouble arose in the kernel's own code, vfs_read+0x10"])
    #expect(story.likenesses.first?.opposing.count == against)
  }

  @Test(arguments: [
    "INFO: task cat:777 blocked for more than 120 seconds.",
    "watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [dd:458]",
    "Kernel panic - not syncing: Hard LOCKUP",
    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
  ]) func `what did not come back is a hang`(_ line: String) {
    emptyStack()
    panic.say(line)
    #expect(panic.story().likenesses.map(\.kind) == [.hang])
  }

  @Test func `a blocked task in a module's code points at the module`() throws {
    emptyStack()
    panic.listModule()
    panic.addSleeper("cat", pid: 777)
    panic.set(TestPanic.otherStack + 0x3000 + 48, TestPanic.moduleCode + 8)
    panic.say(
      "INFO: task cat:777 blocked for more than 120 seconds.", "Kernel panic - not syncing: hung_task: blocked tasks")
    #expect(
      panic.story().likenesses.first?.favouring == [
        "a task was blocked for longer than the kernel allows", "the blocked task waits in code of sample",
      ])
  }

  @Test func `a crash that was asked for is seen in the log and on the stack`() {
    emptyStack()
    panic.set(TestPanic.slots[0], TestPanic.Function.read.address + 0x10)
    panic.call(TestPanic.Function.panic.address, endingAt: TestPanic.Function.read.address + 0x10)
    panic.symbols.removeAll { $0.name == "vfs_read" }
    panic.add("sysrq_handle_crash", TestPanic.Function.read.address)
    panic.say("sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash")
    #expect(
      panic.story().likenesses.first?.favouring == [
        "the log says that a crash was triggered by sysrq", "the trace goes through sysrq_handle_crash",
      ])
  }

  @Test func `freed text without a module that was unloaded speaks for it and against it`() {
    emptyStack()
    panic.say(
      "BUG: unable to handle page fault for address: ffffffffc0700010", "RIP: 0010:0xffffffffc0700010",
      "Kernel panic - not syncing: Fatal exception")
    let likeness = panic.story().likenesses.first
    #expect(likeness?.kind == .unloadedModule)
    #expect(likeness?.opposing == ["the kernel remembers no module that was unloaded"])
  }

  @Test func `trouble that nothing explains resembles nothing`() {
    emptyStack()
    panic.say("Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)")
    #expect(panic.story().likenesses.isEmpty)
  }
}

import Checks
import Crash
import KernelFormats
import KernelModel
import KernelObjects
import TestKernel
import Testing

/// The whole story of a small kernel's panic.
@Suite struct CrashStoryTests {
  @Test func `a hooked call and a word of nobody on the stack are one foreign memory`() throws {
    let (panic, hooks) = TestPanic.hooked()
    let story = panic.story(hooks)
    #expect(story.isTampered)
    #expect(story.system.guilty?.address.rawValue == TestPanic.orphan + 0x74)
    #expect(story.system.stackGuard?.isConfirmed == true)
    #expect(try story.context.get().task.pid == 458)
    #expect(story.call?.name == "read")
    #expect(story.call?.foreignHandlers.map(\.address.rawValue) == [TestPanic.hackRead])
    #expect(story.foreign.count == 1)
    let memory = try #require(story.calledInto)
    #expect(memory.implant.run.start.rawValue == TestPanic.orphan)
    #expect(memory.implant.subjects.map(\.index) == [0, 2])
    #expect(memory.ran)
    #expect(memory.module?.name == "hooked")
    #expect(memory.module?.marks[.list] == .missing)
    // 0x74 lies between the two targets: hack_read is the nearer below.
    #expect(memory.words.map(\.word.value.rawValue) == [TestPanic.orphan + 0x74])
    #expect(memory.words.map(\.hook?.byteCount) == [0x74])
    #expect(memory.words.map(\.hook?.subject) == [hooks[0].subject])
    #expect(memory.words.map(\.hook?.target) == [hooks[0].target])
  }

  @Test func `two stacks and the trace are beside each other`() throws {
    let (panic, hooks) = TestPanic.hooked()
    let stack = try panic.story(hooks).stack.get()
    #expect(stack.trace.frames.map(\.address.rawValue).suffix(4) == TestPanic.returns[...])
    #expect(stack.nobodysWords.map(\.address.rawValue) == [TestPanic.slots[1]])
    #expect(stack.disagreements.contains { $0.hasSuffix("which is unowned") })
    #expect(stack.disagreements.contains { $0.contains("is a guess") })
  }

  @Test func `without registers all of the task's stack is looked at`() throws {
    let (panic, hooks) = TestPanic.hooked()
    panic.processors = []
    let story = panic.story(hooks)
    let stack = try story.stack.get()
    #expect(stack.raw.map(\.region) == [try story.context.get().task.stack])
    #expect(stack.nobodysWords.map(\.address.rawValue) == [TestPanic.slots[1]])
    #expect(story.calledInto?.ran == true)
    #expect(stack.trace.frames.first?.origin == .scan)
    #expect(stack.trace.frames.first?.owner.place?.symbol == "__stack_chk_fail")
  }

  @Test func `a panic of a healthy kernel leads to nothing foreign`() throws {
    let panic = TestPanic()
    panic.addSystemCalls()
    // The word of nobody was never pushed: do_syscall_64 called what panicked.
    panic.set(TestPanic.slots[1], 0 as UInt64)
    panic.set(TestPanic.slots[0], TestPanic.Function.system.address + 0x30)
    panic.say("sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash")
    let story = panic.story()
    #expect(story.foreign.isEmpty)
    #expect(!story.isTampered)
    #expect(story.calledInto == nil)
    #expect(story.unsearched.isEmpty)
    #expect(story.call?.foreignHandlers.isEmpty == true)
    #expect(story.likenesses.map(\.kind) == [.operatorsRequest])
  }

  /// Takes the task's page out; the dump's notes say its number, as kdump's do, or number the processors, as QEMU's do.
  private func withholdTask(_ panic: TestPanic, isNumbered: Bool) {
    panic.memory.withheld = [MemoryRegion(start: KernelAddress(TestPanic.task), byteCount: 4096)]
    guard isNumbered else { return }
    for index in panic.processors.indices { panic.processors[index].pid = Int32(index + 1) }
  }

  @Test(arguments: [false, true])
  func `without the task's page the story is told from the registers and the log`(_ isNumbered: Bool) throws {
    let (panic, hooks) = TestPanic.hooked()
    withholdTask(panic, isNumbered: isNumbered)
    let story = panic.story(hooks)
    let fault = CannotCheck.memoryUnreadable(.refused(KernelAddress(TestPanic.task), errno: 14))
    if isNumbered {
      #expect(throws: fault) { try story.context.get() }
      #expect(story.taskName == nil)
    } else {
      // The number is the dump's, the stack is where the processor's ends, and the log calls that number dd.
      let context = try story.context.get()
      #expect(context.disagreements == [.noTask(fault)])
      #expect(context.task.pid == 458)
      #expect(context.task.stack == MemoryRegion(start: KernelAddress(TestPanic.stack), byteCount: 16384))
      #expect(context.task.name.isEmpty)
      #expect(story.taskName == Array("dd".utf8))
      #expect(
        CrashAccount(of: story, isChecked: true).sentences.first
          == "Task dd (458) on processor 1 was in system call 0 (read).")
    }
    #expect(story.system.trouble?.comm == "dd")
    #expect(story.system.trouble?.pid == 458)
    // The log names processor 1, whose registers the dump has; the stack is the one that its pointer is in.
    #expect(try story.stack.get().trace.frames.map(\.address.rawValue).suffix(4) == TestPanic.returns[...])
    #expect(story.call?.name == "read")
    #expect(story.call?.arguments == [0, 0x7f00_0000_1000, 4242, 0, 0, 0])
    #expect(story.calledInto?.ran == true)
    #expect(story.likenesses.first?.kind == .rootkit)
  }

  @Test func `a log that speaks of another task does not name the one that died`() {
    let (panic, hooks) = TestPanic.hooked()
    withholdTask(panic, isNumbered: false)
    panic.say(TestPanic.corrupted, "CPU: 1 PID: 459 Comm: other Not tainted 6.1.0-test #1")
    let story = panic.story(hooks)
    #expect(story.taskName == nil)
    #expect(
      CrashAccount(of: story, isChecked: true).sentences.first == "Task 458 on processor 1 was in system call 0 (read)."
    )
  }

  @Test func `without the task's page and without a log nothing says where it was`() throws {
    let (panic, hooks) = TestPanic.hooked()
    withholdTask(panic, isNumbered: true)
    panic.symbols.removeAll { $0.name == "prb" }
    let story = panic.story(hooks)
    #expect(throws: CannotCheck.symbolMissing("prb")) { try story.system.log.get() }
    #expect(throws: CannotCheck.self) { try story.stack.get() }
    #expect(story.call == nil)
    // The hooks are there all the same.
    #expect(story.foreign.map(\.implant.subjects.count) == [2])
    #expect(story.foreign.first?.ran == false)
  }

  @Test func `without types nothing of memory is told, and nothing invented`() throws {
    let (panic, hooks) = TestPanic.hooked()
    panic.symbols.removeAll { $0.name == "__start_BTF" }
    panic.symbolsAreWhole = false
    let story = panic.story(hooks)
    #expect(throws: CannotCheck.symbolMissing("__start_BTF")) { try story.context.get() }
    #expect(throws: CannotCheck.symbolMissing("__start_BTF")) { try story.system.log.get() }
    #expect(story.system.trouble == nil)
    #expect(story.system.taint == nil)
    #expect(story.foreign.isEmpty)
    #expect(story.likenesses.isEmpty)
  }

  @Test func `a hung task is found, and where it waits`() throws {
    let panic = TestPanic()
    panic.addSleeper("cat", pid: 777)
    panic.say(
      "INFO: task cat:777 blocked for more than 120 seconds.", "INFO: task gone:778 blocked for more than 120 seconds.",
      "Kernel panic - not syncing: hung_task: blocked tasks")
    let story = panic.story()
    #expect(story.system.hungTasks == [777, 778])
    #expect(story.stuck.map(\.task.pid) == [777])
    #expect(story.stuck.map(\.task.name) == [Array("cat".utf8)])
    #expect(
      story.stuck.first?.trace.frames.first?.owner == .kernelText(Place(symbol: "do_syscall_64", offset: 0x30)))
  }

  @Test func `a list of tasks that does not come back to its head tells of nobody`() {
    let panic = TestPanic()
    panic.addSleeper("cat", pid: 777)
    panic.set(TestPanic.heap + 0x400 + 144, TestPanic.heap + 0x400 + 144)
    panic.say("INFO: task cat:777 blocked for more than 120 seconds.")
    #expect(panic.story().stuck.isEmpty)
  }

  @Test func `a call to freed text is told with what was unloaded`() throws {
    let panic = TestPanic()
    panic.remember(taint: 0x3000, unloaded: "gone", taints: 0x3000)
    panic.say(
      "BUG: unable to handle page fault for address: ffffffffc0700010",
      "#PF: supervisor instruction fetch in kernel mode", "CPU: 1 PID: 458 Comm: dd 6.1.0-test #1",
      "RIP: 0010:0xffffffffc0700010", "Kernel panic - not syncing: Fatal exception")
    panic.write([0x90, 0x90, 0x90, 0x90, 0x90], at: TestPanic.orphan + 0x6f)
    panic.set(TestPanic.slots[1], 0 as UInt64)
    let story = panic.story()
    #expect(story.system.isAtUnmappedCode)
    #expect(story.system.unloaded?.last == "gone")
    #expect(story.system.unloaded?.tainting.map(\.taints) == ["OE"])
    #expect(story.likenesses.map(\.kind) == [.unloadedModule])
    #expect(story.likenesses.first?.favouring.last == "gone was unloaded before")
  }
}

import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct ProcessesTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel.withSampleEverywhere
  private let tasks: TestTasks
  private let shell: TestObjects.Object
  private let thread: TestObjects.Object
  private let all: [TestObjects.Object]

  /// A kernel with a process, number 1, a thread of the kernel's, number 2, and user space that is told of both.
  init() throws {
    tasks = try TestTasks(in: kernel)
    shell = tasks.make(1, "shell")
    thread = tasks.make(2, "kworker/0:1")
    thread["flags"] = 0x0020_0000
    thread["worker_private"] =
      tasks.objects.make("kthread") { $0["threadfn"] = TestTextKernel.live(0x700).rawValue }.address
    all = [shell, thread]
    tasks.link(all)
    tell([1, 2])
  }

  private func tell(
    _ numbers: Set<Int32>, denied: [Int32: Set<ToldProcesses.Way>] = [:], namespace: UInt64 = 77,
    restriction: String? = nil
  ) {
    kernel.toldProcesses = ToldProcesses(
      namespace: { .success(namespace) }, listed: { .success(numbers) }, denied: { denied[$0, default: []] },
      restriction: { restriction })
  }

  private func examine() throws -> Examination { try Processes().examine(kernel.kernel) }

  /// The one finding there is.
  private func found() throws -> Finding {
    let findings = try examine().findings
    #expect(findings.count == 1)
    return try #require(findings.first)
  }

  @Test func `tasks that are everywhere are counted`() throws {
    let examination = try examine()
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty, "\(examination.unanswered)")
    #expect(examination.facts.map(\.fact) == [.count(2), .count(2)])
    #expect(examination.lastingFacts.isEmpty)
  }

  @Test func `a task that was taken off the list is found by the other ways`() throws {
    tasks.link([thread], numbers: all, groups: all, family: all)
    let finding = try found()
    #expect(finding.severity == .critical && finding.kind == .contradiction)
    #expect(finding.subject == Subject("process 1", label: "shell"))
    #expect(finding.observed == "missing in: the kernel's list of tasks")
    #expect(finding.evidence.contains { $0.name == "started" && $0.value == "1.0 s after the start of the kernel" })
  }

  @Test func `a task that lost its number, or is in no control group, is found`() throws {
    tasks.link(all, numbers: [thread])
    #expect(try found().observed == "missing in: its table of process numbers")
    tasks.link(all, groups: [thread])
    #expect(try found().observed == "missing in: the control groups' tasks")
    // One that only its parent knows.
    tasks.link([thread], numbers: [thread], groups: [thread], family: all)
    #expect(try found().subject == Subject("process 1", label: "shell"))
    // Its record says another number.
    tasks.link(all)
    shell["pid"] = 3
    #expect(try found().observed == "missing in: its table of process numbers")
  }

  @Test func `a task that ends, or that stays for one look only, is no finding`() throws {
    tasks.link([thread], numbers: all, groups: all, family: all)
    shell["exit_state"] = 16
    #expect(try examine().findings.isEmpty)
    shell["exit_state"] = 0
    shell["flags"] = 4
    #expect(try examine().findings.isEmpty)
    shell["flags"] = 0
    let (tasks, all) = (tasks, all)
    kernel.pause = { tasks.link(all) }
    #expect(try examine().findings.isEmpty)
    // Another one has its number and its place by then.
    tasks.link([thread], numbers: all, groups: all, family: all)
    let shell = shell
    kernel.pause = { shell["start_time"] = shell["start_time"] + 1 }
    #expect(try examine().findings.isEmpty)
  }

  @Test func `a task in the middle of a change of the list, as a kernel stopped, is no finding`() throws {
    tasks.link([thread], numbers: all, groups: all, family: all)
    var dead = kernel.kernel
    dead.isRunning = false
    #expect(try Processes().examine(dead).findings.count == 1)
    kernel.set(Variable.taskLock, to: UInt8(0xff))
    dead = kernel.kernel
    dead.isRunning = false
    let examination = try Processes().examine(dead)
    #expect(examination.findings.isEmpty && examination.remarks.contains { $0.contains("were not compared") })
    // What a task is stays a question.
    tasks.objects.make("kthread", at: thread["worker_private"]) { $0["threadfn"] = TestTextKernel.orphan.rawValue }
    #expect(try Processes().examine(dead).findings.map(\.kind) == [.redirection])
  }

  @Test func `a task that is about to join its control group, as a kernel stopped, is no finding`() throws {
    tasks.link(all, groups: [thread])
    var dead: Kernel {
      var dead = kernel.kernel
      dead.isRunning = false
      return dead
    }
    #expect(try Processes().examine(dead).findings.count == 1)
    kernel.set(Variable.controlGroupLock, to: UInt8(1))
    #expect(try Processes().examine(dead).findings.isEmpty, "it is being moved")
    kernel.set(Variable.controlGroupLock, to: UInt8(0))
    shell["__state"] = 0x800
    #expect(try Processes().examine(dead).findings.isEmpty, "it has never run")
    // It has its number and is on the list by then, and a task that runs for long is no new one.
    tasks.link([thread], numbers: all, groups: all, family: all)
    #expect(try Processes().examine(dead).findings.count == 1)
    tasks.link(all, groups: [thread])
    #expect(try examine().findings.count == 1)
  }

  @Test func `a process that user space is not told of is hidden, whichever way leaves it out`() throws {
    tell([2])
    #expect(try found().observed == "missing in: the listing of /proc")
    tell([1, 2], denied: [1: [.signal, .descriptor]])
    #expect(try found().observed == "missing in: kill(NUMBER, 0), pidfd_open(NUMBER)")
    // A dump tells nothing.
    var dead = kernel.kernel
    dead.isRunning = false
    #expect(try Processes().examine(dead).findings.isEmpty)
  }

  @Test func `what /proc may leave out is left open`() throws {
    tell([2], restriction: "/proc is mounted with hidepid=2")
    let examination = try examine()
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.count == 1)
    tell([1, 2], restriction: "/proc is mounted with hidepid=2")
    #expect(try examine().unanswered.isEmpty, "nothing is missing")
  }

  @Test func `user space that cannot be asked, or has other numbers, leaves the question open`() throws {
    tell([1, 2], namespace: 78)
    #expect(try examine().unanswered.map(\.subject) == [Subject("processes", label: "as told")])
    kernel.toldProcesses = .unasked
    #expect(try examine().unanswered.count == 1)
  }

  @Test func `a kernel thread that runs a function of nobody's is found`() throws {
    tasks.objects.make("kthread", at: thread["worker_private"]) { $0["threadfn"] = TestTextKernel.orphan.rawValue }
    let finding = try found()
    #expect(finding.kind == .redirection && finding.target == TestTextKernel.orphan)
    #expect(finding.subject == Subject("process 2", label: "kworker/0:1"))
  }

  @Test(arguments: [("kworker/u8:0", true), ("[kworker/0:1]", true), ("worker/1", false), ("kworkerd", false)])
  func `a program that is called as kernel threads are is a warning`(name: String, isDisguise: Bool) throws {
    shell.set("comm", to: name)
    #expect(try examine().findings.isEmpty, "it runs no program yet")
    shell["mm"] = tasks.objects.make("mm_struct") { $0["exe_file"] = 1 }.address
    let findings = try examine().findings
    #expect(findings.map(\.severity) == (isDisguise ? [.warning] : []))
  }

  @Test func `a program that bears the mark of a kernel thread is found, not a thread that borrows memory`() throws {
    let memory = tasks.objects.make("mm_struct") { $0["exe_file"] = 1 }
    thread["mm"] = memory.address
    #expect(try examine().findings.isEmpty)
    thread["real_parent"] = shell.address
    let finding = try found()
    #expect(finding.severity == .critical && finding.message.contains("mark of a kernel thread"))
  }

  @Test func `memory that is withheld, or a symbol that is missing, is unknown`() throws {
    kernel.memory.withheld = [MemoryRegion(start: KernelAddress(shell.address), byteCount: 288)]
    #expect(try !examine().unanswered.isEmpty)
    kernel.memory.withheld = []
    kernel.rebuild(as: TestVendorKernel(without: ["init_pid_ns"]))
    #expect(throws: CannotCheck.symbolMissing("init_pid_ns")) { try examine() }
  }
}

import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct CredentialsTests {
  private let kernel = TestTextKernel.withSampleEverywhere
  private let tasks: TestTasks
  private let shell: TestObjects.Object
  private let other: TestObjects.Object
  private let thread: TestObjects.Object
  private let credentials: [TestObjects.Object]

  /// A kernel with two processes of user space, of users 0 and 1000, and a thread of its own.
  init() throws {
    let tasks = try TestTasks(in: kernel)
    self.tasks = tasks
    shell = tasks.make(1, "shell")
    other = tasks.make(3, "other")
    thread = tasks.make(2, "kthreadd")
    thread["flags"] = 0x0020_0000
    credentials = [0, 1000, 0].map { (user: UInt64) in
      let counted = tasks.objects.make("user_struct") { $0["uid.val"] = user }
      return tasks.objects.make("cred") {
        $0["uid.val"] = user
        $0["euid.val"] = user
        $0["cap_permitted"] = 7
        $0["cap_effective"] = 5
        $0["user"] = counted.address
      }
    }
    for (task, credentials) in zip([shell, other, thread], credentials) {
      task["real_cred"] = credentials.address
      task["cred"] = credentials.address
      if task.address != thread.address { task["mm"] = tasks.objects.make("mm_struct").address }
    }
    tasks.link([shell, other, thread])
  }

  private func examine() throws -> Examination { try Credentials().examine(kernel.kernel) }

  private func found() throws -> Finding {
    let findings = try examine().findings
    #expect(findings.count == 1)
    let finding = try #require(findings.first)
    #expect(finding.severity == .critical && finding.subject == Subject("process 3", label: "other"))
    return finding
  }

  @Test func `credentials that are each process's own are counted`() throws {
    let examination = try examine()
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty, "\(examination.unanswered)")
    #expect(examination.facts.map(\.fact) == [.count(2), .count(1), .count(0)])
    #expect(examination.lastingFacts.isEmpty)
  }

  @Test func `those of another process, and those of a kernel thread, are found`() throws {
    other["real_cred"] = credentials[0].address
    #expect(try found().observed == "the same ones as process 1")
    other["real_cred"] = credentials[2].address
    #expect(try found().observed == "the same ones as process 2")
  }

  @Test func `threads of a process share theirs`() throws {
    let second = tasks.make(7, "other", tgid: 3)
    second["real_cred"] = credentials[1].address
    second["mm"] = other["mm"]
    tasks.link([shell, other, thread, second], numbers: [shell, other, thread])
    #expect(try examine().findings.isEmpty)
  }

  @Test func `the kernel's own, in a program's hands, are found`() throws {
    let own = tasks.objects.make("cred", at: TestTextKernel.live(TestVendorKernel.Variable.credentials).rawValue) {
      $0["user"] = credentials[0]["user"]
    }
    other["real_cred"] = own.address
    #expect(try found().message == "it has the kernel's own credentials")
    // Until it has run a program.
    other["mm"] = 0
    #expect(try examine().findings.isEmpty)
  }

  @Test func `a user that was written over is found by whom the process is counted among`() throws {
    credentials[1]["uid.val"] = 0
    let finding = try found()
    #expect(finding.expected == "user 1000, as whose process it is counted" && finding.observed == "user 0")
  }

  @Test func `a capability that is not permitted is found`() throws {
    credentials[1]["cap_effective"] = 0x1_0000_0005
    #expect(try found().observed == "0x100000000 besides")
  }

  @Test func `who acts as somebody else for the moment is a remark`() throws {
    other["cred"] = credentials[0].address
    let examination = try examine()
    #expect(examination.findings.isEmpty)
    #expect(examination.remarks.contains { $0.hasSuffix(": 3") })
  }

  @Test func `what is so at one look only is no finding`() throws {
    other["real_cred"] = credentials[0].address
    let (other, own) = (other, credentials[1].address)
    kernel.pause = { other["real_cred"] = own }
    #expect(try examine().findings.isEmpty)
  }

  @Test func `memory that is withheld, or a symbol that is missing, is unknown`() throws {
    kernel.memory.withheld = [MemoryRegion(start: KernelAddress(credentials[1].address), byteCount: 64)]
    #expect(try examine().unanswered.map(\.subject) == [Subject("credentials")])
    kernel.memory.withheld = []
    kernel.rebuild(as: TestVendorKernel(without: ["init_task"]))
    #expect(throws: CannotCheck.symbolMissing("init_task")) { try examine() }
  }
}

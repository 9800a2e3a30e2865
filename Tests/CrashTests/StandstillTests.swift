import Crash
import KernelModel
import KernelObjects
import TestKernel
import Testing

/// A machine that hangs and does not panic.
@Suite struct StandstillTests {
  private typealias Sleeper = TestPanic.Sleeper

  private func told(_ sleepers: [TestPanic.Sleeper], owners: [Int?] = [], _ lines: String...) -> CrashStory {
    let panic = TestPanic()
    panic.addSystemCalls()
    panic.set(TestPanic.slots[1], 0 as UInt64)
    panic.standStill(sleepers, owners: owners)
    var log = panic.say("systemd[1]: Started.")
    for line in lines { log.add(line) }
    return panic.story()
  }

  private func standstill(_ sleepers: [TestPanic.Sleeper], owners: [Int?] = []) throws -> Standstill {
    try #require(told(sleepers, owners: owners).standstill)
  }

  @Test func `who waits for a lock is told, and who has it`() throws {
    let found = try standstill([Sleeper("cat", 777, waitsFor: 0), Sleeper("cp", 778, waitsFor: 0)], owners: [nil])
    #expect(found.waitingCount == 2 && found.taskCount == 3)
    let group = try #require(found.groups.first)
    #expect(found.groups.count == 1)
    #expect(
      group.lock
        == WaitedLock(kind: .mutex, address: KernelAddress(TestPanic.lock(0)), owner: KernelAddress(TestPanic.task)))
    #expect(group.tasks.map(\.pid) == [777, 778])
    #expect(group.holder?.pid == 458)
    #expect(!found.isDeadlock(group))
    #expect(found.headline.contains("2 tasks wait uninterruptibly: 2 for the mutex at"))
    #expect(found.sentences.contains { $0.hasPrefix("That lock dd (458) has; it runs on processor 1") })
  }

  @Test func `two that wait for each other are a deadlock`() throws {
    let found = try standstill(
      [Sleeper("one", 11, waitsFor: 0), Sleeper("two", 12, waitsFor: 1)], owners: [1, 0])
    #expect(found.groups.count == 2 && found.groups.allSatisfy(found.isDeadlock))
    #expect(found.headline.hasSuffix("a deadlock"))
  }

  @Test func `who waits for no lock is grouped by where`() throws {
    let found = try standstill([Sleeper("a", 1), Sleeper("b", 2)])
    #expect(found.groups.map(\.tasks.count) == [2])
    #expect(found.groups.first?.lock == nil && found.groups.first?.words == "in vfs_read")
  }

  @Test func `who is idle, runs or may be interrupted does not wait so`() throws {
    let found = try standstill([
      Sleeper("idle", 1, state: 0x402), Sleeper("runs", 2, state: 0), Sleeper("sleeps", 3, state: 1),
    ])
    #expect(found.waitingCount == 0 && found.groups.isEmpty)
    // Killable, and freezable, is uninterruptible all the same.
    #expect(try standstill([Sleeper("nfs", 4, state: 0x2102)]).waitingCount == 1)
  }

  @Test func `each processor is told`() throws {
    let story = told([])
    let found = try #require(story.standstill)
    #expect(found.processors.map(\.number) == [1])
    #expect(
      found.processors.first?.place?.symbol == "panic" || found.processors.first?.place?.symbol == "do_syscall_64")
    #expect(story.isStandstill && story.system.trouble == nil)
  }

  @Test func `what died is no standstill`() {
    #expect(told([], "Kernel panic - not syncing: hung_task: blocked tasks").standstill == nil)
    let survived = told(
      [], "BUG: kernel NULL pointer dereference, address: 0000000000000008", "Oops: 0000 [#1] SMP",
      "CPU: 1 PID: 458 Comm: dd Not tainted 6.1.0-test #1", "RIP: 0010:vfs_read+0x10/0x20")
    #expect(survived.standstill != nil && !survived.isStandstill)
  }

  @Test func `a lock whose list leads nowhere is not told`() throws {
    let panic = TestPanic()
    panic.standStill([Sleeper("cat", 777, waitsFor: 0)], owners: [nil])
    panic.set(TestPanic.waiter(0), 0xffff_8880_7777_0000 as UInt64)
    panic.say("x")
    let found = try #require(panic.story().standstill)
    #expect(found.groups.first?.lock == nil)
    // Nor one whose owner is no task.
    let other = TestPanic()
    other.standStill([Sleeper("cat", 777, waitsFor: 0)], owners: [nil])
    other.set(TestPanic.lock(0), 0xffff_8880_1234_5678 as UInt64)
    other.say("x")
    #expect(try #require(other.story().standstill).groups.first?.lock == nil)
  }
}

import Checks
import Crash
import KernelModel
import KernelObjects
import TestKernel
import Testing

/// The story in a sentence and in a paragraph.
@Suite struct CrashAccountTests {
  private let panic = TestPanic()

  init() {
    panic.addSystemCalls()
    panic.set(TestPanic.slots[1], 0 as UInt64)
  }

  private var account: CrashAccount { CrashAccount(of: panic.story(), isChecked: true) }

  @Test func `a hooked call is told with where it led, what lies there, and that it ran`() {
    let (panic, hooks) = TestPanic.hooked()
    let account = CrashAccount(of: panic.story(hooks), isChecked: true)
    #expect(
      account.headline == """
        system call 0 (read) led into unowned memory at 0xffffffffc0331000, which also holds hack_open, hack_read, \
        disable_write_protection; the stack shows it ran
        """)
    #expect(
      account.sentences == [
        "Task dd (458) on processor 1 was in system call 0 (read).",
        """
        The kernel's own code, followed for this number, leads to 0xffffffffc0331000: unowned memory (r-x).
        """,
        """
        The function that returns to 0xffffffffc0331074 (unowned memory (r-x)) found its stack overwritten \
        and called __stack_chk_fail, which stopped the kernel.
        """,
        "The stack has 1 return address into 0xffffffffc0331000 and what follows: code there ran.",
        "2 changed places of the kernel lead there, and 2 pointers in its data.",
        "That memory is the module hooked, which is missing from the list of modules, the vmalloc areas.",
        "It most resembles a rootkit (5 for, 0 against); that is likeness, not proof.",
      ])
  }

  @Test func `hooks of which none was called are told by who leads where`() {
    var hooks = panic.hook(strings: [])
    panic.set(TestPanic.Variable.calls, TestPanic.handler(0))
    hooks.removeFirst()
    let account = CrashAccount(of: panic.story(hooks), isChecked: true)
    #expect(account.headline == "sys_call_table[2] (open) leads into unowned memory at 0xffffffffc0331080")
    #expect(account.sentences.first == "Task dd (458) on processor 1 was in system call 0 (read).")
    #expect(account.sentences.contains("1 changed place of the kernel lead there, and 1 pointer in its data."))
  }

  @Test func `a stack alone that leads astray is told as such`() {
    panic.set(TestPanic.slots[1], TestPanic.orphan + 0x74)
    #expect(account.headline == "the stack leads into unowned memory at 0xffffffffc0331000; the stack shows it ran")
  }

  @Test func `a task that came in by no system call is told as such`() {
    panic.set(TestPanic.userRegisters + 15 * 8, UInt64.max)
    panic.say("Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: vfs_read+0x14/0x20")
    #expect(account.headline == "a function overran its own stack in kernel text, vfs_read+0x14")
    #expect(account.sentences.first == "Task dd (458) on processor 1 was in no system call.")
    #expect(account.sentences.contains("No table, no code and no word of the stack leads to unowned memory."))
  }

  @Test func `freed text is told with the module that was unloaded last`() {
    panic.remember(taint: 0, unloaded: "gone")
    panic.say(
      "BUG: unable to handle page fault for address: ffffffffc0700010", "RIP: 0010:0xffffffffc0700010",
      "Kernel panic - not syncing: Fatal exception")
    #expect(account.headline == "the processor was sent to 0xffffffffc0700010, where there is no code")
    #expect(account.sentences.contains("The module that was unloaded last is gone."))
    #expect(account.sentences.contains("Its number leads where it should, to kernel text, __x64_sys_read+0x0."))
  }

  @Test(arguments: [
    ("BUG: kernel NULL pointer dereference, address: 0000000000000008", "a pointer that leads nowhere (0x8) was used"),
    ("BUG: unable to handle page fault for address: ffff888012345678", "memory that is not there (0xffff888012345678)"),
    (
      "general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1]",
      "an address that cannot be was used"
    ),
    ("kernel BUG at mm/slub.c:4567!", "a check of the kernel's own failed"),
    ("BUG: TASK stack guard page was hit at 00000000deadbeef", "a kernel stack ran over"),
    ("watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [dd:458]", "a processor did not come back"),
    ("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "a processor stalled"),
    ("sysrq: Trigger a crash", "somebody asked for this crash (sysrq)"),
    ("divide error: 0000 [#1] PREEMPT SMP", "divide error"),
    ("INFO: task cat:777 blocked for more than 120 seconds.", "a task was blocked for too long"),
    ("Kernel panic - not syncing: VFS: Unable to mount root fs", "the kernel gave up: VFS: Unable to mount root fs"),
  ]) func `each kind of trouble has its words`(_ line: String, _ headline: String) {
    panic.say(line)
    #expect(account.headline.hasPrefix(headline), "\(account.headline)")
  }

  @Test func `a blocked task is named, and where it waits`() {
    panic.addSleeper("cat", pid: 777)
    panic.say(
      "INFO: task cat:777 blocked for more than 120 seconds.", "Kernel panic - not syncing: hung_task: blocked tasks")
    #expect(account.headline == "a task was blocked for too long: cat (777)")
    #expect(account.sentences.contains("cat (777) waits in kernel text, do_syscall_64+0x30."))
  }

  @Test func `where the log says nothing, that is said`() {
    #expect(account.headline == "the log does not say what this kernel died of")
  }
}

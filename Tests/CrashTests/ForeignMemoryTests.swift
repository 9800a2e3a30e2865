import Checks
import Crash
import KernelModel
import TestKernel
import Testing

/// Who leads into memory that is nobody's, and what was not searched for them.
@Suite struct ForeignMemoryTests {
  private typealias Variable = TestPanic.Variable
  private let panic: TestPanic
  private let hooks: [Finding]

  init() {
    (panic, hooks) = TestPanic.hooked()
  }

  private func references() throws -> [ForeignMemory.Reference] {
    try #require(panic.story(hooks).foreign.first).references
  }

  @Test func `hooks come first, then the tracer, probes and pointers`() throws {
    panic.addTracer(calling: TestPanic.orphan + 0x10)
    panic.addProbe(calling: TestPanic.orphan + 0x20)
    panic.add("file_operations_of_nobody", Variable.calls + 0x100, "d")
    panic.set(Variable.calls + 0x108, TestPanic.orphan + 0x30)
    let found = try references()
    #expect(
      found.map(\.by) == [
        "sys_call_table[0] (read)", "sys_call_table[2] (open)",
        "the function tracer (ftrace_ops at \(KernelAddress(TestPanic.heap)))",
        "a kprobe at \(KernelAddress(TestPanic.heap + 0x100))",
        "a pointer in kernel data, sys_call_table+0x0", "a pointer in kernel data, sys_call_table+0x10",
        "a pointer in kernel data, file_operations_of_nobody+0x8",
      ])
    #expect(found.map(\.target.rawValue).suffix(1) == [TestPanic.orphan + 0x30])
    #expect(found.map(\.isPointer) == [false, false, false, false, true, true, true])
  }

  @Test func `lists of tracers and probes that come back to themselves end`() throws {
    panic.addTracer(calling: TestPanic.orphan + 0x10, loops: true)
    panic.addProbe(calling: TestPanic.orphan + 0x20, loops: true)
    let found = try references()
    #expect(found.count { $0.by.contains("ftrace_ops") } == 1)
    #expect(found.count { $0.by.contains("kprobe") } == 1)
  }

  @Test func `a probe without a handler, on a list that comes back to itself, calls nobody`() throws {
    panic.addProbe(calling: 0, loops: true)
    #expect(try references().allSatisfy { !$0.by.contains("kprobe") })
  }

  @Test func `a list that leads to memory that is not there ends`() throws {
    panic.addTracer(calling: TestPanic.orphan + 0x10)
    panic.set(TestPanic.heap + 8, 0xffff_8880_dead_0000 as UInt64)
    #expect(try references().count { $0.by.contains("ftrace_ops") } == 1)
  }

  @Test func `pointers behind a page that is missing are found, and the page is told`() throws {
    let page = Variable.calls + 0x2000
    panic.set(page + 0x1008, TestPanic.orphan + 0x40)
    panic.memory.withheld = [MemoryRegion(start: KernelAddress(page), byteCount: 4096)]
    let story = panic.story(hooks)
    #expect(story.foreign.first?.references.contains { $0.target.rawValue == TestPanic.orphan + 0x40 } == true)
    #expect(story.unsearched == ["4096 bytes of the kernel's and the modules' data could not be searched"])
  }

  @Test func `memory that the kernel gave back is nothing that was not searched`() throws {
    let page = Variable.calls + 0x2000
    panic.set(page + 0x1008, TestPanic.orphan + 0x40)
    panic.memory.unmapped = [MemoryRegion(start: KernelAddress(page), byteCount: 4096)]
    let story = panic.story(hooks)
    #expect(story.foreign.first?.references.contains { $0.target.rawValue == TestPanic.orphan + 0x40 } == true)
    #expect(story.unsearched.isEmpty)
  }

  @Test func `what the kernel gave back is others' memory, and is not searched`() throws {
    for (name, place) in [("__init_begin", Variable.calls + 0x3000), ("__init_end", Variable.calls + 0x5000)] {
      panic.add(name, place, "D")
    }
    panic.set(Variable.calls + 0x2ff8, TestPanic.orphan + 0x41)
    panic.set(Variable.calls + 0x3000, TestPanic.orphan + 0x42)
    panic.set(Variable.calls + 0x4ff8, TestPanic.orphan + 0x43)
    panic.set(Variable.calls + 0x5000, TestPanic.orphan + 0x44)
    panic.memory.withheld = [MemoryRegion(start: KernelAddress(Variable.calls + 0x3000), byteCount: 4096)]
    let story = panic.story(hooks)
    let targets = try #require(story.foreign.first).references.map(\.target.rawValue)
    #expect(
      targets.filter { $0 > TestPanic.orphan + 0x40 && $0 < TestPanic.orphan + 0x50 } == [
        TestPanic.orphan + 0x41, TestPanic.orphan + 0x44,
      ])
    #expect(story.unsearched.isEmpty)
  }

  @Test(arguments: 1...7 as ClosedRange<UInt64>)
  func `pointers are found wherever the kernel's code ends`(_ distance: UInt64) throws {
    for index in panic.symbols.indices where panic.symbols[index].name == "_etext" {
      panic.symbols[index].address = KernelAddress(TestPanic.textEnd - distance)
    }
    #expect(try references().count(where: \.isPointer) == 2)
  }

  @Test func `more pointers than anybody reads are cut, and it is said`() throws {
    for index in 0..<300 as Range<UInt64> { panic.set(Variable.calls + 0x2000 + index * 8, TestPanic.orphan + index) }
    let story = panic.story(hooks)
    #expect(story.foreign.first?.references.count(where: \.isPointer) == 256)
    #expect(story.unsearched == ["there are more than 256 pointers; no others were noted"])
  }

  @Test func `pointers of the memory to itself do not count`() throws {
    panic.set(TestPanic.orphanData + 0x800, TestPanic.orphan + 0x50)
    #expect(try references().allSatisfy { $0.target.rawValue != TestPanic.orphan + 0x50 })
  }

  @Test func `a word behind no hook has no distance`() throws {
    let memory = try #require(panic.story().foreign.first)
    #expect(memory.words.map(\.hook) == [nil])
    #expect(memory.implant.subjects == [])
    #expect(memory.references.map(\.isPointer).contains(false) == false)
  }

  @Test func `a hook into the kernel's own code is looked around, and not searched for`() throws {
    var hook = hooks[0]
    hook.target = KernelAddress(TestPanic.Function.read.address)
    // Half the kernel points there.
    panic.set(Variable.calls + 0x2000, TestPanic.Function.read.address)
    panic.set(TestPanic.slots[1], 0 as UInt64)
    let memory = try #require(panic.story([hook]).foreign.first)
    #expect(memory.implant.owner == "kernel text")
    #expect(memory.references.map(\.by) == ["sys_call_table[0] (read)"])
  }

  @Test func `what is found where it must not be is foreign without leading anywhere`() throws {
    let stranger = Finding(
      kind: .stranger, severity: .critical, subject: Subject("module hooked"), message: "", expected: "", observed: "",
      target: KernelAddress(TestPanic.orphan))
    panic.set(TestPanic.slots[1], 0 as UInt64)
    let memory = try #require(panic.story([stranger]).foreign.first)
    #expect(memory.implant.subjects == [stranger.subject])
    #expect(!memory.ran)
    #expect(memory.references.map(\.isPointer).contains(false) == false)
  }
}

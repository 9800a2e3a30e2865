import Checks
import Crash
import KernelFormats
import KernelModel
internal import KernelObjects
import TestKernel
import Testing

/// The log's ring buffer, written as the kernel writes it.
@Suite struct KernelLogTests {
  private func read(_ panic: TestPanic) throws -> KernelLog {
    try KernelLog(Snapshot(of: panic.kernel))
  }

  private func texts(_ log: KernelLog) -> [String] {
    log.records.map { String(decoding: $0.text, as: UTF8.self) }
  }

  @Test func `an empty log has no record`() throws {
    let panic = TestPanic()
    _ = TestPanicLog(panic)
    let log = try read(panic)
    #expect(log.records.isEmpty)
    #expect(log.senselessCount == 0)
    #expect(log.lostCount == 0)
  }

  @Test func `records come with all that is known of them`() throws {
    let panic = TestPanic()
    var ring = TestPanicLog(panic)
    ring.add("first", level: 6, caller: 1)
    ring.add("", level: 4)
    ring.add("two\nlines", level: 0, caller: 1 << 31 | 1)
    let log = try read(panic)
    #expect(texts(log) == ["first", "", "two\nlines"])
    #expect(log.records.map(\.sequence) == [0, 1, 2])
    #expect(log.records.map(\.timestamp) == [0, 1_000_000, 2_000_000])
    #expect(log.records.map(\.level) == [6, 4, 0])
    #expect(log.records.map(\.caller) == [.task(pid: 1), .task(pid: 458), .processor(1)])
    #expect(log.records.allSatisfy { $0.state == .finalized })
    #expect(log.lines.map { String(decoding: $0.text, as: UTF8.self) } == ["first", "", "two", "lines"])
  }

  @Test(arguments: [false, true])
  func `a ring gone round many times has its last records`(_ fitsExactly: Bool) throws {
    let panic = TestPanic()
    var ring = TestPanicLog(panic)
    // Texts of all lengths, so that blocks end before, at and past the ring's end.
    for number in 0..<400 {
      ring.add("\(number) " + String(repeating: "x", count: number % 60), fitsExactly: fitsExactly)
      let log = try read(panic)
      #expect(log.senselessCount == 0 && log.lostCount == 0, "after \(number)")
      let first = log.records.first?.sequence ?? .max
      #expect(log.records.map(\.sequence) == Array(first...UInt64(number)), "after \(number)")
      #expect(
        texts(log) == (Int(first)...number).map { "\($0) " + String(repeating: "x", count: $0 % 60) }, "after \(number)"
      )
      #expect(log.records.count >= min(number + 1, 6), "after \(number)")
    }
  }

  @Test func `what was being written is shown, and said to be unfinished`() throws {
    let panic = TestPanic()
    var ring = TestPanicLog(panic)
    ring.add("whole")
    ring.add("may go on", state: 1)
    ring.add("ha", state: 0)
    #expect(try read(panic).records.map(\.state) == [.finalized, .committed, .reserved])
  }

  @Test func `a record whose text found no room is counted as lost`() throws {
    let panic = TestPanic()
    var ring = TestPanicLog(panic)
    ring.add("one")
    ring.add("two")
    panic.set(TestPanicLog.descriptor(ring.head) + 8, 1 as UInt64)
    panic.set(TestPanicLog.descriptor(ring.head) + 16, 1 as UInt64)
    let log = try read(panic)
    #expect(texts(log) == ["one"])
    #expect(log.lostCount == 1)
    #expect(log.senselessCount == 0)
  }

  /// What a forger may change of one record among others, and that it is then not believed.
  enum Forgery: CaseIterable {
    case id, sequence, sequenceOfAnother, blockOfAnother, crookedBlock, hugeBlock, unreadable

    func commit(_ panic: TestPanic, _ id: UInt64) {
      let descriptor = TestPanicLog.descriptor(id)
      switch self {
      case .id: panic.set(descriptor, 2 << 62 | (id &+ 1))
      case .sequence: panic.set(TestPanicLog.info(id), 77 as UInt64)
      case .sequenceOfAnother: panic.set(TestPanicLog.info(id), 16 as UInt64)
      case .blockOfAnother: panic.set(TestPanic.Variable.texts, id &+ 1)
      case .crookedBlock: panic.set(descriptor + 8, 0 &- TestPanicLog.size &+ 4)
      case .hugeBlock: panic.set(descriptor + 16, 3 * TestPanicLog.size)
      case .unreadable:
        panic.memory.withheld = [MemoryRegion(start: KernelAddress(TestPanic.Variable.texts), byteCount: 8)]
      }
    }
  }

  @Test(arguments: Forgery.allCases)
  func `a descriptor that contradicts itself is counted and not shown`(_ forgery: Forgery) throws {
    let panic = TestPanic()
    var ring = TestPanicLog(panic)
    ring.add("forged")
    let id = ring.head
    if forgery != .unreadable { ring.add("whole") }
    forgery.commit(panic, id)
    let log = try read(panic)
    #expect(log.records.filter { $0.sequence == 0 }.isEmpty || forgery == .sequenceOfAnother)
    if forgery == .sequenceOfAnother {
      // A number that the descriptor may come to have is believed: nothing contradicts it.
      #expect(log.records.map(\.sequence) == [1, 16])
    } else {
      #expect(log.senselessCount == (forgery == .unreadable ? 0 : 1))
      #expect(log.unreadableCount == (forgery == .unreadable ? 1 : 0))
      #expect(texts(log) == (forgery == .unreadable ? [] : ["whole"]))
    }
  }

  @Test func `a forged tail hides nothing that is still there`() throws {
    let panic = TestPanic()
    var ring = TestPanicLog(panic)
    for number in 0..<4 { ring.add("\(number)") }
    panic.set(TestPanic.Variable.ring + 32, (ring.head &+ 1000) & (1 << 62 - 1))
    #expect(texts(try read(panic)) == ["0", "1", "2", "3"])
  }

  @Test func `a ring of impossible size is refused`() {
    let panic = TestPanic()
    _ = TestPanicLog(panic)
    panic.set(TestPanic.Variable.ring, UInt32(40))
    #expect(throws: CannotCheck.implausible("the kernel's log", "has 2^40 descriptors")) { try read(panic) }
    panic.set(TestPanic.Variable.ring, UInt32(4))
    panic.set(TestPanic.Variable.ring + 48, UInt32(63))
    #expect(throws: CannotCheck.implausible("the kernel's log", "has 2^63 bytes of text")) { try read(panic) }
  }

  @Test func `a ring that leads nowhere is given up`() throws {
    let panic = TestPanic()
    _ = TestPanicLog(panic)
    panic.set(TestPanic.Variable.ring, UInt32(20))
    panic.set(TestPanic.Variable.ring + 8, 0xffff_8880_7000_0000 as UInt64)
    panic.set(TestPanic.Variable.ring + 24, 1 << 19 as UInt64)
    let log = try read(panic)
    #expect(log.records.isEmpty)
    #expect(log.unreadableCount == 4096)
  }

  @Test func `without its variable there is no log`() {
    let panic = TestPanic()
    panic.symbols.removeAll { $0.name == "prb" }
    #expect(throws: CannotCheck.symbolMissing("prb")) { try read(panic) }
  }
}

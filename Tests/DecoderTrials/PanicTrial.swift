import Checks
import Crash
import KernelModel
internal import KernelObjects
import TestKernel

/// The bytes as the memory of a kernel that panicked: its log, or its stack, its task and its unwind tables.
///
/// First come a number that says which page, two bytes of offset, and how many bytes are written there, then these, and so
/// on. Whatever memory says, the answer comes in bounded time, or is that it cannot be told.
struct PanicTrial {
  private let panic: TestPanic
  private let pages: [UInt64]

  /// - Parameter bytes: what is written over a healthy kernel's memory.
  private init(_ panic: TestPanic, _ pages: [UInt64], _ bytes: [UInt8]) {
    self.panic = panic
    self.pages = pages
    var rest = bytes[...]
    while let number = rest.popFirst(), let high = rest.popFirst(), let low = rest.popFirst(),
      let count = rest.popFirst()
    {
      let offset = (Int(high) << 8 | Int(low)) & 0xfff
      let part = Array(rest.prefix(min(Int(count), 4096 - offset)))
      rest = rest.dropFirst(part.count)
      panic.write(part, at: pages[Int(number) % pages.count] + UInt64(offset))
    }
  }

  private static func write(_ page: UInt8, _ offset: UInt64, _ value: UInt64) -> [UInt8] {
    [page, UInt8(truncatingIfNeeded: offset >> 8), UInt8(truncatingIfNeeded: offset), 8] + little(value)
  }

  // MARK: The log

  private typealias Variable = TestPanic.Variable

  static func log(_ bytes: [UInt8]) -> String? {
    let panic = TestPanic()
    var ring = TestPanicLog(panic)
    for number in 0..<20 { ring.add("record \(number) of some length") }
    return PanicTrial(panic, [Variable.ring, Variable.descriptors, Variable.infos, Variable.texts], bytes).readLog()
  }

  /// Another head, another state, a block that goes round, another sequence number.
  static var logSample: [UInt8] {
    write(0, Variable.ring & 0xfff + 24, 1 << 61) + write(1, 24, 1 << 62 | 0x3f_ffff_ffff_fff0) + write(1, 32, 0x1f8)
      + write(2, 88, 17) + write(3, 0x100, 5)
  }

  private func readLog() -> String? {
    let kernel = panic.kernel
    defer { kernel.workings.clear() }
    do throws(CannotCheck) {
      let log = try KernelLog(Snapshot(of: kernel))
      let numbers = log.records.map(\.sequence)
      guard zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else { return "records out of order" }
      guard log.records.allSatisfy({ $0.text.count <= Int(UInt16.max) && $0.level < 8 }) else {
        return "a record that cannot be"
      }
      _ = log.lines
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    return nil
  }

  // MARK: The stack

  static func stack(_ bytes: [UInt8]) -> String? {
    for isNewer in [false, true] {
      let panic = TestPanic(isNewer: isNewer)
      panic.loadModule()
      let pages = [
        TestPanic.stackPointer, Variable.entries, Variable.places, TestPanic.task, TestPanic.perProcessor,
        TestPanic.data,
      ]
      if let broken = PanicTrial(panic, pages, bytes).readStack() { return broken }
    }
    return nil
  }

  /// A return to the module, a table that adds nothing, a task whose stack lies elsewhere.
  static var stackSample: [UInt8] {
    write(0, 0x38, TestPanic.moduleCode + 4) + write(1, 6, 0x0005_0000_0000) + write(2, 8, 0xf000_0000)
      + write(3, 64 + 16, TestPanic.stackPointer) + write(0, 0, TestPanic.orphan)
  }

  private func readStack() -> String? {
    let kernel = panic.kernel
    defer { kernel.workings.clear() }
    do throws(CannotCheck) {
      let reader = try Snapshot(of: kernel)
      let context = try PanicContext(kernel, reader)
      _ = context.disagreements.map(\.description)
      let unwinder = try Machine.Unwinder(kernel, reader, stacks: context.stacks)
      var traces: [StackTrace] = []
      if let registers = context.registers { traces.append(unwinder.trace(from: registers)) }
      do throws(CannotCheck) {
        traces.append(try unwinder.trace(ofStopped: context.task))
      } catch {
        if error.description.isEmpty { return "an error without words" }
      }
      for trace in traces {
        guard trace.frames.count <= Machine.Unwinder.mostFrames, trace.certainCount <= trace.frames.count else {
          return "frames without end"
        }
        for slot in trace.frames.compactMap(\.slot) {
          guard context.stacks.contains(where: { $0.holdsWord(at: slot.rawValue) }) else { return "a slot on no stack" }
        }
        let raw = RawStack(kernel, reader, region: context.task.stack, trace: trace)
        guard raw.words.allSatisfy({ raw.region.contains($0.address) }) else { return "a word on no stack" }
      }
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    return nil
  }
}

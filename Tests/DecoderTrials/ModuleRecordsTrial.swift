import Checks
import KernelModel
import TestKernel

/// The bytes as a kernel's records of modules: its list, the sets, trees and lists beside it, and the records themselves.
///
/// First come a number that says which page, two bytes of offset, and how many bytes are written there, then these, and
/// so on. Whatever the records say, the answer comes in bounded time, or is that it cannot be told.
struct ModuleRecordsTrial {
  private let kernel = TestTextKernel.withTypesInMemory

  private static let pages: [KernelAddress] = [
    KernelAddress(TestTextKernel.heap), KernelAddress(TestTextKernel.heap + 0x1000),
    KernelAddress(TestTextKernel.heap + 0x2000), KernelAddress(TestTextKernel.heap + 0x3000),
    TestTextKernel.live(0xa000), KernelAddress(TestTextModule.sample.memory[1]),
  ]

  /// Asks every place, and returns the promise that was broken, or nil.
  func run(_ bytes: [UInt8]) -> String? {
    var rest = bytes[...]
    while let number = rest.popFirst(), let high = rest.popFirst(), let low = rest.popFirst(),
      let count = rest.popFirst()
    {
      let offset = (Int(high) << 8 | Int(low)) & 0xfff
      let part = Array(rest.prefix(min(Int(count), 4096 - offset)))
      rest = rest.dropFirst(part.count)
      let page = Self.pages[Int(number) % Self.pages.count]
      kernel.memory.write(part, at: KernelAddress(page.rawValue + UInt64(offset)))
    }
    // The names and types come from memory, which is soon read: no text is made again for it.
    let kernel = kernel.kernelWithoutImage
    // What is shared holds the kernel that holds it.
    defer { kernel.workings.clear() }
    for check in [ModuleList(), Taint()] as [any Check] {
      do throws(CannotCheck) {
        let examination = try check.examine(kernel)
        if examination.findings.count > 1 << 13 { return "findings without end" }
      } catch {
        if error.description.isEmpty { return "an error without words" }
      }
    }
    return nil
  }

  /// The sample module's record with another state, a list that leads to itself, and a tree that leads elsewhere.
  static var sample: [UInt8] {
    func write(_ page: UInt8, _ offset: UInt16, _ value: UInt64) -> [UInt8] {
      [page, UInt8(offset >> 8), UInt8(offset & 0xff), 8] + little(value)
    }
    let structure = TestTextModule.sample.structure
    return write(1, 0, 3) + write(3, 0, structure + 8) + write(3, 0x90, structure) + write(4, 0x3a8, structure)
      + write(1, 8, structure + 8)
  }
}

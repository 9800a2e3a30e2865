import KernelFormats
import KernelModel
import TestKernel
import Testing

@testable import KernelObjects

/// Layouts that a debugger is told, held against the first task in the image.
@Suite struct FirstTaskTests {
  private static let task: UInt64 = 0xffff_ffff_8200_0000
  private static let memory: UInt64 = 0xffff_ffff_8200_1000

  /// The types of a `task_struct`, each member moved by so many bytes from where the image has it.
  private func types(movedBy shift: UInt32 = 0) throws -> KernelTypes {
    var types = SampleBTF()
    let char = types.integer("char", 1)
    let pointer = types.add(2)
    let list = types.structure("list_head", 16, [("next", pointer, 0), ("prev", pointer, 64)])
    types.structure(
      "task_struct", 256,
      [
        ("tasks", list, (16 + shift) * 8), ("real_parent", pointer, (32 + shift) * 8),
        ("parent", pointer, (40 + shift) * 8), ("group_leader", pointer, (48 + shift) * 8),
        ("active_mm", pointer, (56 + shift) * 8), ("comm", types.array(of: char, 16), (64 + shift) * 8),
      ])
    let contents = VendorObject.Contents(copying: types.bytes())
    return KernelTypes(try BTF(contents.bytes, owner: contents))
  }

  private func task(_ object: VendorObject, named: Bool = true) -> FirstTask {
    var builder = SymbolTable.Builder()
    builder.add(Symbol(name: "jiffies_64", address: KernelAddress(Self.memory + 64), type: UInt8(ascii: "D")))
    if named {
      builder.add(Symbol(name: "init_task", address: KernelAddress(Self.task + 0x1000), type: UInt8(ascii: "D")))
      builder.add(Symbol(name: "init_mm", address: KernelAddress(Self.memory + 0x1000), type: UInt8(ascii: "D")))
    }
    return FirstTask(object, SymbolIndex(SymbolTable(builder), of: "vmlinuz"), offset: 0x1000)
  }

  private var image: VendorObject {
    let list = Self.task + 16
    let words: [UInt64] = [0, 0, list, list, Self.task, Self.task, Self.task, Self.memory]
    let bytes = words.flatMap { little($0) } + Array("swapper\0".utf8) + [UInt8](repeating: 0, count: 200)
    return TestVendorFile(source: "vmlinuz", sections: [.init(".data", flags: 3, at: Self.task, bytes)]).object
  }

  @Test func `layouts that the image bears out are believed`() throws {
    try task(image).confirm(types(), of: "vmlinux")
  }

  @Test(arguments: [8, 64, 128] as [UInt32])
  func `layouts that were shuffled are not`(_ shift: UInt32) throws {
    let types = try types(movedBy: shift)
    do throws(CannotCheck) {
      try task(image).confirm(types, of: "vmlinux")
      Issue.record("they were believed")
    } catch {
      guard case .withheld(let withheld) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(withheld.isNotBuilt && withheld.why.contains("CONFIG_RANDSTRUCT"))
    }
  }

  @Test func `layouts of which nothing can be seen are not`() throws {
    #expect(throws: CannotCheck.self) { try task(image, named: false).confirm(types(), of: "vmlinux") }
    let empty = TestVendorFile(source: "vmlinuz", sections: []).object
    #expect(throws: CannotCheck.self) { try task(empty).confirm(types(), of: "vmlinux") }
  }
}

import Foundation
import KernelModel
import KernelObjects
import Lab
import SavedKernel
import Testing

/// Whether a guest that is saved can be examined natively, as it was.
enum SavedKernelTrial {
  /// Saves the guest, which stays paused, with a module of the distribution's in it.
  static func run(_ guest: Guest) throws {
    #expect(throws: SavedKernelError.self) { try SavedKernel(directory: "/nonexistent") }
    _ = try guest.output(of: "modprobe dummy && modprobe bonding")
    let directory = FileManager.default.temporaryDirectory.appending(path: "liveprobe-saved-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    try Snapshot.save(guest, to: directory)
    try examine(SavedKernel(directory: directory.path))
  }

  private static func examine(_ saved: SavedKernel) throws {
    let kernel = saved.kernel
    #expect(try kernel.identity.claimedBuildID.get() == kernel.identity.buildIDInMemory.get())
    let text = try #require(kernel.text)
    #expect(try kernel.memory.bytes(at: text.start, count: Int(text.byteCount)).count > 8 << 20)
    let read = try kernel.address(of: "__x64_sys_read")
    let table = try kernel.address(of: "sys_call_table")
    #expect(try kernel.memory.pointer(at: table) == read)
    let reference = try kernel.reference.pointers(in: [MemoryRegion(start: table, byteCount: 8)])
    #expect(reference.pointers == [[read]])

    // The areas of modules can be read, and what is mapped nowhere cannot.
    let modules = try kernel.claims.loadedModules.get()
    #expect(modules.contains { $0.name == "dummy" })
    for module in modules {
      let base = try #require(module.base)
      #expect(throws: Never.self) { try kernel.memory.bytes(at: base, count: 64) }
    }
    #expect(throws: MemoryFault.self) { try kernel.memory.bytes(at: KernelAddress(0xffff_ffff_fe12_3450), count: 1) }

    try examineMapleTrees(kernel)
    try examineUntyped(kernel)

    // What is changed is changed here, across pages and for this process.
    var bytes = try kernel.memory.bytes(at: text.start, count: 8192)
    try saved.memory.write([1, 2, 3], at: KernelAddress(text.start.rawValue + 4095))
    bytes.replaceSubrange(4095..<4098, with: [1, 2, 3])
    #expect(try kernel.memory.bytes(at: text.start, count: 8192) == bytes)
  }

  /// What memory shows of layouts, if nobody tells them, is what the types say.
  private static func examineUntyped(_ kernel: Kernel) throws {
    let types = try kernel.structures.reader.types
    for hasImage in [true, false] {
      var kernel = kernel
      kernel.symbolsAreWhole = true
      let (wrong, right, _) = try UntypedKernel(kernel, hasImage: hasImage).differences(from: types)
      #expect(wrong == [])
      #expect(right > 60)
    }
  }

  /// What stands in a maple tree says itself where it belongs: memory areas of processes, and interrupts.
  private static func examineMapleTrees(_ kernel: Kernel) throws {
    let snapshot = try Snapshot(of: kernel)
    guard snapshot.types.typeIfAny("maple_tree") != nil else { return }
    var count = 0
    for process in try Tasks(snapshot).processes().whole() {
      guard let memory = try process.target("mm") else { continue }
      let areas = try MapleTree(memory.member("mm_mt"), limit: 1 << 16).whole()
      #expect(try memory["map_count"] == UInt32(areas.count))
      for area in areas {
        let record = try snapshot.object("vm_area_struct", at: area.pointer)
        #expect(try record["vm_start"] == area.first && record["vm_end"] == area.last + 1)
      }
      count += areas.count
    }
    #expect(count > 0)
    // Since v6.5; before, a radix tree.
    guard let tree = try snapshot.object("maple_tree", named: "sparse_irqs") else { return }
    let interrupts = try MapleTree(tree, limit: 1 << 16).whole()
    #expect(!interrupts.isEmpty)
    for interrupt in interrupts {
      #expect(interrupt.first == interrupt.last)
      #expect(try snapshot.object("irq_desc", at: interrupt.pointer)["irq_data.irq"] == interrupt.first)
    }
  }
}

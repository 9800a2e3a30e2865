import Foundation
import KernelModel
import SavedKernel
import Testing

/// The snapshots to look at: the directories below `LIVEPROBE_SNAPSHOTS`.
private let snapshots: [String] = {
  guard let parent = ProcessInfo.processInfo.environment["LIVEPROBE_SNAPSHOTS"] else { return [] }
  let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
  return names.sorted().map { "\(parent)/\($0)" }.filter { FileManager.default.fileExists(atPath: "\($0)/memory") }
}()

@Suite("Saved kernels")
struct SavedKernelTests {
  @Test
  func `what is no snapshot is refused, in words`() {
    #expect {
      try SavedKernel(directory: "/nonexistent")
    } throws: {
      "\($0)".contains("/nonexistent is no snapshot")
    }
  }

  @Test(.enabled(if: !snapshots.isEmpty, "LIVEPROBE_SNAPSHOTS names no directory of snapshots"), arguments: snapshots)
  func `a saved kernel agrees with itself, and can be changed`(directory: String) throws {
    let saved = try SavedKernel(directory: directory)
    let kernel = saved.kernel
    #expect(try kernel.identity.claimedBuildID.get() == kernel.identity.buildIDInMemory.get())
    let text = try #require(kernel.text)
    #expect(try kernel.memory.bytes(at: text.start, count: Int(text.byteCount)).count > 8 << 20)
    let read = try kernel.address(of: "__x64_sys_read")
    let table = try kernel.address(of: "sys_call_table")
    #expect(try kernel.memory.pointer(at: table) == read)
    let reference = try kernel.reference.pointers(in: [MemoryRegion(start: table, byteCount: 8)])
    #expect(reference.pointers == [[read]])

    // The name of each listed module lies in its own code or data: the areas of modules can be read.
    for module in try kernel.claims.loadedModules.get() {
      let base = try #require(module.base)
      #expect(throws: Never.self) { try kernel.memory.bytes(at: base, count: 64) }
    }
    #expect(throws: MemoryFault.self) { try kernel.memory.bytes(at: KernelAddress(0xffff_ffff_fe12_3450), count: 1) }

    let before = try kernel.memory.bytes(at: text.start, count: 8192)
    try saved.memory.write([1, 2, 3], at: KernelAddress(text.start.rawValue + 4095))
    var after = before
    after.replaceSubrange(4095..<4098, with: [1, 2, 3])
    #expect(try kernel.memory.bytes(at: text.start, count: 8192) == after)
  }
}

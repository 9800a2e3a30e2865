import KernelModel
import LiveProbe
import Report
import Testing

/// The small system's image and its direct map are two parts of its `/proc/kcore`, and can be made to differ.
@Suite struct TwoViewsTests {
  let system: SmallSystem

  init() throws { system = try SmallSystem() }

  private func acquire() throws -> Kernel {
    try LiveKernel.acquire(
      system.root, reference: { _ in NoReference(Withheld("the vendor's image", why: "a test")) }
    ).kernel
  }

  private func trial(_ name: String, _ kernel: Kernel) throws -> ReadingTrial {
    try #require(try kernel.reading.get().first { $0.name == name })
  }

  private let image = "image-against-direct-map"
  private let modules = "modules-against-direct-map"

  @Test func `what reads the same both ways holds`() throws {
    let kernel = try acquire()
    #expect(try trial(image, kernel).isHeld)
    #expect(try trial(modules, kernel).outcome == .held(detail: "no module is in memory"))
  }

  @Test func `code that reads otherwise where it is used is found, and read in the direct map`() throws {
    var edited = system.image
    edited[0x123] = 0x90
    try system.writeKcore(image: edited)
    let kernel = try acquire()
    guard case .broken(let evidence, _, let observed) = try trial(image, kernel).outcome else {
      Issue.record("not found")
      return
    }
    #expect(observed.words.hasPrefix("other bytes in 1 pages of code and constants"))
    #expect(evidence.first?.name == "0xffffffff81000123")
    #expect(evidence.first?.value.words.hasPrefix("90 cc") == true)
    #expect(evidence.contains { $0.value.words.contains("through the map of all memory") })
    #expect(try kernel.memory.bytes(at: KernelAddress(SmallSystem.text + 0x123), count: 1) == [0xcc])
    #expect(try kernel.memory.fresh.bytes(at: KernelAddress(SmallSystem.text + 0x122), count: 2) == [0xcc, 0xcc])
  }

  @Test func `without page tables modules cannot be compared`() throws {
    system.vmcoreInfo = ""
    try system.writeKcore()
    guard case .impossible = try trial(modules, try acquire()).outcome else {
      Issue.record("it was told")
      return
    }
  }

  @Test func `a module's memory that reads as zeros where it is used is found`() throws {
    try system.mapModule(constants: false)
    #expect(try trial(modules, try acquire()).isHeld)
    try system.mapModule(constants: false, readsAs: [UInt8](repeating: 0, count: 4096))
    let kernel = try acquire()
    #expect(try trial(modules, kernel).isBroken)
    #expect(try kernel.memory.bytes(at: KernelAddress(SmallSystem.module), count: 4) == [0x00, 0x01, 0x00, 0x81])
    // Data that changes while it is read is no lie; what nobody may write to does not change.
    try system.mapModule(constants: false, readsAs: [UInt8](repeating: 7, count: 4096))
    #expect(try trial(modules, try acquire()).isHeld)
    try system.mapModule(constants: true, readsAs: [UInt8](repeating: 7, count: 4096))
    #expect(try trial(modules, try acquire()).isBroken)
    // Memory that the kernel took out of the map of all memory.
    system.image.replaceSubrange(0x4000..<0x5000, with: [UInt8](repeating: 0, count: 4096))
    try system.mapModule(constants: true, readsAs: [UInt8](repeating: 7, count: 4096))
    #expect(try trial(modules, try acquire()).isHeld)
  }
}

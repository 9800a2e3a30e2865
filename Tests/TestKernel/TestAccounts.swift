package import KernelModel

/// The structures by which a ``TestTextKernel`` accounts for its executable memory.
extension TestTextKernel {
  /// A pack of BPF programs.
  package static let pack = KernelAddress(0xffff_ffff_a010_0000)
  private typealias Variable = TestVendorKernel.Variable

  /// A kernel that accounts for all of its executable memory: the program and the page of detours are on their lists, a
  /// pack with one program is there, and what nobody owns cannot be executed.
  package static var accounted: TestTextKernel {
    let kernel = TestTextKernel()
    kernel.memory.map(MemoryRegion(start: KernelAddress(heap + 0x2000), byteCount: 0x1000))
    kernel.setPermissions(of: orphan, isWritable: true, isExecutable: false)
    kernel.setPermissions(of: live(0x1000), byteCount: 0x6000, isWritable: false, isExecutable: false)
    let program = heap + 0x2000
    kernel.store([bpfProgram.rawValue, bpfProgram.rawValue + 64], at: program)
    kernel.memory.write(string: "bpf_prog_1", at: KernelAddress(program + 16))
    kernel.link(program + 48, to: Variable.programs)
    let slots = heap + 0x2100
    kernel.store([0, 0, detour.rawValue], at: slots)
    kernel.link(slots, to: Variable.probeSlots)
    let packStructure = heap + 0x2200
    // The first two chunks of 64 bytes are handed out.
    kernel.store([0, 0, pack.rawValue, 0b11], at: packStructure)
    kernel.link(packStructure, to: Variable.packs)
    kernel.allocate(pack, byteCount: 4096, by: live(0x780), number: 0)
    kernel.memory.map(MemoryRegion(start: pack, byteCount: 4096))
    kernel.memory.write([UInt8](repeating: 0x90, count: 128) + [UInt8](repeating: 0xcc, count: 4096 - 128), at: pack)
    kernel.setPermissions(of: pack, isWritable: false, isExecutable: true)
    return kernel
  }

  /// Has the pages from `address` on mapped otherwise than before.
  package func setPermissions(
    of address: KernelAddress, byteCount: UInt64 = 4096, isWritable: Bool, isExecutable: Bool
  ) {
    mappings.permissions.append((MemoryRegion(start: address, byteCount: byteCount), isWritable, isExecutable))
  }

  /// Notes an area of the vmalloc space; areas are numbered from 0.
  package func allocate(_ start: KernelAddress, byteCount: UInt64, by caller: KernelAddress, number: UInt64) {
    let area = Self.heap + 0x2800 + number * 0x80
    store([0, 0, area + 0x20], at: area)
    store([start.rawValue, byteCount + 4096, 0, caller.rawValue], at: area + 0x20)
    link(area, to: Variable.areas)
  }

  /// Puts a node behind the head of a list.
  package func link(_ node: UInt64, to head: UInt64) {
    linkBehind(node, head: Self.live(head).rawValue)
  }

  /// Puts a node behind the head of a list that lies anywhere.
  func linkBehind(_ node: UInt64, head: UInt64) {
    let next = (try? memory.load(UInt64.self, at: KernelAddress(head))) ?? head
    store([next, head], at: node)
    store([node], at: head)
  }

  func store(_ values: [UInt64], at address: UInt64) {
    memory.write(values.flatMap { little($0) }, at: KernelAddress(address))
  }
}

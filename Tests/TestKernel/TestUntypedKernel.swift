package import KernelModel

/// A kernel without type information, whose structures lie in memory as those of real kernels do.
package final class TestUntypedKernel {
  package let test: TestTextKernel
  /// How a module's memory is written down.
  package enum Shape: CaseIterable {
    /// `struct module_layout`, up to Linux v6.3.
    case two
    /// `struct module_memory`, since.
    case seven
  }

  package let shape: Shape
  package let names: [String]
  /// Code that a module has, and a page in each of its other pieces.
  private static let space: UInt64 = 0xffff_ffff_c010_0000
  private static let step: UInt64 = 0x1_0000
  /// Offsets in a record.
  private static let directory: UInt64 = 80
  private static let memory: UInt64 = 256
  package static let bugs: UInt64 = 784
  private static let set = TestTextKernel.heap + 0x1_0000
  private static let slots: UInt64 = 0xbb00
  package static let nodes: UInt64 = 0xba00
  package static let nodeCount: UInt64 = 0xba08
  private typealias Variable = TestVendorKernel.Variable

  private var nextWord = TestTextKernel.heap + 0x1_1000

  package init(_ shape: Shape = .seven, names: [String] = ["first", "second", "third"], lists: Int = 0) {
    self.shape = shape
    self.names = names
    test = TestTextKernel()
    test.symbolsAreWhole = true
    test.symbols.removeAll { ["kprobe_optinsn_slots", "btf_modules"].contains($0.name) }
    test.add("kprobe_optinsn_slots", TestTextKernel.live(Self.slots), "d")
    if lists > 0 {
      test.symbols.removeAll { $0.name == "vmap_area_list" }
      test.add("vmap_nodes", TestTextKernel.live(Self.nodes), "d")
      test.add("nr_vmap_nodes", TestTextKernel.live(Self.nodeCount), "d")
    }
    test.memory.map(MemoryRegion(start: KernelAddress(Self.set), byteCount: 0x1_0000))
    for page in [TestTextKernel.orphan, TestTextKernel.trampoline] {
      test.setPermissions(of: page, isWritable: true, isExecutable: false)
    }
    test.setPermissions(
      of: TestTextKernel.live(0x1000), byteCount: 0x6000, isWritable: false, isExecutable: false)
    // Nobody traces, and there is no probe.
    test.set(Variable.tracers, to: TestTextKernel.live(Variable.lastTracer).rawValue)
    for bucket in 0..<UInt64(64) { test.set(Variable.probes + bucket * 8, to: UInt64(0)) }
    writeModules()
    writePrograms()
    writeAreas(lists)
    test.told = ModuleNames(procModules: .success(Set(names)), sysfs: .success(Set(names)))
    for (index, name) in names.enumerated() {
      test.modules.append(ModuleClaim(name: name, byteCount: 0x4000, base: KernelAddress(code(of: index))))
      test.add("\(name)_start", KernelAddress(code(of: index)), module: name)
    }
  }

  package var kernel: Kernel { test.kernelWithoutImage }

  package func code(of index: Int) -> UInt64 { Self.space + UInt64(index) * Self.step }
  package func record(of index: Int) -> UInt64 { code(of: index) + 0x2100 }
  package var records: [UInt64] { names.indices.map(record) }

  private func store(_ values: [UInt64], at address: UInt64) { test.store(values, at: address) }

  /// Room of `count` bytes in the heap.
  private func room(_ count: UInt64) -> UInt64 {
    defer { nextWord += count }
    return nextWord
  }

  /// Puts nodes on a circular list, in their order.
  package func link(_ nodes: [UInt64], head: UInt64) {
    let all = [head] + nodes
    for (index, node) in all.enumerated() {
      store([all[(index + 1) % all.count], all[(index + all.count - 1) % all.count]], at: node)
    }
  }

  package func head(of list: UInt64) -> UInt64 { TestTextKernel.live(list).rawValue }

  // MARK: Modules

  /// Code, data and constants, or all in one area.
  private func pieces(of index: Int) -> [(kind: UInt64, start: UInt64, byteCount: UInt64)] {
    let code = code(of: index)
    return shape == .two
      ? [(0, code, 0x4000)] : [(0, code, 0x1000), (1, code + 0x2000, 0x1000), (2, code + 0x3000, 0x1000)]
  }

  private func writeModules() {
    test.set(Variable.moduleSet, to: Self.set)
    for (index, name) in names.enumerated() {
      let (record, code) = (record(of: index), code(of: index))
      test.memory.map(MemoryRegion(start: KernelAddress(code), byteCount: 0x4000))
      test.memory.write([UInt8](repeating: 0x90, count: 0x1000), at: KernelAddress(code))
      test.setPermissions(of: KernelAddress(code), isWritable: false, isExecutable: true)
      test.memory.write(string: name, at: KernelAddress(record + 24))
      let spelled = room(32)
      test.memory.write(string: name, at: KernelAddress(spelled))
      store([spelled, 0, 0, Self.set, Self.set, 0, 0, 1, record], at: record + Self.directory)
      switch shape {
      case .two:
        for (layout, start) in [(record + Self.memory, code), (record + Self.memory + 80, 0)] {
          let sizes: [UInt64] = start == 0 ? [0, 0] : [0x1000 << 32 | 0x4000, 0x2000 << 32 | 0x2000]
          store([start] + sizes + [record], at: layout)
        }
      case .seven:
        for kind in 0..<UInt64(7) {
          let piece = pieces(of: index).first { $0.kind == kind }
          store([piece?.start ?? 0, piece?.byteCount ?? 0, record], at: record + Self.memory + kind * 72)
        }
      }
      // Two places of BUG(), among the constants.
      store([0, 2], at: record + Self.bugs - 16)
      store([code + (shape == .two ? 0x1800 : 0x3800)], at: record + Self.bugs + 16)
    }
    link(records.map { $0 + 8 }, head: head(of: Variable.modules))
    link(records.map { $0 + Self.bugs }, head: head(of: Variable.moduleBugs))
    link(records.map { $0 + Self.directory + 8 }, head: Self.set)
    writeTree()
  }

  /// A tree whose every node is the right one of the node before.
  private func writeTree() {
    let (first, step): (UInt64, UInt64) = shape == .two ? (24, 80) : (16, 72)
    let nodes = names.indices.flatMap { index in
      pieces(of: index).map { record(of: index) + Self.memory + first + $0.kind * step }
    }
    for copy in 0..<UInt64(2) {
      let places = nodes.map { $0 + 8 + copy * 24 }
      test.set(Variable.moduleTree + 8 + copy * 8, to: places.first ?? 0)
      for (place, next) in zip(places, places.dropFirst() + [0]) { store([1, next, 0], at: place) }
    }
  }

  // MARK: Who else has executable memory

  private func writePrograms() {
    let program = room(0x300)
    let start = TestTextKernel.bpfProgram.rawValue
    store([start, start + 64], at: program)
    test.memory.write(string: "bpf_prog_6deef7357e7b4530", at: KernelAddress(program + 16))
    link([program + 16 + 512], head: head(of: Variable.programs))
    let pack = TestTextKernel.pack
    test.memory.map(MemoryRegion(start: pack, byteCount: 4096))
    test.memory.write([UInt8](repeating: 0x90, count: 128) + [UInt8](repeating: 0xcc, count: 4096 - 128), at: pack)
    test.setPermissions(of: pack, isWritable: false, isExecutable: true)
    let structure = room(0x100)
    // The first two chunks of 64 bytes are handed out; a number more stands before that.
    store([0, 0, pack.rawValue, 0, 0b11], at: structure)
    link([structure], head: head(of: Variable.packs))
    let name = room(0x20)
    test.memory.write(string: "kprobe_optinsn_page", at: KernelAddress(name))
    let slots = head(of: Self.slots)
    store([1, 2, 3, 4, name], at: slots)
    let page = room(0x40)
    link([page], head: slots + 40)
    store([TestTextKernel.detour.rawValue, slots], at: page + 16)
  }

  /// Has a user of the function tracer, with a trampoline of its own, on the tracer's list.
  package func trace() {
    let user = room(0x100)
    test.set(Variable.tracers, to: user)
    // FTRACE_OPS_FL_ENABLED and FTRACE_OPS_FL_ALLOC_TRAMP.
    store(
      [TestTextKernel.live(0x700).rawValue, head(of: Variable.lastTracer), 1 | 1 << 11, 0, 0, 0, 0, user + 40], at: user
    )
    store([TestTextKernel.trampoline.rawValue, 300], at: user + 144)
    test.setPermissions(of: TestTextKernel.trampoline, isWritable: false, isExecutable: true)
  }

  // MARK: Areas

  private func writeAreas(_ lists: Int) {
    var areas: [(start: UInt64, byteCount: UInt64)] = [(TestTextKernel.pack.rawValue, 4096)]
    for index in names.indices { for piece in pieces(of: index) { areas.append((piece.start, piece.byteCount)) } }
    for number in 0..<UInt64(10) { areas.append((0xffff_c900_0000_0000 + number * 0x4000, 0x2000)) }
    areas.sort { $0.start < $1.start }
    let places = areas.map { start, byteCount in
      let area = room(0x80)
      let description = room(0x40)
      // With the guard page behind it.
      let size = byteCount + (start < Self.space ? 4096 : 0)
      let noGuard: UInt64 = start < Self.space ? 0 : 0x40
      store([start, start + size, 0, 0, 0, 0, 0, description], at: area)
      store([0, start, size, noGuard, 0x1234, 1, 0, TestTextKernel.live(0x784).rawValue], at: description)
      return area
    }
    guard lists > 0 else { return link(places.map { $0 + 40 }, head: head(of: Variable.areas)) }
    // Each list behind the root of its tree, at an offset of its own in records of 0x80 bytes; the last of several is empty.
    let used = max(lists - 1, 1)
    let first = room(UInt64(lists) * 0x80)
    test.set(Self.nodes, to: first)
    test.set(Self.nodeCount, to: UInt32(lists))
    for list in 0..<lists {
      let own = places.indices.filter { list < used && $0 % used == list }.map { places[$0] }
      let record = first + UInt64(list) * 0x80
      store([own.last.map { $0 + 16 } ?? 0], at: record + 0x20)
      link(own.map { $0 + 40 }, head: record + 0x28)
    }
  }
}

internal import KernelModel

/// A module that every place of a ``TestTextKernel`` knows of, and that can be taken out of each.
extension TestTextKernel {
  private typealias Variable = TestVendorKernel.Variable
  /// What the places hold of the sample module, one after the other on a page of their own.
  private enum Node {
    static let page = TestTextKernel.heap + 0x3000
    static let set = page
    static let object = page + 0x40
    static let tree = page + 0x80
    static let messages = page + 0x100
    static let tracepoints = page + 0x140
    static let types = page + 0x180
    static let symbols = page + 0x1c0
    static let symbolTable = page + 0x200
    static let strings = page + 0x300
  }

  /// A kernel with ``TestTextModule/sample``, which all places know of.
  package static var withSampleEverywhere: TestTextKernel {
    let kernel = TestTextKernel.accounted
    kernel.loadSample()
    kernel.addPlaces()
    return kernel
  }

  /// The same, that says where its type information lies: what is needed where there is no image.
  package static var withTypesInMemory: TestTextKernel {
    let kernel = TestTextKernel.withSampleEverywhere
    let start = Self.live(TestVendorKernel.typeInformation)
    kernel.symbolsAreWhole = true
    kernel.add("__start_BTF", start, "R")
    kernel.add("__stop_BTF", KernelAddress(start.rawValue + UInt64(kernel.vendor.file[".BTF"].count)), "R")
    return kernel
  }

  private func addPlaces() {
    let module = TestTextModule.sample
    memory.map(MemoryRegion(start: KernelAddress(Node.page), byteCount: 4096))
    set(Variable.moduleSet, to: Node.set)
    store([Node.set, Node.set], at: Node.set)
    store([0, 0, 0, module.structure], at: Node.object)
    linkBehind(Node.object + 8, head: Node.set)
    store([module.structure, 0, 0, 0, 0, 0, 0], at: Node.tree)
    setTreeRoots([Node.tree + 8, Node.tree + 32])
    linkBehind(module.structure + 224, head: Self.live(Variable.moduleBugs).rawValue)
    for (node, head, value) in [
      (Node.messages, Variable.messages, module.structure + 24),
      (Node.tracepoints, Variable.tracepoints, module.structure),
      (Node.types, Variable.moduleTypes, module.structure),
    ] {
      linkBehind(node, head: Self.live(head).rawValue)
      store([value], at: node + 16)
    }
    // The entry that names nothing, and a function at the start of the code.
    store([Node.symbolTable, 2, Node.strings], at: Node.symbols)
    store([0, 0, 0, 1, module.memory[0], 16, .max], at: Node.symbolTable)
    memory.write(string: "", at: KernelAddress(Node.strings))
    memory.write(string: "hack_read", at: KernelAddress(Node.strings + 1))
    store([Node.symbols], at: module.structure + 216)
    nameToTracer(module.memory[0] + 0x10)
    store([Node.page + 0x400], at: module.structure + 248)
    // Its list node is on the kernel's list by now: the pointer back.
    let head = Self.live(Variable.modules).rawValue
    store([module.structure + 8], at: head + 8)
    store([head], at: module.structure + 16)
    for (number, base) in module.memory.enumerated() {
      allocate(KernelAddress(base), byteCount: 4096, by: Self.live(0x780), number: UInt64(1 + number))
    }
    told = ModuleNames(procModules: .success([module.name]), sysfs: .success([module.name]))
  }

  /// What the two copies of the module tree start with; 0 for an empty one.
  package func setTreeRoots(_ roots: [UInt64]) {
    for (copy, root) in roots.enumerated() { set(Variable.moduleTree + 8 + UInt64(copy) * 8, to: root) }
  }

  /// Makes the list that starts at a place empty.
  package func emptyList(at place: UInt64) {
    set(place, to: Self.live(place).rawValue)
    set(place + 8, to: Self.live(place).rawValue)
  }

  /// Takes the sample module off the list of modules, as list_del() does.
  package func unlinkSample() {
    emptyList(at: Variable.modules)
    store([0xdead_0000_0000_0100, 0xdead_0000_0000_0122], at: TestTextModule.sample.structure + 8)
  }

  /// Takes the sample module's directory out of the kset.
  package func removeSampleFromSet() {
    store([Node.set, Node.set], at: Node.set)
  }

  /// Has the sample module's file name one function to the tracer.
  package func nameToTracer(_ function: UInt64) {
    let module = TestTextModule.sample
    memory.write(UInt32(1), at: KernelAddress(module.structure + 240))
    store([Node.page + 0x500], at: module.structure + 256)
    store([function], at: Node.page + 0x500)
  }

  /// Takes the vmalloc areas away.
  package func eraseSampleAreas() { emptyList(at: Variable.areas) }

  /// How many symbols the sample module claims to have.
  package func setSampleSymbolCount(_ count: UInt32) { memory.write(count, at: KernelAddress(Node.symbols + 8)) }
}

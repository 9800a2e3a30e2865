import Checks
import KernelModel
import Report
import TestKernel
import Testing

@Suite struct ModuleListTests {
  private func examine(_ kernel: TestTextKernel) throws -> Examination {
    try ModuleList().examine(kernel.kernel)
  }

  private func only(_ kernel: TestTextKernel) throws -> Finding {
    let examination = try examine(kernel)
    #expect(examination.findings.map { "\($0.subject): \($0.message)" }.count == 1)
    return try #require(examination.findings.first)
  }

  @Test func `a module that all places know of is a fact, and no finding`() throws {
    let examination = try examine(.withSampleEverywhere)
    #expect(examination.findings.map { "\($0.message): \($0.observed.words)" } == [])
    #expect(examination.unanswered.isEmpty)
    #expect(examination.facts.map(\.subject) == [Subject("module sample")])
    #expect(examination.expectations.first?.rung == .vendorImage)
  }

  @Test func `of modules, only those that taint the kernel are remembered`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    #expect(try ModuleList().examine(kernel.kernel).lastingFacts == [])
    kernel.memory.write(UInt64(1 << 12 | 1 << 13), at: KernelAddress(TestTextModule.sample.structure + 208))
    let examination = try ModuleList().examine(kernel.kernel)
    #expect(examination.lastingFacts.map(\.subject) == [Subject("module sample")])
    guard case .text(let text)? = examination.lastingFacts.first?.fact else { return #expect(Bool(false)) }
    #expect(text.hasPrefix("taints the kernel (OE), "))
  }

  @Test func `the matrix has a mark for each place`() throws {
    let row = try #require(try ModuleMatrix(of: TestTextKernel.withSampleEverywhere.kernel).rows.first)
    #expect(Set(row.present) == Set(ModuleMatrix.Place.allCases).subtracting([.memory]))
    #expect(row.state == "live")
  }

  @Test func `a record of the tracer that names the last page of all ends nothing`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    // The first of the tracer's records (TestTextKernel.writeTracing), whose address may say anything.
    kernel.memory.write(UInt64.max - 15, at: KernelAddress(TestTextKernel.heap + 0x100))
    _ = try examine(kernel)
  }

  @Test func `without the vendor's image the kernel's own names and types will do`() throws {
    let kernel = TestTextKernel.withTypesInMemory
    let examination = try ModuleList().examine(kernel.kernelWithoutImage)
    #expect(examination.findings.isEmpty)
    #expect(examination.expectations.first?.rung == .kernelRecords)
    kernel.removeSampleFromSet()
    #expect(try ModuleList().examine(kernel.kernelWithoutImage).findings.count == 1)
    #expect(try ExecutableMemory().examine(kernel.kernelWithoutImage).unanswered.isEmpty)
  }

  @Test func `a module that left the list is named, with what still knows of it`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.unlinkSample()
    kernel.told = ModuleNames(procModules: .success([]), sysfs: .success(["sample"]))
    let finding = try only(kernel)
    #expect(finding.severity == .critical)
    #expect(finding.subject == Subject("module sample"))
    #expect(finding.message.contains("missing from the list of modules, /proc/modules"))
    #expect(finding.observed.words.contains("poisoned"))
    #expect(finding.target == TestTextModule.sample.code)
    #expect(finding.evidence.contains { $0.name == "known to" && $0.value.words.contains("module_bug_list") })
    #expect(finding.evidence.contains { $0.name == "functions" && $0.value == "hack_read" })
  }

  @Test func `a module that was being unloaded when the kernel stopped is a remark`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.unlinkSample()
    let module = TestTextModule.sample.structure
    kernel.memory.write(UInt32(3), at: KernelAddress(module))
    // The task that unloads it, by its stack: free_module(), and below it a register that has the module.
    let heap = TestTextKernel.heap + 0x1_0000
    let stack = heap + 0x1000
    kernel.memory.map(MemoryRegion(start: KernelAddress(heap), byteCount: 0x6000))
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: heap)
    let signal = objects.make("signal_struct")
    let task = objects.make("task_struct") {
      $0["stack"] = stack
      $0["signal"] = signal.address
      $0["thread.sp"] = stack + 0x3e00
    }
    let first = objects.make("task_struct", at: TestTextKernel.live(TestVendorKernel.Variable.firstTask).rawValue)
    objects.link([task], by: "tasks", head: first.place(of: "tasks"))
    objects.link([task], by: "thread_node", head: signal.place(of: "thread_head"))
    let (register, returnAddress) = (KernelAddress(stack + 0x3e10), KernelAddress(stack + 0x3e40))
    kernel.memory.write(module, at: register)
    kernel.memory.write(TestTextKernel.live(0x7fc).rawValue, at: returnAddress)
    var stopped: Kernel {
      var stopped = kernel.kernel
      stopped.isRunning = false
      return stopped
    }
    let examination = try ModuleList().examine(stopped)
    #expect(examination.findings.isEmpty)
    #expect(examination.remarks.contains { $0.contains("sample was being loaded or unloaded when this kernel") })
    let memory = try ExecutableMemory().examine(stopped)
    #expect(memory.findings.isEmpty)
    #expect(memory.remarks.contains { $0.contains("sample, which was being loaded or unloaded") })
    // A kernel that runs is looked at again instead.
    #expect(try examine(kernel).findings.count == 1)
    // Who is in the middle of something else, names another module, or has named it before, unloads none.
    kernel.memory.write(TestTextKernel.live(0x784).rawValue, at: returnAddress)
    #expect(try ModuleList().examine(stopped).findings.count == 1)
    kernel.memory.write(TestTextKernel.live(0x7fc).rawValue, at: returnAddress)
    kernel.memory.write(module + 8, at: register)
    #expect(try ModuleList().examine(stopped).findings.count == 1)
    kernel.memory.write(module, at: KernelAddress(stack + 0x3d00))
    #expect(try ModuleList().examine(stopped).findings.count == 1)
    #expect(try ExecutableMemory().examine(stopped).findings.count == 1)
    // One that is on the list still, or already.
    let listed = TestTextKernel.withSampleEverywhere
    listed.memory.write(UInt32(3), at: KernelAddress(module))
    #expect(try only(listed).message.contains("UNFORMED"))
    // A module that says that it is live is not being unloaded.
    kernel.memory.write(module, at: register)
    kernel.memory.write(UInt32(0), at: KernelAddress(module))
    #expect(try ModuleList().examine(stopped).findings.count == 1)
  }

  @Test func `a listed module that is missing from a place is found`() throws {
    let cases: [(String, (TestTextKernel) -> Void)] = [
      ("module_kset", { $0.removeSampleFromSet() }),
      ("mod_tree", { $0.setTreeRoots([0, 0]) }),
      ("module_bug_list", { $0.emptyList(at: TestVendorKernel.Variable.moduleBugs) }),
      ("the vmalloc areas", { $0.eraseSampleAreas() }),
      ("/proc/modules", { $0.told?.procModules = .success([]) }),
      ("/sys/module", { $0.told?.sysfs = .success([]) }),
      ("/proc/kallsyms", { $0.symbols.removeAll { $0.module == "sample" } }),
    ]
    for (place, tamper) in cases {
      let kernel = TestTextKernel.withSampleEverywhere
      kernel.setSampleSymbolCount(3)
      tamper(kernel)
      let finding = try only(kernel)
      #expect(finding.message.contains("a loaded module is missing from"), "\(place)")
      #expect(finding.message.contains(place), "\(place): \(finding.message)")
    }
  }

  @Test func `one copy of the module tree without it is enough`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.setTreeRoots([0])
    #expect(try only(kernel).message.contains("mod_tree"))
  }

  @Test func `a doctored record is named for what was done to it`() throws {
    let unformed = TestTextKernel.withSampleEverywhere
    unformed.memory.write(UInt32(3), at: KernelAddress(TestTextModule.sample.structure))
    #expect(try only(unformed).message.contains("UNFORMED"))
    let emptied = TestTextKernel.withSampleEverywhere
    emptied.setSampleSymbolCount(0)
    #expect(try only(emptied).message.contains("its symbol table is empty"))
    let sections = TestTextKernel.withSampleEverywhere
    sections.memory.write(UInt64(0), at: KernelAddress(TestTextModule.sample.structure + 248))
    #expect(try only(sections).message.contains("sect_attrs"))
    let links = TestTextKernel.withSampleEverywhere
    links.memory.write(UInt64(0x1234), at: KernelAddress(TestTextModule.sample.structure + 16))
    #expect(try only(links).message.contains("do not point back"))
  }

  @Test func `published sentinels are named`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.unlinkSample()
    kernel.memory.write(UInt64(0x2237_3717), at: KernelAddress(TestTextModule.sample.structure + 8))
    #expect(try only(kernel).observed.words.contains("Singularity"))
  }

  @Test func `a record that no place knows of is found by what it looks like`() throws {
    let kernel = TestTextKernel.accounted
    kernel.told = ModuleNames(procModules: .success([]), sysfs: .success([]))
    let hidden = TestTextModule(
      structure: 0xffff_ffff_c020_0040, name: "hidden",
      memory: [0xffff_ffff_c021_0000, 0xffff_ffff_c020_0000, 0, 0])
    for base in hidden.memory where base != 0 {
      kernel.memory.map(MemoryRegion(start: KernelAddress(base), byteCount: 4096))
    }
    kernel.list([hidden])
    kernel.unlinkSampleFree(hidden)
    // Data that only looks like a record is none: its code cannot be executed.
    #expect(try examine(kernel).findings.isEmpty)
    kernel.setPermissions(of: hidden.code, isWritable: false, isExecutable: true)
    let finding = try only(kernel)
    #expect(finding.subject == Subject("module hidden"))
    #expect(finding.evidence.contains { $0.name == "known to" && $0.value.words.contains("the memory of modules") })
  }

  @Test func `a module that kept no function its file names to the tracer has no record there`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    // The record of another module's code, which is the kernel's BPF program here.
    kernel.memory.write(TestTextKernel.orphan.rawValue + 0x10, at: KernelAddress(TestTextKernel.heap + 0x620))
    #expect(try examine(kernel).findings.map(\.subject).contains(Subject("module sample")))
    kernel.nameToTracer(0xffff_ffff_c0ff_0010)
    #expect(try !examine(kernel).findings.map(\.subject).contains(Subject("module sample")))
  }

  @Test func `traced code that is in no module is found`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.memory.write(TestTextKernel.orphan.rawValue + 0x10, at: KernelAddress(TestTextKernel.heap + 0x620))
    kernel.memory.write(UInt32(0), at: KernelAddress(TestTextModule.sample.structure + 240))
    let finding = try only(kernel)
    #expect(finding.subject == Subject("traced code at \(TestTextKernel.orphan)"))
  }

  @Test func `a name that user space is told and no record bears is found`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.told?.procModules = .success(["sample", "ghost"])
    let finding = try only(kernel)
    #expect(finding.subject == Subject("module ghost"))
    #expect(finding.message.contains("no record"))
  }

  @Test func `what is being loaded is left alone, and what stays wrong is not`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.memory.write(UInt32(1), at: KernelAddress(TestTextModule.sample.structure))
    kernel.removeSampleFromSet()
    #expect(try examine(kernel).findings.isEmpty)
    // Through after the third look.
    let passing = TestTextKernel.withSampleEverywhere
    passing.told?.sysfs = .success([])
    var pauses = 0
    passing.pause = {
      pauses += 1
      if pauses == 3 { passing.told?.sysfs = .success(["sample"]) }
    }
    let kernelPassing = passing.kernel
    var live = kernelPassing
    live.moduleNames = { _ in passing.told ?? kernelPassing.moduleNames(false) }
    #expect(try ModuleList().examine(live).findings.isEmpty)
    #expect(pauses == 3)
  }

  @Test func `lists and trees without an end are refused`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    // A node that leads to itself.
    kernel.setTreeRoots([TestTextKernel.heap + 0x3088, TestTextKernel.heap + 0x3088])
    kernel.memory.write(TestTextKernel.heap + 0x3088, at: KernelAddress(TestTextKernel.heap + 0x3090))
    #expect(throws: CannotCheck.self) { try examine(kernel) }
    kernel.setTreeRoots([0, 0])
    _ = try examine(kernel)
    // A list whose second node leads to itself.
    kernel.memory.write(
      TestTextModule.sample.structure + 8, at: KernelAddress(TestTextModule.sample.structure + 8))
    #expect(throws: CannotCheck.self) { try examine(kernel) }
  }

  @Test func `a list of a hundred thousand forged modules is refused in little time`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    let start: UInt64 = 0xffff_8881_0000_0000
    let head = TestTextKernel.live(TestVendorKernel.Variable.modules).rawValue
    var pages: [UInt8] = []
    // Nodes of a list and nothing else, each 16 bytes behind the one before.
    for number in UInt64(1)...100_000 { pages += little(start + number * 16) + little(head) }
    kernel.memory.map(MemoryRegion(start: KernelAddress(start), byteCount: UInt64(pages.count) + 4096))
    kernel.memory.write(pages, at: KernelAddress(start))
    kernel.set(TestVendorKernel.Variable.modules, to: start)
    #expect(throws: CannotCheck.self) { try examine(kernel) }
  }

  @Test func `a module that claims more memory than there is keeps none of it`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.memory.write(UInt32.max, at: KernelAddress(TestTextModule.sample.structure + 88))
    let row = try #require(try ModuleMatrix(of: kernel.kernel).rows.first)
    #expect(row.code == nil)
  }

  @Test func `without the list, or the memory, it cannot be told`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.memory.withheld = [MemoryRegion(start: KernelAddress(TestTextModule.sample.structure), byteCount: 64)]
    #expect(throws: CannotCheck.self) { try examine(kernel) }
    #expect(throws: CannotCheck.self) { try ModuleList().examine(TestTextKernel().kernelWithoutImage) }
    let other = TestTextKernel.withSampleEverywhere
    other.machine = "aarch64"
    #expect(throws: CannotCheck.self) { try examine(other) }
  }
}

extension TestTextKernel {
  /// Takes a module off the list that is on no other place.
  fileprivate func unlinkSampleFree(_ module: TestTextModule) {
    emptyList(at: TestVendorKernel.Variable.modules)
    memory.write(UInt64(0xdead_0000_0000_0100), at: KernelAddress(module.structure + 8))
    memory.write(UInt64(0xdead_0000_0000_0122), at: KernelAddress(module.structure + 16))
  }
}

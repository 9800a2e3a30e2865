import Checks
import KernelModel
import Report
import TestKernel
import Testing

@Suite struct ExecutableMemoryTests {
  private func examine(_ kernel: TestTextKernel) throws -> Examination {
    try ExecutableMemory().examine(kernel.kernel)
  }

  private func only(_ examination: Examination) throws -> Finding {
    #expect(examination.findings.map(\.subject.description).count == 1)
    return try #require(examination.findings.first)
  }

  // MARK: Healthy

  @Test func `a healthy kernel accounts for every executable page`() throws {
    let examination = try examine(.accounted)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.isEmpty)
    #expect(
      examination.facts.map(\.subject) == [
        Subject("executable pages", label: "kernel text"),
        Subject("memory protection", label: "writable and executable"), Subject("memory protection"),
      ])
    #expect(examination.lastingFacts.map(\.subject.name) == ["memory protection", "memory protection"])
    #expect(examination.remarks.contains { $0.contains("3 BPF") == false && $0.contains("2 BPF") })
  }

  @Test func `structures outrank what is claimed of an owner`() {
    let kernel = TestTextKernel.accounted
    kernel.loadSample()
    kernel.modules.append(ModuleClaim(name: "ghost", byteCount: 4096, base: TestTextKernel.orphan))
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    var live = kernel.kernel
    #expect(live.owner(of: TestTextKernel.orphan).description.contains("ghost"))
    live.account = StructuralAccount.of
    #expect(live.owner(of: TestTextKernel.orphan).description.contains("unowned"))
    #expect(live.owner(of: TestTextModule.sample.code).description.contains("sample_read+0x0 [sample]"))
    #expect(live.owner(of: TestTextModule.sample.constants).description.contains("[sample]"))
    #expect(live.owner(of: TestTextKernel.bpfProgram).description.contains("bpf_prog_1+0x0 [bpf]"))
    #expect(live.owner(of: TestTextKernel.live(0x740)).description.contains("probed"))
    // What was loaded since the account was made is found by another look.
    let late = TestTextKernel.heap + 0x3000
    kernel.memory.map(MemoryRegion(start: KernelAddress(late), byteCount: 4096))
    kernel.memory.write(
      little(TestTextKernel.orphan.rawValue) + little(TestTextKernel.orphan.rawValue + 64), at: KernelAddress(late))
    kernel.memory.write(string: "bpf_prog_2", at: KernelAddress(late + 16))
    kernel.link(late + 48, to: TestVendorKernel.Variable.programs)
    #expect(live.owner(of: TestTextKernel.orphan).description.contains("bpf_prog_2"))
  }

  @Test func `a listed module's code has an owner`() throws {
    let kernel = TestTextKernel.accounted
    kernel.loadSample()
    #expect(try examine(kernel).findings.isEmpty)
  }

  @Test func `Hyper-V's page, and trampolines of structure operations, have an owner`() throws {
    let kernel = TestTextKernel.accounted
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    #expect(try examine(kernel).findings.count == 1)
    kernel.set(TestVendorKernel.Variable.hypercallPage, to: TestTextKernel.orphan.rawValue)
    #expect(try examine(kernel).findings.isEmpty)
    kernel.set(TestVendorKernel.Variable.hypercallPage, to: UInt64(0))
    kernel.allocate(TestTextKernel.orphan, byteCount: 4096, by: TestTextKernel.live(0x774), number: 1)
    #expect(try examine(kernel).findings.isEmpty)
  }

  @Test func `a page of breakpoints and thunks is harmless, whoever owns it`() throws {
    let kernel = TestTextKernel.accounted
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    var page = [UInt8](repeating: 0xcc, count: 4096)
    page.replaceSubrange(32..<35, with: [0xff, 0xe0, 0xcc])
    page.replaceSubrange(100..<104, with: [0x41, 0xff, 0xe3, 0xcc])
    page.replaceSubrange(160..<166, with: [0xd6, 0x75, 0xfd, 0xff, 0xe7, 0xcc])
    kernel.memory.write(page, at: TestTextKernel.orphan)
    #expect(try examine(kernel).findings.isEmpty)
    // The same thunk where none is put: in the lower half of a line.
    kernel.memory.write([0xff, 0xe0], at: KernelAddress(TestTextKernel.orphan.rawValue + 8))
    #expect(try examine(kernel).findings.count == 1)
  }

  @Test func `memory that is being given back has no owner for a moment, and is no alarm`() throws {
    let kernel = TestTextKernel.accounted
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    kernel.pause = {
      kernel.setPermissions(of: TestTextKernel.orphan, isWritable: true, isExecutable: false)
    }
    #expect(try examine(kernel).findings.isEmpty)
  }

  @Test func `the code that a module began with has an owner until it is given back`() throws {
    typealias Variable = TestVendorKernel.Variable
    let kernel = TestTextKernel.accounted
    let heap = TestTextKernel.heap + 0x4000
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: heap)
    let stack = heap + 0xb000
    kernel.memory.map(MemoryRegion(start: KernelAddress(heap), byteCount: 0xf000))
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    kernel.allocate(TestTextKernel.orphan, byteCount: 4096, by: TestTextKernel.live(0x784), number: 1)
    let record = objects.make("mod_initfree") { $0["init_text"] = TestTextKernel.orphan.rawValue }
    #expect(try examine(kernel).findings.count == 1)
    // do_init_module() has put it on the list.
    kernel.set(Variable.initFreeList, to: record.place(of: "node"))
    #expect(try examine(kernel).findings.isEmpty)
    record["init_text"] += 64
    #expect(try examine(kernel).findings.count == 1)
    record["init_text"] -= 64
    // A list that leads back to itself has an end here.
    record["node"] = record.place(of: "node")
    #expect(try examine(kernel).findings.isEmpty)
    record["node"] = 0
    // do_free_init() has taken the list, and waits.
    kernel.set(Variable.initFreeList, to: UInt64(0))
    #expect(try examine(kernel).findings.count == 1)
    kernel.memory.write(record.place(of: "node"), at: KernelAddress(stack + 0x3e80))
    let task = objects.make("task_struct") { $0["stack"] = stack }
    let worker = objects.make("worker") {
      $0["current_work"] = TestTextKernel.live(Variable.initFreeWork).rawValue
      $0["task"] = task.address
    }
    let pool = objects.make("worker_pool")
    objects.chain([worker], by: "hentry", head: pool.place(of: "busy_hash") + 8)
    objects.make("idr", at: TestTextKernel.live(Variable.workerPools).rawValue) { $0["idr_rt.xa_head"] = pool.address }
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    // A worker in the middle of something else leads to nothing.
    worker["current_work"] = pool.address
    #expect(try examine(kernel).findings.count == 1)
  }

  // MARK: Tampered

  @Test func `executable memory that nobody owns is found, with who allocated it`() throws {
    let kernel = TestTextKernel.accounted
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    kernel.allocate(TestTextKernel.orphan, byteCount: 4096, by: TestTextKernel.live(0x784), number: 1)
    let finding = try only(try examine(kernel))
    #expect(finding.severity == .critical)
    #expect(finding.target == TestTextKernel.orphan)
    #expect(finding.message.contains("has no owner"))
    #expect(finding.evidence.contains { $0.name == "allocated by" && $0.value.words.contains("victim+0x4") })
  }

  @Test func `a module that is on no list is found by its code`() throws {
    let kernel = TestTextKernel.accounted
    kernel.loadSample()
    kernel.list([])
    #expect(try only(try examine(kernel)).target == TestTextModule.sample.code)
  }

  @Test func `code that a listed module keeps elsewhere is a warning`() throws {
    let kernel = TestTextKernel.accounted
    kernel.loadSample()
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    kernel.allocate(TestTextKernel.orphan, byteCount: 4096, by: TestTextModule.sample.code, number: 1)
    let finding = try only(try examine(kernel))
    #expect(finding.severity == .warning)
    #expect(finding.evidence.contains { $0.name == "allocated by" && $0.value.words.contains("module sample") })
  }

  @Test func `code in a free chunk of a pack is found`() throws {
    let kernel = TestTextKernel.accounted
    kernel.memory.write([0x90], at: KernelAddress(TestTextKernel.pack.rawValue + 0x800))
    #expect(try only(try examine(kernel)).target == TestTextKernel.pack)
  }

  @Test func `memory that is writable and executable at once is found`() throws {
    let kernel = TestTextKernel.accounted
    kernel.setPermissions(of: TestTextKernel.trampoline, isWritable: true, isExecutable: true)
    let finding = try only(try examine(kernel))
    #expect(finding.message.contains("writable and executable"))
    #expect(finding.target == TestTextKernel.trampoline)
  }

  @Test func `a trampoline of BPF may be writable: old kernels write it in place`() throws {
    let kernel = TestTextKernel.accounted
    kernel.memory.write(string: "bpf_trampoline_1", at: KernelAddress(TestTextKernel.heap + 0x2010))
    kernel.setPermissions(of: TestTextKernel.bpfProgram, isWritable: true, isExecutable: true)
    #expect(try examine(kernel).findings.isEmpty)
    kernel.memory.write(string: "bpf_prog_1", at: KernelAddress(TestTextKernel.heap + 0x2010))
    #expect(try examine(kernel).findings.count == 1)
  }

  @Test(arguments: [(UInt64(0x2000), false), (UInt64(0), true)])
  func `text and constants that are writable are found`(_ place: UInt64, _ isExecutable: Bool) throws {
    let kernel = TestTextKernel.accounted
    kernel.setPermissions(of: TestTextKernel.live(place), isWritable: true, isExecutable: isExecutable)
    let findings = try examine(kernel).findings
    #expect(findings.contains { $0.message.contains("text or constants are writable") })
    #expect(findings.allSatisfy { $0.target == TestTextKernel.live(place) })
  }

  @Test func `a kernel that was asked not to protect itself is no alarm, and is said to be one`() throws {
    let kernel = TestTextKernel.accounted
    kernel.setPermissions(of: TestTextKernel.live(0x2000), isWritable: true, isExecutable: false)
    kernel.set(TestVendorKernel.Variable.protects, to: UInt8(0))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.remarks.contains { $0.contains("rodata=off") })
  }

  // MARK: Withheld

  @Test func `page tables that cannot be read are not a healthy kernel`() {
    let kernel = TestTextKernel.accounted
    kernel.mappings.withheldTables = .implausible("the kernel's page tables", "cannot be read")
    #expect(throws: CannotCheck.implausible("the kernel's page tables", "cannot be read")) { try examine(kernel) }
  }

  @Test func `a list that leads nowhere is not a healthy kernel`() {
    let kernel = TestTextKernel.accounted
    kernel.set(TestVendorKernel.Variable.programs, to: UInt64(0))
    #expect(throws: CannotCheck.self) { try examine(kernel) }
  }

  @Test func `without the vendor's image, who owns a page is an open question`() throws {
    let kernel = TestTextKernel.accounted
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    let examination = try ExecutableMemory().examine(kernel.kernelWithoutImage)
    #expect(examination.findings.isEmpty)
    #expect(!examination.unanswered.isEmpty)
    #expect(examination.remarks.contains { $0.contains("neither the kernel's text nor a listed module's") })
  }

  @Test func `another processor's kernel is not asked`() {
    let kernel = TestTextKernel.accounted
    kernel.machine = "aarch64"
    #expect(throws: CannotCheck.self) { try examine(kernel) }
  }

  @Test func `code that a module began with is known in a part of a large area, too`() throws {
    typealias Variable = TestVendorKernel.Variable
    let kernel = TestTextKernel.accounted
    let heap = TestTextKernel.heap + 0x4000
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: heap)
    kernel.memory.map(MemoryRegion(start: KernelAddress(heap), byteCount: 0x1000))
    let orphan = TestTextKernel.orphan.rawValue
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    kernel.allocate(KernelAddress(orphan - 4096), byteCount: 3 * 4096, by: TestTextKernel.live(0x784), number: 1)
    let record = objects.make("mod_initfree") { $0["init_text"] = orphan }
    kernel.set(Variable.initFreeList, to: record.place(of: "node"))
    #expect(try examine(kernel).findings.count == 1)
    // One part of the area, in a node with one slot in use: maple_leaf_64 is 1, and the root has a mark of its own.
    let node = objects.make("maple_node", at: (heap + 0x800) & ~255)
    func setPart(_ range: ClosedRange<UInt64>) {
      for (place, word) in [("pivot", range.lowerBound - 1), ("slot", 0)] {
        kernel.memory.write(word, at: KernelAddress(node.place(of: "mr64.\(place)")))
      }
      kernel.memory.write(range.upperBound, at: KernelAddress(node.place(of: "mr64.pivot") + 8))
      kernel.memory.write(orphan, at: KernelAddress(node.place(of: "mr64.slot") + 8))
      node["mr64.meta.end"] = 2
    }
    node["parent"] = heap | 1
    setPart(orphan...orphan + 4095)
    kernel.set(Variable.codeCache + 32 + 8, to: node.address | 1 << 3 | 4 | 2)
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    setPart(orphan - 64...orphan + 4095)
    #expect(try examine(kernel).findings.count == 1, "another part")
    setPart(orphan...orphan + 3 * 4096)
    #expect(try examine(kernel).findings.count == 1, "a part that is larger than the area")
  }

  @Test func `a trampoline that the tracer was making when the kernel stopped is no finding`() throws {
    let kernel = TestTextKernel.accounted
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    let entry = try kernel.memory.bytes(at: TestTextKernel.live(0x680), count: 12)
    let breakpoints = [UInt8](repeating: 0xcc, count: 4096 - entry.count)
    func orphans(_ page: [UInt8], lock: UInt64 = 0xffff_8880_0000_0001, isRunning: Bool = false) throws -> Int {
      kernel.memory.write(page, at: TestTextKernel.orphan)
      kernel.set(TestVendorKernel.Variable.tracerLock, to: lock)
      var stopped = kernel.kernel
      stopped.isRunning = isRunning
      return try ExecutableMemory().examine(stopped).findings.count
    }
    #expect(try orphans(entry + breakpoints) == 0)
    #expect(try orphans(entry + breakpoints, lock: 0) == 1, "nobody is making it")
    #expect(try orphans(entry + breakpoints, isRunning: true) == 1, "it gets an owner where the kernel runs")
    #expect(try orphans(Array(entry[..<8]) + [0xcc, 0xcc, 0xcc, 0xcc] + breakpoints) == 0, "half written")
    #expect(try orphans([0x90, 0x90] + entry[2...] + breakpoints) == 1, "other code")
    #expect(try orphans(entry + breakpoints.dropLast(2) + [0xff, 0xe0]) == 1, "code behind it")
  }
}

package import KernelModel

/// The system calls of a ``TestPanic``, what hooks them, and where else the kernel may be led into it.
extension TestPanic {
  /// Where small records lie.
  package static let heap: UInt64 = 0xffff_8880_0000_5000
  /// What `read` and `open` are made to lead to.
  package static let hackRead = orphan
  package static let hackOpen = orphan + 0x80
  /// The data of the module that ``hideModule(named:)`` hides.
  package static let orphanData = orphan + 0x1000
  /// Where the second task's stack lies.
  package static let otherStack: UInt64 = 0xffff_c900_0001_0000

  private static let callNames = ["read", "write", "open", "close"]

  package static func handler(_ number: Int) -> UInt64 { textStart + 0x2000 + UInt64(number) * 0x100 }

  /// Four system calls: `do_syscall_64` looks them up in a table and calls what it finds there through the thunk.
  package func addSystemCalls() {
    add("sys_call_table", Variable.calls, "R")
    add("after_sys_call_table", Variable.calls + 64, "R")
    for (number, name) in Self.callNames.enumerated() {
      add("__x64_sys_\(name)", Self.handler(number))
      write([0x31, 0xc0, 0xc3], at: Self.handler(number))
      set(Variable.calls + UInt64(number) * 8, Self.handler(number))
    }
    // mov eax, esi; cmp rax, 3; ja out; mov rax, [rax*8 + table]; then nops, call thunk, ret
    var code: [UInt8] = [0x89, 0xf0, 0x48, 0x3d] + MachineCode.little(3) + [0x77, 0x26]
    code += [0x48, 0x8b, 0x04, 0xc5] + MachineCode.little(UInt32(truncatingIfNeeded: Variable.calls))
    write(code + [UInt8](repeating: 0x90, count: 0x2b - code.count), at: Function.system.address)
    write([0xc3], at: Function.system.address + 0x30)
    write([0xff, 0xe0], at: Function.thunk.address)
  }

  /// Makes the table lead to unowned code, and returns what a check would find: `read` and `open`.
  ///
  /// - Parameter strings: what lies beside the code.
  package func hook(strings: [String] = ["hack_read", "hack_open", "disable_write_protection"]) -> [Finding] {
    var place = Self.orphan + 0x200
    for string in strings {
      memory.write(string: string, at: KernelAddress(place))
      place += UInt64(string.utf8.count) + 1
    }
    return [(0, Self.hackRead), (2, Self.hackOpen)].map { number, target in
      set(Variable.calls + UInt64(number) * 8, target)
      return Finding(
        kind: .systemCallEntry, severity: .critical,
        subject: Subject("sys_call_table", index: number, label: Self.callNames[number]),
        message: "the entry leads astray", expected: "__x64_sys_\(Self.callNames[number])+0x0",
        observed: "\(KernelAddress(target))", target: KernelAddress(target))
    }
  }

  /// Has the unowned code be a module's whose record left the kernel's list.
  package func hideModule(named name: String = "hooked") {
    memory.map(MemoryRegion(start: KernelAddress(Self.orphanData), byteCount: 4096))
    set(Self.orphanData, UInt32(0))
    set(Self.orphanData + 8, 0xdead_0000_0000_0100 as UInt64)
    set(Self.orphanData + 16, 0xdead_0000_0000_0122 as UInt64)
    memory.write(string: name, at: KernelAddress(Self.orphanData + 24))
    set(Self.orphanData + 80, Self.orphan)
    set(Self.orphanData + 88, UInt32(4096))
  }

  /// Loads the module as a kernel that can tell of it: on its list, in an area of memory, with a function by name.
  package func listModule(taints: String = "OE", function: String = "sample_read") {
    loadModule()
    set(Variable.modules + 8, Self.task + 0x408)
    modules = [ModuleClaim(name: "sample", byteCount: 4096, base: KernelAddress(Self.moduleCode), taints: taints)]
    add(function, Self.moduleCode, "t", module: "sample")
    add("vmap_area_list", Variable.areas)
    let (node, area) = (Self.heap + 0x200, Self.heap + 0x240)
    memory.map(MemoryRegion(start: KernelAddress(Self.heap), byteCount: 4096))
    set(Variable.areas, node)
    set(node, Variable.areas)
    set(node + 16, area)
    set(area, Self.moduleCode)
    set(area + 8, 8192 as UInt64)
  }

  /// Has the function tracer call `target`; its list comes back to itself if it `loops`.
  package func addTracer(calling target: UInt64, loops: Bool = false) {
    add("ftrace_ops_list", Variable.tracers, "d")
    memory.map(MemoryRegion(start: KernelAddress(Self.heap), byteCount: 4096))
    set(Variable.tracers, Self.heap)
    set(Self.heap, target)
    set(Self.heap + 8, loops ? Self.heap : 0)
  }

  /// Has a probe call `target`; its list comes back to itself if it `loops`.
  package func addProbe(calling target: UInt64, loops: Bool = false) {
    add("kprobe_table", Variable.probes, "d")
    memory.map(MemoryRegion(start: KernelAddress(Self.heap), byteCount: 4096))
    let probe = Self.heap + 0x100
    set(Variable.probes + 3 * 8, probe)
    set(probe, loops ? probe : 0)
    set(probe + 64, target)
  }

  /// Sets the taint mask, and remembers modules that were unloaded.
  package func remember(taint: UInt64, unloaded: String? = nil, taints: UInt64 = 0) {
    add("tainted_mask", Variable.taint, "d")
    set(Variable.taint, taint)
    guard let unloaded else { return }
    add("last_unloaded_module", Variable.lastUnloaded, "d")
    memory.write(string: unloaded, at: KernelAddress(Variable.lastUnloaded))
    add("unloaded_tainted_modules", Variable.unloaded, "d")
    memory.map(MemoryRegion(start: KernelAddress(Self.heap), byteCount: 4096))
    let record = Self.heap + 0x300
    set(Variable.unloaded, record)
    set(record, Variable.unloaded)
    memory.write(string: unloaded, at: KernelAddress(record + 16))
    set(record + 72, taints)
  }

  /// Adds a task that sleeps in `do_syscall_64`, called by the entry code.
  package func addSleeper(_ name: String, pid: Int32) {
    add("init_task", Variable.firstTask, "D")
    let task = Self.heap + 0x400
    memory.map(MemoryRegion(start: KernelAddress(Self.heap), byteCount: 4096))
    memory.map(MemoryRegion(start: KernelAddress(Self.otherStack), byteCount: 16384))
    set(Variable.firstTask + 144, task + 144)
    set(task + 144, Variable.firstTask + 144)
    set(task + 16, Self.otherStack)
    set(task + 32, pid)
    set(task + 36, pid)
    memory.write(string: name, at: KernelAddress(task + 40))
    let saved = Self.otherStack + 0x3000
    set(task + 80, saved)
    set(saved + 48, Function.system.address + 0x30)
  }

  /// Writes what the kernel said, a record a line, and returns the log.
  @discardableResult
  package func say(_ lines: String...) -> TestPanicLog {
    var log = TestPanicLog(self)
    for line in lines { log.add(line) }
    return log
  }
}

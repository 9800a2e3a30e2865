package import KernelModel

/// A small kernel that panicked: the stack protector stopped unowned code, called by `do_syscall_64`.
///
/// Two processors; the second panicked, while it ran `dd`.
package final class TestPanic {
  package static let textStart: UInt64 = 0xffff_ffff_8100_0000
  package static let textEnd: UInt64 = 0xffff_ffff_8101_0000
  package static let data: UInt64 = 0xffff_ffff_8101_0000
  package static let end: UInt64 = 0xffff_ffff_8104_0000
  /// Code that nobody owns.
  package static let orphan: UInt64 = 0xffff_ffff_c033_1000
  package static let moduleCode: UInt64 = 0xffff_ffff_c010_0000
  package static let stack: UInt64 = 0xffff_c900_0000_4000
  package static let stackEnd: UInt64 = stack + 16384
  package static let task: UInt64 = 0xffff_8880_0000_1000
  /// How far the second processor's variables are moved.
  package static let perProcessor: UInt64 = 0xffff_8880_0001_0000

  /// Variables.
  package enum Variable {
    package static let panicProcessor = data + 0x00
    package static let crashProcessor = data + 0x08
    package static let processorCount = data + 0x10
    package static let log = data + 0x18
    package static let modules = data + 0x20
    package static let offsets = data + 0x40
    package static let taint = data + 0x60
    package static let tracers = data + 0x68
    package static let areas = data + 0x70
    package static let unloaded = data + 0x80
    package static let lastUnloaded = data + 0x90
    package static let ticks = data + 0xf0
    package static let ring = data + 0x100
    package static let firstTask = data + 0x600
    package static let probes = data + 0x800
    package static let places = data + 0x1000
    package static let entries = data + 0x2000
    package static let descriptors = data + 0x3000
    package static let infos = data + 0x4000
    package static let texts = data + 0x8000
    package static let types = data + 0x1_0000
    package static let calls = data + 0x2_0000
  }

  /// Functions, at 256 bytes each.
  package enum Function: UInt64, CaseIterable {
    case panic = 0x1000
    case stackCheckFail = 0x1100
    /// What begins right behind.
    case next = 0x1110
    case system = 0x1200
    case entry = 0x1300
    case read = 0x1400
    case thunk = 0x1500
    case fork = 0x1600

    package var address: UInt64 { TestPanic.textStart + rawValue }

    package var name: String {
      switch self {
      case .panic: "panic"
      case .stackCheckFail: "__stack_chk_fail"
      case .next: "do_sys_poll"
      case .system: "do_syscall_64"
      case .entry: "entry_SYSCALL_64_after_hwframe"
      case .read: "vfs_read"
      case .thunk: "__x86_indirect_thunk_rax"
      case .fork: "ret_from_fork_asm"
      }
    }
  }

  package let memory = SparseMemory()
  package var symbolsAreWhole = true
  package let mappings: TestMappings
  package var symbols: [Symbol] = []
  package var processors: [ProcessorState] = []
  /// Those on the kernel's list, as ``loadModule()`` puts them there.
  package var modules: [ModuleClaim] = []
  /// Whether ORC entries are as in v7.2, else as in v6.1.
  package let isNewer: Bool

  package init(isNewer: Bool = false) {
    self.isNewer = isNewer
    mappings = TestMappings(of: memory)
    let image = MemoryRegion(from: KernelAddress(Self.textStart), to: KernelAddress(Self.end))
    memory.map(image)
    permit(Self.textStart, Self.textEnd - Self.textStart)
    for (name, address) in [
      ("_text", Self.textStart), ("_stext", Self.textStart), ("_etext", Self.textEnd), ("_end", Self.end),
      ("panic_cpu", Variable.panicProcessor), ("crashing_cpu", Variable.crashProcessor),
      ("nr_cpu_ids", Variable.processorCount), ("prb", Variable.log), ("__per_cpu_offset", Variable.offsets),
      ("modules", Variable.modules), ("jiffies_64", Variable.ticks), ("pcpu_hot", 0x100),
      ("cea_exception_stacks", 0x180),
    ] {
      add(name, address, address >= Self.textStart && address < Self.textEnd ? "T" : "D")
    }
    for function in Function.allCases { add(function.name, function.address, "T") }
    writeTypes()
    set(Variable.panicProcessor, Int32(1))
    set(Variable.crashProcessor, Int32(-1))
    set(Variable.processorCount, UInt32(2))
    set(Variable.modules, Variable.modules)
    set(Variable.modules + 8, Variable.modules)
    set(Variable.offsets, 0xffff_8880_0000_8000 as UInt64)
    set(Variable.offsets + 8, Self.perProcessor)
    writeTask()
    writeStack()
    writeTable()
  }

  package var kernel: Kernel {
    var builder = SymbolTable.Builder()
    for symbol in symbols { builder.add(symbol) }
    var kernel = Kernel(
      identity: KernelIdentity(
        release: "6.1.0-test", version: "#1 SMP", machine: "x86_64", claimedBuildID: .success(BuildID(bytes: [1])),
        buildIDInMemory: .success(BuildID(bytes: [1])), kaslrOffset: .success(0)),
      memory: memory, mappings: mappings, symbols: SymbolTable(builder),
      claims: Claims(
        loadedModules: .success(modules), commandLine: .success(""), taint: .success(0)), reference: TestReference())
    kernel.isRunning = false
    kernel.symbolsAreWhole = symbolsAreWhole
    let unasked = Withheld("user space", why: "it runs no more")
    kernel.moduleNames = { _ in
      ModuleNames(procModules: .failure(unasked), sysfs: .failure(unasked), kallsyms: .failure(unasked))
    }
    kernel.processors = processors
    return kernel
  }

  package func add(_ name: String, _ address: UInt64, _ type: Unicode.Scalar = "T", module: String? = nil) {
    symbols.append(Symbol(name: name, address: KernelAddress(address), type: UInt8(ascii: type), module: module))
  }

  package func set<Value: FixedWidthInteger>(_ address: UInt64, _ value: Value) {
    memory.write(value, at: KernelAddress(address))
  }

  package func write(_ bytes: [UInt8], at address: UInt64) {
    memory.write(bytes, at: KernelAddress(address))
  }

  /// Has memory that may be executed.
  package func permit(_ address: UInt64, _ byteCount: UInt64) {
    let region = MemoryRegion(start: KernelAddress(address), byteCount: byteCount)
    memory.map(region)
    mappings.permissions.append((region, false, true))
  }

  private func writeTypes() {
    let types = TestPanicTypes.bytes(isNewer: isNewer)
    write(types, at: Variable.types)
    add("__start_BTF", Variable.types, "R")
    add("__stop_BTF", Variable.types + UInt64(types.count), "R")
  }
}

internal import KernelModel
internal import KernelObjects

/// One look at all the places that know of modules, in memory and in what user space is told.
///
/// The kernel's list is read first and last. Of a module that stands on both, the same one and live, each place is held to
/// what it should know; one that comes or goes meanwhile is left alone.
struct ModuleCensus {
  private(set) var rows: [ModuleMatrix.Row] = []
  private(set) var unread: [ModuleMatrix.Place: String] = [:]

  private typealias Place = ModuleMatrix.Place
  private typealias Mark = ModuleMatrix.Mark

  /// Rows of what no record is known of, at most.
  private static let mostStrays = 64
  /// Functions of a module that its file names to the tracer, at most.
  private static let mostCallSites: UInt32 = 1 << 17

  private let kernel: Kernel
  private let structures: KernelStructures
  /// As they are at this look.
  private let mappings: any KernelMappings

  /// - Parameters:
  ///   - carved: records that were found by what they look like.
  ///   - withKallsyms: whether `/proc/kallsyms` is read again for this look.
  init(
    _ kernel: Kernel, _ structures: KernelStructures, carved: [UInt64], withKallsyms: Bool
  ) throws(CannotCheck) {
    self.kernel = kernel
    self.structures = structures
    mappings = kernel.mappings.fresh
    let before = try structures.now(attempts: 8) { (reader) throws(CannotCheck) in try LiveModules(reader) }.modules
    let places = try structures.now(attempts: 8) { (reader) throws(CannotCheck) in
      (known: try ModulePlaces(reader), areas: try Self.areas(reader), traced: try TracedCode(reader))
    }
    let told = kernel.moduleNames(withKallsyms)
    let (reader, after) = try structures.now(attempts: 8) { (reader) throws(CannotCheck) in
      (reader, try LiveModules(reader).modules)
    }
    unread = places.known.unread
    if let reason = places.traced.unread { unread[.tracer] = reason }
    if case .failure(let reason) = places.areas { unread[.areas] = structures.reader.types.words(for: reason) }
    let earlier = Dictionary(before.map { ($0.structure, $0) }, uniquingKeysWith: { first, _ in first })
    var known: [LiveModule] = []
    for module in after {
      let old = earlier[module.structure]
      let isSteady = old?.name == module.name && old?.instance == module.instance && old?.state == module.state
      known.append(module)
      try add(module, isListed: true, isSteady: isSteady, places, carved, told, reader)
    }
    let listed = Set(before.map(\.structure)).union(after.map(\.structure))
    for address in places.known.all.union(carved).subtracting(listed).sorted() {
      guard let module = record(at: address, reader, isNamedByAPlace: places.known.all.contains(address)) else {
        continue
      }
      known.append(module)
      try add(module, isListed: false, isSteady: true, places, carved, told, reader)
    }
    addStrays(besides: known + before, places)
    addNames(told, besides: known + before)
  }

  private typealias Places = (known: ModulePlaces, areas: Result<VmallocAreas, CannotCheck>, traced: TracedCode)

  /// The vmalloc areas, or that nothing says how this kernel lays them out.
  private static func areas(_ reader: Snapshot) throws(CannotCheck) -> Result<VmallocAreas, CannotCheck> {
    do throws(CannotCheck) {
      return .success(try VmallocAreas(reader))
    } catch {
      guard reader.types.lacksOthers, error.isOfTypes else { throw error }
      return .failure(error)
    }
  }

  /// The record at an address that only some places know, or nil if there is none: what was freed meanwhile.
  private func record(at address: UInt64, _ reader: Snapshot, isNamedByAPlace: Bool) -> LiveModule? {
    // A record that cannot be read has no code that could run.
    guard let module = try? LiveModule(at: address, reader) else { return nil }
    return isNamedByAPlace || isExecutable(module) ? module : nil
  }

  private func isExecutable(_ module: LiveModule) -> Bool {
    module.executable.contains { mappings.mapping(of: KernelAddress($0.lowerBound)).page?.isExecutable == true }
  }

  private mutating func add(
    _ module: LiveModule, isListed: Bool, isSteady: Bool, _ places: Places, _ carved: [UInt64], _ told: ModuleNames,
    _ reader: Snapshot
  ) throws(CannotCheck) {
    let isExecutable = isExecutable(module)
    var marks = memoryMarks(module, places, isExecutable: isExecutable, reader)
    marks[.list] = isListed ? .present : .missing
    marks[.memory] = carved.contains(module.structure) ? .present : .notExpected
    marks[.procModules] = Self.mark(told.procModules, module.name)
    marks[.sysfs] = Self.mark(told.sysfs, module.name)
    marks[.kallsyms] = symbolsMark(module, told, reader)
    var signs = isSteady ? try ModuleSigns.signs(of: module, isExecutable: isExecutable, reader) : []
    // Being loaded or removed: its places come one after the other.
    if isListed, !isSteady || module.state != .live {
      marks = marks.mapValues { $0 == .missing ? .notExpected : $0 }
      if module.state != .unformed { signs = [] }
    }
    var row = ModuleMatrix.Row(
      name: module.name, state: "\(module.state)", structure: KernelAddress(module.structure),
      code: module.executable.first.map {
        MemoryRegion(start: KernelAddress($0.lowerBound), byteCount: UInt64($0.count))
      }, marks: marks, signs: signs, taints: module.taints)
    if !row.isSound { row.functions = ModuleFunctions.names(of: module, reader) }
    rows.append(row)
  }

  /// What memory says, but for the list.
  private func memoryMarks(
    _ module: LiveModule, _ places: Places, isExecutable: Bool, _ reader: Snapshot
  ) -> [Place: Mark] {
    var marks: [Place: Mark] = [:]
    for place in Place.allCases {
      guard let records = places.known.records[place] else { continue }
      // Not every module has messages, tracepoints or types of its own, or has them taken.
      let isOptional = [.debug, .tracepoints, .types].contains(place)
      marks[place] = records.contains(module.structure) ? .present : isOptional ? .notExpected : .missing
    }
    if places.traced.unread == nil {
      let isTraced = module.executable.contains { places.traced.hasCode(in: $0) }
      marks[.tracer] = isTraced ? .present : hasTraceableCode(module, reader) ? .missing : .notExpected
    }
    if case .success(let areas) = places.areas {
      let pieces = Array(module.memory.values) + module.executable
      marks[.areas] = pieces.allSatisfy { areas.area(at: $0.lowerBound) != nil } ? .present : .missing
    }
    marks[.pages] = isExecutable ? .present : module.executable.isEmpty ? .notExpected : .missing
    return marks
  }

  /// Whether the tracer must know functions of the module: of those that its file names, one that it kept.
  ///
  /// Records of functions that ran once are dropped with their code: ftrace_free_mem(), kernel/trace/ftrace.c (v6.12).
  private func hasTraceableCode(_ module: LiveModule, _ reader: Snapshot) -> Bool {
    guard let offset = reader.types.offsetIfAny(of: "num_ftrace_callsites", in: "module"),
      let count = reader.live.value(UInt32.self, at: module.structure &+ offset), count > 0
    else { return false }
    guard count <= Self.mostCallSites, let member = reader.types.offsetIfAny(of: "ftrace_callsites", in: "module"),
      let table = reader.live.value(UInt64.self, at: module.structure &+ member)
    else { return true }
    for index in 0..<UInt64(count) {
      guard let entry = reader.live.value(UInt64.self, at: table &+ index &* 8) else { return true }
      if module.executable.contains(where: { $0.contains(entry) }) { return true }
    }
    return false
  }

  private static func mark(_ names: Result<Set<String>, Withheld>, _ name: String) -> Mark {
    guard case .success(let names) = names else { return .notExpected }
    return names.contains(name) ? .present : .missing
  }

  private func symbolsMark(_ module: LiveModule, _ told: ModuleNames, _ reader: Snapshot) -> Mark {
    guard !kernel.symbols.addressesAreWithheld else { return .notExpected }
    let names = told.kallsyms ?? .success(Set(kernel.symbols.moduleNames))
    let mark = Self.mark(names, module.name)
    guard mark == .missing else { return mark }
    // A module whose table has nothing but the first entry, which names nothing, has no symbols to show.
    guard let count = try? module.symbolCount(reader), count > 2 else { return .notExpected }
    return .missing
  }

  // MARK: What no record is known of

  /// Code that the function tracer knows and that is nobody's.
  private mutating func addStrays(besides known: [LiveModule], _ places: Places) {
    let owned = known.flatMap { $0.executable + $0.memory.values }
    let strays = places.traced.pages.filter { page in !owned.contains { $0.overlaps(page) } }
    for page in strays.prefix(Self.mostStrays) {
      rows.append(
        ModuleMatrix.Row(
          name: "", code: MemoryRegion(start: KernelAddress(page.lowerBound), byteCount: UInt64(page.count)),
          marks: [.list: .missing, .tracer: .present]))
    }
  }

  /// Names that user space is told and that no record bears.
  private mutating func addNames(_ told: ModuleNames, besides known: [LiveModule]) {
    let borne = Set(known.map(\.name))
    let listed = (try? told.procModules.get()) ?? []
    let inSysfs = (try? told.sysfs.get()) ?? []
    for name in listed.union(inSysfs).subtracting(borne).sorted().prefix(Self.mostStrays) {
      rows.append(
        ModuleMatrix.Row(
          name: name,
          marks: [
            .list: .missing, .procModules: listed.contains(name) ? .present : .notExpected,
            .sysfs: inSysfs.contains(name) ? .present : .notExpected,
          ]))
    }
  }
}

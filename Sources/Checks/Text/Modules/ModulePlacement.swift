internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// A module's file laid out where the kernel loaded it: which section lies where, and what each symbol's address is.
///
/// The kernel's own layout is done again from where the module's memory begins. Source: layout_sections() in
/// kernel/module.c (Linux 5.10.262), `__layout_sections()` in kernel/module/main.c (v6.12, v7.2).
struct ModulePlacement {
  let module: LiveModule
  let object: VendorObject
  /// By section number; nil for what is not kept: sections that are not loaded, and those of the initialisation.
  private(set) var addresses: [UInt64?]
  /// By section number, of those that are kept: which memory.
  private(set) var kinds: [LiveModule.Kind?]
  /// Live addresses of the module's code: executable sections.
  private(set) var code: Range<UInt64> = 0..<0

  private let symbols: UnsafeRawBufferPointer
  private let names: UnsafeRawBufferPointer

  static let symbolByteCount = 24

  /// Sections that the kernel sorts while it loads a module: what they hold is right in any order, which is another
  /// question than whether text is.
  ///
  /// Source: post_relocation() in kernel/module/main.c, ftrace_process_locs() in kernel/trace/ftrace.c (Linux v6.12).
  static let sorted = Machine.sortedSections.union(["__ex_table", "__mcount_loc"])

  /// What sections of initialisation are taken to have lain at where nothing says where: they are freed, and only
  /// distances to them matter.
  ///
  /// Below where any kernel is placed, and near enough for a 32-bit distance.
  private static let nowhere = Machine.imageSpace.start.rawValue + (1 << 20)

  /// Whether all of the module lies in one area.
  let isOneArea: Bool
  /// Where sections of initialisation lay, by section number.
  private var initialisation: [Int: UInt64] = [:]

  /// - Parameters:
  ///   - isOneArea: whether all of a module lies in one area.
  ///   - freezesStaticCalls: whether the table of static calls is made read-only too, as since v6.16.
  init(
    _ module: LiveModule, object: VendorObject, isOneArea: Bool, freezesStaticCalls: Bool
  ) throws(CannotCheck) {
    self.module = module
    self.object = object
    self.isOneArea = isOneArea
    addresses = [UInt64?](repeating: nil, count: object.sections.count)
    kinds = [LiveModule.Kind?](repeating: nil, count: object.sections.count)
    guard let table = object.sections.first(where: { $0.type == 2 }), Int(table.link) < object.sections.count else {
      throw .implausible(object.source, "has no symbol table")
    }
    symbols = object.bytes(of: table)
    names = object.bytes(of: object.sections[Int(table.link)])
    try layOut(freezesStaticCalls: freezesStaticCalls)
  }

  /// How many symbols there are.
  var symbolCount: Int { symbols.count / Self.symbolByteCount }

  /// One entry of the symbol table.
  struct Symbol {
    var nameOffset: Int
    var section: Int
    var value: UInt64
    /// STT_*: 2 is a function.
    var type: UInt8
    /// STB_*: 0 is local.
    var binding: UInt8
  }

  func symbol(_ index: Int) -> Symbol? {
    guard index >= 0, index < symbolCount else { return nil }
    let offset = index * Self.symbolByteCount
    let info = symbols[offset + 4]
    return Symbol(
      nameOffset: Int(symbols.value(UInt32.self, at: offset)), section: Int(symbols.value(UInt16.self, at: offset + 6)),
      value: symbols.value(UInt64.self, at: offset + 8), type: info & 15, binding: info >> 4)
  }

  func name(of symbol: Symbol) -> String { name(of: symbol, behind: "") ?? "" }

  /// What a symbol's name has behind `prefix`, or nil if it begins otherwise.
  func name(of symbol: Symbol, behind prefix: StaticString) -> String? {
    let name = names[min(symbol.nameOffset, names.count)...].prefix(512)
    guard prefix.withUTF8Buffer({ name.starts(with: $0) }) else { return nil }
    return String(decoding: name.dropFirst(prefix.utf8CodeUnitCount).prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The live address of a symbol that the module itself defines.
  func address(of symbol: Symbol) -> UInt64? {
    switch symbol.section {
    case 0: return nil
    case 0xfff1: return symbol.value
    case 0..<object.sections.count:
      if let base = addresses[symbol.section] { return base &+ symbol.value }
      let section = object.sections[symbol.section]
      if section.name == ".data..percpu" {
        return (module.percpu ?? initialisation[symbol.section]).map { $0 &+ symbol.value }
      }
      return section.name.hasPrefix(".init")
        ? (initialisation[symbol.section] ?? Self.nowhere) &+ symbol.value : nil
    default: return nil
    }
  }

  /// Works out where the sections of initialisation lay, and what each processor has a copy of where nobody tells it: from the
  /// first place in memory that speaks of each.
  ///
  /// The former are freed, and nothing else remembers them; every other place that speaks of the same section must agree.
  mutating func locateInitialisation(live: LivePages) {
    for section in object.sections where section.type == 4 {
      guard Int(section.info) < object.sections.count, let base = addresses[Int(section.info)],
        kinds[Int(section.info)] == .rodata || kinds[Int(section.info)] == .text,
        !Self.sorted.contains(object.sections[Int(section.info)].name)
      else { continue }
      let table = object.bytes(of: section)
      for offset in stride(from: 0, to: table.count - 23, by: 24) {
        let info = table.value(UInt64.self, at: offset + 8)
        guard let symbol = symbol(Int(info >> 32)), symbol.section > 0, symbol.section < object.sections.count,
          initialisation[symbol.section] == nil, case let name = object.sections[symbol.section].name,
          name.hasPrefix(".init") || name == ".data..percpu" && module.percpu == nil
        else { continue }
        let place = base &+ table.value(UInt64.self, at: offset)
        let known = symbol.value &+ table.value(UInt64.self, at: offset + 16)
        let start = Machine.target(ofRelocation: UInt32(truncatingIfNeeded: info), at: place, live)
        guard let start, name == ".data..percpu" || Machine.moduleSpace.contains(KernelAddress(start &- known)) else {
          continue
        }
        initialisation[symbol.section] = start &- known
      }
    }
  }

  private mutating func layOut(freezesStaticCalls: Bool) throws(CannotCheck) {
    // SHF_WRITE 1, SHF_ALLOC 2, SHF_EXECINSTR 4; ro_after_init stands for a flag of the kernel's own.
    let passes: [(kind: LiveModule.Kind, belongs: (Flags) -> Bool)] = [
      (.text, { $0.isExecutable }), (.rodata, { !$0.isWritable }), (.roAfterInit, { $0.isWrittenOnce }),
      (.data, { $0.isWritable }),
    ]
    let areas = module.memory.values.sorted { $0.lowerBound < $1.lowerBound }
    for (lower, upper) in zip(areas, areas.dropFirst()) where lower.overlaps(upper) {
      throw .implausible("module \(module.name)", "its kinds of memory lie over one another")
    }
    var sizes: [LiveModule.Kind: UInt64] = [:]
    var end: UInt64 = 0
    for (kind, belongs) in passes {
      for (index, section) in object.sections.enumerated() where addresses[index] == nil {
        let flags = Flags(section, freezesStaticCalls: freezesStaticCalls)
        guard flags.isLoaded, belongs(flags) else { continue }
        let area = isOneArea ? LiveModule.Kind.text : kind
        guard let memory = module.memory[area] else {
          // A module of data alone has a section for code, and nothing in it.
          guard section.byteCount > 0 else { continue }
          throw .implausible("module \(module.name)", "has no memory for \(section.name)")
        }
        let alignment = max(section.alignment, 1)
        guard alignment <= 1 << 20, alignment & (alignment - 1) == 0, section.byteCount <= 1 << 28 else {
          throw .implausible(object.source, "section \(section.name) has no sensible size")
        }
        let offset = (sizes[area, default: 0] + alignment - 1) & ~(alignment - 1)
        sizes[area] = offset + section.byteCount
        guard offset + section.byteCount <= UInt64(memory.count) else {
          throw .implausible(
            "module \(module.name)", "the file needs more memory than the loaded module has: it is another build")
        }
        addresses[index] = memory.lowerBound &+ offset
        kinds[index] = kind
        if kind == .text { end = max(end, offset + section.byteCount) }
      }
      // In one area, each kind of memory begins on a page of its own.
      if isOneArea, kind != .data { sizes[.text] = Machine.pageEnd(sizes[.text, default: 0]) }
    }
    if let memory = module.code { code = memory.lowerBound..<memory.lowerBound &+ end }
  }

  /// What decides where a section goes.
  private struct Flags {
    let isLoaded: Bool
    let isExecutable: Bool
    let isWritable: Bool
    let isWrittenOnce: Bool

    private static let dropped: Set<String> = [
      ".modinfo", "__versions", "__version_ext_crcs", "__version_ext_names", ".data..percpu",
    ]

    init(_ section: VendorObject.Section, freezesStaticCalls: Bool) {
      // Source: rewrite_section_headers(), module_mark_ro_after_init(), setup_load_info() (Linux v7.2).
      isLoaded = section.isAllocated && !Self.dropped.contains(section.name) && !section.name.hasPrefix(".init")
      isExecutable = section.isExecutable
      isWritable = section.isWritable
      isWrittenOnce =
        section.name == ".data..ro_after_init" || section.name == "__jump_table"
        || freezesStaticCalls && section.name == ".static_call_sites"
    }
  }
}

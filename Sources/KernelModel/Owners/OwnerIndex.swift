/// Who owns which range of kernel addresses, worked out once for one acquisition.
struct OwnerIndex {
  let text: MemoryRegion?
  let image: MemoryRegion?
  /// Code of the listed modules, lowest first, not overlapping.
  private let modules: [(region: MemoryRegion, name: String)]

  /// The largest distance from a symbol of generated code that still counts as that code, in bytes: kallsyms gives no
  /// sizes for BPF programs, trampolines and probe slots, and what lies further off must be accounted for otherwise.
  private static let generatedCodeReach: UInt64 = 4096

  init(symbols: SymbolTable, claims: Claims, mappings: any KernelMappings) {
    func bound(_ name: String) -> KernelAddress? {
      symbols.symbols(named: name).first { $0.module == nil && $0.address.rawValue != 0 }?.address
    }
    text = Self.region(from: bound("_stext") ?? bound("_text"), to: bound("_etext"))
    image = Self.region(from: bound("_text") ?? bound("_stext"), to: bound("_end") ?? bound("__bss_stop"))
    modules = Self.moduleRegions(claims: claims, mappings: mappings)
  }

  /// - Parameter account: what accounts for memory outside the image, if that can be told; it outranks every claim.
  func owner(
    of address: KernelAddress, symbols: SymbolTable, mappings: any KernelMappings, account: () -> (any MemoryAccount)?
  ) -> Owner {
    if let text, text.contains(address) {
      return .kernelText(place(of: address, in: nil, symbols: symbols))
    }
    if let image, image.contains(address) {
      return .kernelData(place(of: address, in: nil, symbols: symbols))
    }
    if let account = account() {
      switch account.holder(of: address) {
      case .module(let name): return .module(place(of: address, in: name, symbols: symbols))
      case .generatedCode(let name, let start, let module):
        return .generatedCode(Place(symbol: name, offset: address.offset(from: start) ?? 0, module: module))
      case nil: return .nobody(mappings.mapping(of: address))
      }
    }
    if let module = module(at: address) {
      return .module(place(of: address, in: module, symbols: symbols))
    }
    if let nearest = symbols.nearest(atOrBelow: address), let module = nearest.module,
      module == "bpf" || module.hasPrefix("__builtin__"), let offset = address.offset(from: nearest.address),
      offset < Self.generatedCodeReach
    {
      return .generatedCode(Place(symbol: nearest.name, offset: offset, module: module))
    }
    return .nobody(mappings.mapping(of: address))
  }

  private func place(of address: KernelAddress, in module: String?, symbols: SymbolTable) -> Place {
    guard let nearest = symbols.nearest(atOrBelow: address), nearest.module == module,
      let offset = address.offset(from: nearest.address)
    else {
      return Place(symbol: address.description, offset: 0, module: module)
    }
    return Place(symbol: nearest.name, offset: offset, module: module)
  }

  private func module(at address: KernelAddress) -> String? {
    let next = modules.partitionPoint { $0.region.start > address }
    guard next > 0, modules[next - 1].region.contains(address) else { return nil }
    return modules[next - 1].name
  }

  private static func region(from start: KernelAddress?, to end: KernelAddress?) -> MemoryRegion? {
    guard let start, let end, start < end else { return nil }
    return MemoryRegion(from: start, to: end)
  }

  /// The code of each listed module.
  ///
  /// `/proc/modules` gives where a module's code starts and the size of *all* its memory, which since Linux kernel
  /// commit ac3b43283923 ("module: replace module_layout with module_memory") (in v6.4) lies in several places. So a
  /// module is given no more than: up to its claimed size, up to the next module, and up to the first page that is
  /// not mapped.
  private static func moduleRegions(
    claims: Claims, mappings: any KernelMappings
  ) -> [(region: MemoryRegion, name: String)] {
    guard case .success(let claimed) = claims.loadedModules else { return [] }
    let placed = claimed.compactMap { module in
      module.base.flatMap { base in
        base.rawValue == 0 ? nil : (base: base, byteCount: module.byteCount, name: module.name)
      }
    }.sorted { $0.base < $1.base }
    var regions: [(region: MemoryRegion, name: String)] = []
    for (index, module) in placed.enumerated() {
      var byteCount = min(module.byteCount, 1 << 30)
      if index + 1 < placed.count, let distance = placed[index + 1].base.offset(from: module.base) {
        byteCount = min(byteCount, distance)
      }
      byteCount = mappedByteCount(from: module.base, limit: byteCount, mappings: mappings)
      regions.append((MemoryRegion(start: module.base, byteCount: byteCount), module.name))
    }
    return regions
  }

  private static func mappedByteCount(from start: KernelAddress, limit: UInt64, mappings: any KernelMappings) -> UInt64
  {
    var covered: UInt64 = 0
    while covered < limit, let position = start.advanced(by: covered) {
      switch mappings.mapping(of: position) {
      case .mapped(let page):
        guard let end = page.region.end, let reached = end.offset(from: start), reached > covered else { return limit }
        covered = reached
      case .unmapped: return covered
      case .unknown: return limit
      }
    }
    return min(covered, limit)
  }
}

internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Compares the code and constants of one loaded module, byte for byte, with what its file must have become.
struct ModuleTextVerifier {
  let placement: ModulePlacement
  let recreation: Recreation
  private let patching: Machine.Patching
  private let functions: [UInt64]

  /// - Parameters:
  ///   - exports: the address of a symbol that the module uses and does not have.
  init(
    _ placement: ModulePlacement, facts: Machine.PatchFacts, ftrace: FtraceState, kprobes: KprobeState,
    trampolines: Machine.Patching.Trampolines, exports: (String) -> UInt64?, tracing traced: Range<UInt64>? = nil
  ) throws(CannotCheck) {
    var placement = placement
    placement.locateInitialisation(live: facts.live)
    self.placement = placement
    let image = TextImage()
    for kind in LiveModule.Kind.allCases { Self.add(kind, of: placement, to: image) }
    recreation = Recreation(image, tracing: traced)
    try Machine.relocate(placement, exports: exports, in: recreation)
    let tables = Machine.ObjectTables(of: placement, image: image, facts: facts)
    functions = Self.functions(of: placement)
    patching = Machine.Patching(facts: facts, tables: tables, ftrace: ftrace, kprobes: kprobes)
    try patching.recreate(
      placement, trampolines: trampolines,
      staticCalls: StaticCallKeys(Self.trampolines(of: placement), known: facts.staticCalls), in: recreation)
  }

  /// What is compared: the sections of code, and those of constants that the kernel leaves alone.
  var compared: [(name: String, range: Range<UInt64>)] {
    placement.object.sections.enumerated().compactMap { index, section in
      guard let address = placement.addresses[index], let kind = placement.kinds[index],
        kind == .text || kind == .rodata, !section.isNoBits, section.byteCount > 0,
        !ModulePlacement.sorted.contains(section.name)
      else { return nil }
      return (section.name, address..<address &+ section.byteCount)
    }
  }

  /// The processors' features that decide what is at `runs`, by number.
  func features(at runs: [UnexplainedRun]) -> Set<Int> { patching.features(at: runs) }

  /// Executable memory of the module that holds none of its sections: between them, and behind the last one.
  private var slack: [Range<UInt64>] {
    guard let area = placement.module.code else { return [] }
    let sections = compared.map(\.range).filter { $0.overlaps(placement.code) }.sorted { $0.lowerBound < $1.lowerBound }
    let end = placement.isOneArea ? min(Machine.pageEnd(placement.code.upperBound), area.upperBound) : area.upperBound
    var position = area.lowerBound
    var found: [Range<UInt64>] = []
    for section in sections {
      if position < section.lowerBound { found.append(position..<section.lowerBound) }
      position = max(position, section.upperBound)
    }
    if position < end { found.append(position..<end) }
    return found
  }

  /// Compares memory with what was recreated.
  ///
  /// - Parameter wanted: the addresses to compare, if not all of them.
  func compare(
    _ memory: any KernelMemory, only wanted: Range<UInt64>? = nil, mostRuns: Int = TextComparison.mostRuns
  ) -> TextComparison {
    let functions = functions
    let sites = Machine.LegalSites(patching, in: recreation) { address in functions.first { $0 >= address } }
    var comparison = TextComparison(recreation, sites, mostRuns: mostRuns)
    for (_, range) in compared {
      let part = wanted.map(range.clamped) ?? range
      if !part.isEmpty { comparison.compare(part, in: memory) }
    }
    if wanted == nil {
      for range in slack { comparison.compareSlack(range, in: memory) }
    }
    return comparison
  }

  /// Every place that a mechanism may write, whether or not it is known what.
  func places() -> PatchPlaces {
    let image = TextImage()
    for kind in LiveModule.Kind.allCases { Self.add(kind, of: placement, to: image) }
    return patching.places(of: placement, trampolines: Self.trampolines(of: placement), in: image)
  }

  /// One block for each kind of memory: its sections at their places, and zeros between them.
  private static func add(_ kind: LiveModule.Kind, of placement: ModulePlacement, to image: TextImage) {
    let sections = placement.object.sections.indices.filter { placement.kinds[$0] == kind }
    let places = sections.compactMap { index in
      placement.addresses[index].map { ($0, placement.object.sections[index]) }
    }
    guard let start = places.map(\.0).min(), let end = places.map({ $0.0 &+ $0.1.byteCount }).max(), end > start,
      end - start <= 1 << 28
    else { return }
    image.add(byteCount: Int(end - start), at: start) { bytes in
      for (address, section) in places where !section.isNoBits {
        let source = placement.object.bytes(of: section)
        let offset = Int(address - start)
        UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + source.count]).copyMemory(from: source)
      }
    }
  }

  private static func functions(of placement: ModulePlacement) -> [UInt64] {
    (0..<placement.symbolCount).compactMap { index in
      placement.symbol(index).flatMap { $0.type == 2 ? placement.address(of: $0) : nil }
    }.filter(placement.code.contains).sorted()
  }

  /// The static calls that the module itself defines.
  static func trampolines(of placement: ModulePlacement) -> [StaticCallKeys.Trampoline] {
    var found: [String: UInt64] = [:]
    var keys: [String: UInt64] = [:]
    for index in 0..<placement.symbolCount {
      guard let symbol = placement.symbol(index), let address = placement.address(of: symbol) else { continue }
      if let name = placement.name(of: symbol, behind: "__SCT__") { found[name] = address }
      if let name = placement.name(of: symbol, behind: "__SCK__") { keys[name] = address }
    }
    return found.compactMap { name, address in
      keys[name].map { StaticCallKeys.Trampoline(name: name, address: address, key: $0) }
    }
  }
}

extension ModuleTextVerifier {
  /// Why the file is not that of the loaded module, or nil if it is: its build id lies elsewhere in memory, and a good
  /// part of the code differs.
  ///
  /// Both are asked for, so that whoever changes a note does not turn a finding into a question.
  func otherBuild(_ comparison: TextComparison) -> CannotCheck? {
    guard let note = compared.first(where: { $0.name == ".note.gnu.build-id" }),
      comparison.runs.contains(where: { note.range.contains($0.address.rawValue) }),
      comparison.unexplained * 20 > compared.reduce(0, { $0 + $1.range.count })
    else { return nil }
    return .implausible(
      "module \(placement.module.name)", "\(placement.object.source) is another build than the one that is loaded")
  }
}

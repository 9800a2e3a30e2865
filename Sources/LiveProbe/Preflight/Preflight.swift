import KernelFormats
package import KernelModel

/// What a scan needs or would gain from, and for each thing whether it can be had here, and if not, what to do.
package struct Preflight: Sendable {
  package let items: [Item]

  /// Whether everything is there without which no question could even be asked.
  package var canScan: Bool { missing.isEmpty }

  /// The needed items that cannot be had.
  package var missing: [Item] {
    items.filter { item in
      if case .edited = item.state { false } else { item.isNeeded && !item.state.isAvailable }
    }
  }

  /// One thing that a scan looks for on this system.
  package enum Need: String, CaseIterable, Sendable {
    case architecture = "architecture"
    case procfs = "/proc"
    case kcore = "/proc/kcore"
    case vmcoreInfo = "VMCOREINFO"
    case kallsyms = "/proc/kallsyms"
    case dataSymbols = "data symbols"
    case modules = "/proc/modules"
    case sysfsModules = "/sys/module"
    case notes = "/sys/kernel/notes"
    case host = "the host's own view"
    case types = "type information"
    case vendorImage = "the vendor's kernel image"
    case moduleIndex = "libkmod's index"

    /// Whether no scan is possible without it.
    ///
    /// What is merely useful becomes an *unknown* outcome of the questions that rest on it.
    package var isNeeded: Bool {
      switch self {
      case .architecture, .procfs, .kcore, .kallsyms: true
      case .vmcoreInfo, .dataSymbols, .modules, .sysfsModules, .notes, .host, .types, .vendorImage, .moduleIndex:
        false
      }
    }
  }

  package enum State: Hashable, Sendable {
    /// It can be had; what was seen of it.
    case available(String)
    /// It is there, and kept from us.
    case withheld(Withheld)
    /// It is not there.
    case absent(Withheld)
    /// It is there and does not tell the truth; something else is used in its place.
    case edited(Withheld)

    package var isAvailable: Bool {
      if case .available = self { true } else { false }
    }
  }

  package struct Item: Hashable, Sendable {
    package var need: Need
    package var state: State
    /// Whether a scan uses something else in its place.
    package var isReplaced = false

    package init(need: Need, state: State, isReplaced: Bool = false) {
      self.need = need
      self.state = state
      self.isReplaced = isReplaced
    }

    package var name: String { need.rawValue }
    /// Whether no scan is possible without it.
    package var isNeeded: Bool { need.isNeeded && !isReplaced }
  }

  /// Looks for everything, and reads the large files for real: what opens may still give nothing.
  ///
  /// - Parameter otherImage: gives where else than in the usual places the image of a release is installed; nil if it is
  ///   nowhere.
  package static func examine(_ root: SystemRoot, otherImage: (String) -> String? = { _ in nil }) -> Preflight {
    // As a scan opens it: where one way of reading is edited, another is used.
    let channel = ReadingPath(root, executable: nil).openingChannel
    return examine(
      root, kcore: Result { () throws(KcoreError) in try ProcKcore(root, channel: channel) },
      kallsyms: Result { () throws(KallsymsFault) in try ProcKallsyms.read(root) }, otherImage: otherImage)
  }

  /// The same, with what reading the two large files led to already known.
  static func examine(
    _ root: SystemRoot, kcore: Result<ProcKcore, KcoreError>, kallsyms: Result<Kallsyms, KallsymsFault>,
    otherImage: (String) -> String? = { _ in nil }
  ) -> Preflight {
    let names = KernelNames.read(root)
    let confinement = Confinement.read(root)
    var symbols: KernelSymbols?
    if case .success(let kcore) = kcore {
      let mappings = LiveMappings.build(kcore: kcore, memory: kcore, symbols: KernelSymbols.told(kallsyms))
      symbols = KernelSymbols(kallsyms, kcore: kcore, mappings: mappings)
    }
    let surroundings = SurroundingsPreflight(
      root: root, names: names, confinement: confinement,
      lacksModuleLoader: symbols.map { $0.areWhole && $0.table.lacksModuleLoader } ?? false)
    let items = Need.allCases.map { need in
      let state =
        switch need {
        case .architecture: surroundings.architecture
        case .procfs: surroundings.procfs
        case .kcore: KcorePreflight(root: root, confinement: confinement).state(kcore)
        case .vmcoreInfo: KcorePreflight.vmcoreInfo(kcore)
        case .kallsyms: KallsymsPreflight(root: root, confinement: confinement).state(kallsyms, symbols)
        case .dataSymbols: KallsymsPreflight.dataSymbols(dataNames(symbols, kallsyms))
        case .modules: surroundings.modules
        case .sysfsModules: surroundings.sysfsModules
        case .notes: surroundings.notes
        case .host: surroundings.host
        case .types: surroundings.types
        case .vendorImage: surroundings.vendorImage(otherImage)
        case .moduleIndex: surroundings.moduleIndex
        }
      return Item(need: need, state: state, isReplaced: need == .kallsyms && symbols?.areInItsPlace == true)
    }
    return Preflight(items: items)
  }

  /// The symbols that a scan would use; nil if it has none.
  private static func dataNames(
    _ symbols: KernelSymbols?, _ kallsyms: Result<Kallsyms, KallsymsFault>
  ) -> SymbolTable? {
    if let symbols, symbols.areInItsPlace { return symbols.table }
    guard case .success(let kallsyms) = kallsyms else { return nil }
    return symbols?.table ?? kallsyms.symbols
  }
}

extension Preflight.State: CustomStringConvertible {
  package var description: String {
    switch self {
    case .available(let detail): detail
    case .withheld(let withheld), .absent(let withheld), .edited(let withheld):
      withheld.why + (withheld.remedy.isEmpty ? "" : "; " + withheld.remedy)
    }
  }
}

internal import KernelModel
internal import KernelObjects

/// The code and constants of all loaded modules, each compared with its file.
final class ModuleTexts {
  /// How one module came out.
  enum Outcome {
    case compared(ModuleTextVerifier, TextComparison)
    /// It was being loaded or removed.
    case inTransition(LiveModule.State)
    case cannot(CannotCheck)
  }

  let verifier: KernelTextVerifier
  let modules: LiveModules
  private let exports: KernelExports
  /// By where the module's structure lies: a name may stand twice on a list that somebody forged.
  private var placements: [UInt64: ModulePlacement] = [:]
  /// The symbols that modules give to others, each with who gives it, of the modules that were asked so far, in the order
  /// of the list.
  private var givers: [String: [(structure: UInt64, address: UInt64)]] = [:]
  private var askedCount = 0

  init(_ verifier: KernelTextVerifier) throws(CannotCheck) {
    self.verifier = verifier
    modules = try verifier.modules.get()
    exports = verifier.vendor.exports
  }

  /// The module that was unloaded last, if the kernel remembers one.
  var lastUnloaded: String? { UnloadedModules.last(verifier.facts.reader) }

  /// What has become of a module since it was found on the list.
  enum Whereabouts {
    case unchanged
    /// It was loaded anew, or is being removed.
    case replaced
    case gone
  }

  /// Whether `module` is still the one that was found, as the list is now.
  func whereabouts(of module: LiveModule) -> Whereabouts {
    do throws(CannotCheck) {
      let kernel = verifier.kernel
      let reader = verifier.facts.reader
      let now = try kernel.steadily(reading: kernel.memory.fresh, attempts: 8) {
        (memory: any KernelMemory) throws(CannotCheck) in try LiveModules(reader.reading(memory)).modules
      }
      guard let same = now.first(where: { $0.structure == module.structure && $0.name == module.name }) else {
        return now.contains { $0.name == module.name } ? .replaced : .gone
      }
      return same.state == .live && same.instance == module.instance ? .unchanged : .replaced
    } catch {
      return .unchanged  // what was found about it stands
    }
  }

  /// Compares one module.
  func compare(
    _ module: LiveModule, in memory: any KernelMemory, tracing: Range<UInt64>? = nil
  ) -> Outcome {
    guard module.state == .live else { return .inTransition(module.state) }
    do throws(CannotCheck) {
      let placement = try placement(of: module)
      guard let trampolines = verifier.trampolines else {
        throw .implausible("the kernel's own text", "was not recreated")
      }
      func attempt(_ features: Set<Int>) throws(CannotCheck) -> (ModuleTextVerifier, TextComparison) {
        // A module was patched by the features as they were when it was loaded.
        let kernels = verifier.facts.reversedFeatures
        verifier.facts.reversedFeatures = features
        defer { verifier.facts.reversedFeatures = kernels }
        let text = try ModuleTextVerifier(
          placement, facts: verifier.facts, ftrace: verifier.ftrace, kprobes: verifier.kprobes,
          trampolines: trampolines,
          exports: { self.address(of: $0, usedBy: placement) }, tracing: tracing)
        return (text, text.compare(memory))
      }
      var (text, comparison) = try attempt([])
      if !comparison.runs.isEmpty, comparison.runs.count < 1024 {
        let drift = try FeatureDrift(comparison, candidates: text.features(at: comparison.runs)) {
          (features: Set<Int>) throws(CannotCheck) -> TextComparison in
          (text, comparison) = try attempt(features)
          return comparison
        }
        comparison = drift.comparison
      }
      return .compared(text, comparison)
    } catch {
      return .cannot(error)
    }
  }

  /// The pointers to code that a module was built with.
  ///
  /// - Throws: if its file is not available, or is another's.
  func pointers(
    of module: LiveModule, isCode: (UInt64) -> Bool, isTable: (UInt64) -> Bool
  ) throws(CannotCheck) -> ModulePointers {
    let placement = try placement(of: module)
    return ModulePointers(
      placement, live: verifier.facts.live, exports: { self.address(of: $0, usedBy: placement) }, isCode: isCode,
      isTable: isTable)
  }

  private func placement(of module: LiveModule) throws(CannotCheck) -> ModulePlacement {
    if let known = placements[module.structure] { return known }
    let object: VendorObject
    do throws(Withheld) {
      object = try verifier.kernel.reference.moduleObject(named: module.name)
    } catch {
      throw .withheld(error)
    }
    let placement = try ModulePlacement(
      module, object: object, isOneArea: modules.isOneArea,
      freezesStaticCalls: verifier.vendor.symbols["module_mark_ro_after_init"] != nil)
    placements[module.structure] = placement
    return placement
  }

  /// The address of a symbol that a module uses: the kernel's, or that of a module it depends on.
  private func address(of name: String, usedBy placement: ModulePlacement) -> UInt64? {
    if let kernels = exports[name] { return kernels }
    while true {
      if let giver = givers[name]?.first(where: { $0.structure != placement.module.structure }) {
        return giver.address
      }
      guard askedCount < modules.modules.count else { return nil }
      let module = modules.modules[askedCount]
      askedCount += 1
      guard module.state != .unformed else { continue }
      for (name, address) in symbols(exportedBy: module) {
        givers[name, default: []].append((module.structure, address))
      }
    }
  }

  private func symbols(exportedBy module: LiveModule) -> [String: UInt64] {
    // A module whose file cannot be had exports nothing here; whoever needs it says what is missing.
    guard let placement = try? placement(of: module) else { return [:] }
    var exportedNames: Set<String> = []
    var addresses: [String: UInt64] = [:]
    for index in 0..<placement.symbolCount {
      guard let symbol = placement.symbol(index) else { continue }
      if let name = placement.name(of: symbol, behind: "__ksymtab_") {
        exportedNames.insert(name)
      } else if symbol.binding != 0, let address = placement.address(of: symbol) {
        addresses[placement.name(of: symbol)] = address
      }
    }
    return addresses.filter { exportedNames.contains($0.key) }
  }
}

extension Kernel {
  private static let moduleTextsMember = Workings.Member { (kernel) throws(CannotCheck) in
    try ModuleTexts(kernel.textWork.verifier)
  }

  /// The code and constants of its modules as they must be, at the moment of the acquisition: each module's file is
  /// decompressed once for all checks.
  ///
  /// - Throws: as ``textWork``, or if the modules cannot be listed.
  var moduleTexts: ModuleTexts {
    get throws(CannotCheck) { try value(of: Self.moduleTextsMember) }
  }
}

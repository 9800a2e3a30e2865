internal import KernelModel
internal import KernelObjects

/// Judges pointers to code that do not hold what the file says.
///
/// No name of a pointer is known here: what is demanded of another function is that it belongs to somebody who may be there, and
/// is called as the vendor's own is.
final class PointerJudge {
  enum Verdict: Hashable {
    /// It leads to a function of the same type, or to a table of such.
    case alike
    /// Of one of the two functions no type is known.
    case untyped
    case empty
    case followed
    case wrong(Wrong)
  }

  /// What is wrong, in words.
  struct Wrong: Hashable {
    var message: String
    var severity = Finding.Severity.critical
    /// Of a table: what in it leads astray.
    var function: UInt64?
  }

  private let kernel: Kernel
  private let vendor: VendorKernel
  let ownership: CodeOwnership
  let types: FunctionTypes
  private lazy var owners = HookOwners(kernel, ownership)
  private lazy var modules: [LiveModule] = {
    // Why the list cannot be read is told where the modules' own pointers are asked for.
    guard let reader = try? kernel.structures.reader else { return [] }
    return (try? LiveModules(reader).modules) ?? []
  }()
  private lazy var trampolines = Set(vendor.trampolines.map(\.address))
  /// Functions without a type, live addresses, and whether the kernel's own code can have put them into a pointer.
  private var storable: [UInt64: Storing] = [:]

  /// How the kernel's own code can have put a function into a pointer.
  private enum Storing {
    case byCode
    /// By copying it from a structure.
    case fromData
    case never
  }

  init(_ kernel: Kernel, _ vendor: VendorKernel) {
    self.kernel = kernel
    self.vendor = vendor
    ownership = CodeOwnership(kernel: kernel, symbols: vendor.symbols, text: vendor.text)
    types = FunctionTypes(kernel, vendor)
  }

  /// - Parameters:
  ///   - table: the functions of the table that an address lies in, as the file has them.
  ///   - live: memory as it is looked at.
  func verdicts(
    on differences: [PointerLook.Difference], live: LivePages, table: (UInt64) -> ArraySlice<PointerTables.Entry>
  ) -> [Verdict] {
    let compared: [[Pair]] = differences.map { difference in
      difference.slot.kind == .table
        ? pairs(of: table(difference.slot.target), at: difference, live)
        : [Pair(vendors: difference.slot.target, live: difference.value)]
    }
    let all = compared.flatMap { $0 }
    types.learn(Set(all.flatMap { [$0.vendors, $0.live] }))
    learnWhatIsStorable(
      Set(all.filter { types.isSame($0.vendors, $0.live) == nil }.map(\.live))
        .union(differences.filter { $0.slot.kind == .followed }.map(\.value)))
    return zip(differences, compared).map { difference, pairs in
      let (target, kind) = (difference.value, difference.slot.kind)
      guard target != 0 else { return kind == .followed || kind == .judgedElsewhere ? .followed : .empty }
      switch kind {
      case .judgedElsewhere:
        let isSomebodys = ownership.isLegitimate(target) || ownership.isLeftover(target, live)
        return isSomebodys ? .followed : .wrong(Self.nobodys)
      case .followed:
        let isLeft = ownership.isLeftover(target, live)
        guard ownership.isLegitimate(target) || isLeft else { return .wrong(Self.nobodys) }
        return isStorable(target) || isExported(target) ? .followed : .wrong(Self.unstored)
      case .function:
        return function(
          difference.value, insteadOf: difference.slot.target,
          ofModule: difference.slot.variable == nil
            && !vendor.holds(difference.slot.address))
      case .table: return self.table(at: difference.value, pairs)
      }
    }
  }

  // MARK: Functions

  /// - Parameter isOfModule: whether it is a module's pointer, which can hold whatever the kernel exports.
  private func function(_ function: UInt64, insteadOf vendors: UInt64, ofModule isOfModule: Bool = false) -> Verdict {
    // Nothing in the kernel changes where a call's trampoline is looked for, nor calls one through a pointer.
    if trampolines.contains(vendors) {
      return .wrong(Wrong(message: "it leads elsewhere than to the trampoline of its static call"))
    }
    if trampolines.contains(function) { return .wrong(Wrong(message: "it leads to the trampoline of a static call")) }
    let isSame = types.isSame(vendors, function)
    switch ownership.standing(of: function) {
    case .kernelFunction:
      guard let isSame else {
        return isStorable(function, insteadOf: vendors) || isOfModule && isExported(function)
          ? .untyped : .wrong(Self.unstored)
      }
      return isSame ? .alike : .wrong(Self.otherType)
    case .module(let name):
      let symbols = kernel.symbols.symbols(at: KernelAddress(function))
      guard symbols.contains(where: { $0.isText && $0.module != nil }) else {
        return .wrong(Wrong(message: "it leads into the middle of a module's code"))
      }
      if let wrong = whoVouches(for: function, of: name, insteadOf: vendors, isTyped: isSame != nil) {
        return .wrong(wrong)
      }
      return isSame == false ? .wrong(Self.otherType) : isSame == nil ? .untyped : .alike
    case .insideKernelText: return .wrong(Wrong(message: "it leads into the middle of a function"))
    case .generated: return .wrong(Wrong(message: "it leads to code that the kernel generated"))
    case .nobody: return .wrong(Self.nobodys)
    }
  }

  /// What is wrong with a module's function in the place of somebody else's; nil if the module may be there.
  private func whoVouches(
    for function: UInt64, of module: String, insteadOf vendors: UInt64, isTyped: Bool
  ) -> Wrong? {
    if case .module(module) = ownership.standing(of: vendors) { return nil }
    let owner = owners.owner(of: KernelAddress(function))
    switch owner.standing {
    case .vendor, .accounted: return nil
    case .unknown where isTyped: return nil
    case .unknown, .nobody, .hidden, .unowned:
      return Wrong(message: "it leads into a module: \(owner.reason)", severity: owner.severity ?? .warning)
    }
  }

  private func isExported(_ function: UInt64) -> Bool {
    vendor.symbols.functions(at: function).contains { vendor.symbols["__ksymtab_\($0)"] != nil }
  }

  private func isStorable(_ function: UInt64) -> Bool { storable[function] != .never }

  /// The same of one that has no type, or whose predecessor has none.
  ///
  /// Where the vendor's has one, the other is assembly or the like: code stores that by its address, and has no structures of such.
  private func isStorable(_ function: UInt64, insteadOf vendors: UInt64) -> Bool {
    types[vendors].isEmpty ? isStorable(function) : storable[function] == nil || storable[function] == .byCode
  }

  private static let nobodys = Wrong(message: "it points to no function of the kernel or of a module")
  private static let unstored = Wrong(
    message: "it leads to code that nothing in the kernel's image puts into a pointer")
  private static let otherType = Wrong(
    message: "it leads to a function of another type, which nothing in the kernel calls this way")

  private func learnWhatIsStorable(_ functions: Set<UInt64>) {
    let open = functions.filter { storable[$0] == nil && vendor.text.contains($0) }
    guard !open.isEmpty, case .success(let relocations) = vendor.relocations else { return }
    let offset = vendor.offset
    // Lists of where code can be traced, probed and made fail: nobody calls what they name, nor copies it.
    let lists = [
      ("__start_mcount_loc", "__stop_mcount_loc"), ("__start_kprobe_blacklist", "__stop_kprobe_blacklist"),
      ("__start_error_injection_whitelist", "__stop_error_injection_whitelist"),
    ].map { range($0.0, $0.1) }
    // What is given back when the kernel has booted is only there to be copied from.
    let given = range("__init_begin", "__init_end")
    func taken(_ functions: Set<UInt64>, counting isCounted: (UInt64) -> Bool) -> Set<UInt64> {
      guard !functions.isEmpty else { return [] }
      let found = relocations.taken(
        among: Set(functions.map { $0 &- offset }), in: FileBytes(vendor.object),
        counting: { place in isCounted(place &+ offset) && !lists.contains { $0.contains(place &+ offset) } })
      return Set(found.map { $0 &+ offset })
    }
    let byCode = taken(open) { given.contains($0) }
    let held = taken(open.subtracting(byCode)) { _ in true }
    for function in open {
      storable[function] = byCode.contains(function) ? .byCode : held.contains(function) ? .fromData : .never
    }
  }

  private func range(_ start: String, _ end: String) -> Range<UInt64> {
    guard let start = vendor.symbols[start], let end = vendor.symbols[end], start < end else { return 0..<0 }
    return start..<end
  }

  // MARK: Tables

  /// A function of the vendor's, and the one that is called in its place.
  private struct Pair {
    var vendors: UInt64
    var live: UInt64
  }

  /// The functions of a table, and those at the same places of the one that is used instead; nothing stands for NULL.
  private func pairs(
    of entries: ArraySlice<PointerTables.Entry>, at difference: PointerLook.Difference, _ live: LivePages
  ) -> [Pair] {
    entries.compactMap { entry in
      let place = difference.value &+ (entry.place &- difference.slot.target)
      guard isAtHome(place), let function = live.value(UInt64.self, at: place), function != 0 else { return nil }
      return Pair(vendors: entry.function, live: function)
    }
  }

  private func table(at address: UInt64, _ pairs: [Pair]) -> Verdict {
    guard isAtHome(address) else {
      return .wrong(Wrong(message: "it leads to a table that is none of the kernel's or of a listed module's"))
    }
    guard !pairs.isEmpty else {
      return .wrong(Wrong(message: "it leads to what is no table of such functions"))
    }
    var verdict = Verdict.untyped
    for pair in pairs {
      guard pair.live != pair.vendors else {
        verdict = .alike
        continue
      }
      switch function(pair.live, insteadOf: pair.vendors) {
      case .wrong(let wrong):
        return .wrong(
          Wrong(
            message: "it leads to another table, and of a function in that: \(wrong.message)", severity: wrong.severity,
            function: pair.live))
      case .alike: verdict = .alike
      case .untyped, .empty, .followed: break
      }
    }
    return verdict
  }

  /// Whether it is memory of the kernel's image or of a module on its list, but no code.
  private func isAtHome(_ address: UInt64) -> Bool {
    if vendor.text.contains(address) { return false }
    if vendor.holds(address) { return true }
    return modules.contains { module in
      module.memory.values.contains { $0.contains(address) } && !module.executable.contains { $0.contains(address) }
    }
  }
}

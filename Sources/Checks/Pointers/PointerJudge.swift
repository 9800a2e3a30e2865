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

  private static let mostSampled = 512

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
  /// Functions that the vendor's pointers lead to: some of them all.
  private let sample: [UInt64]
  /// Whether many functions that pointers lead to have no type: those that cannot be traced, on 5.10.
  private lazy var lacksManyTypes: Bool = {
    types.learn(Set(sample))
    return sample.count { types[$0].isEmpty } * 20 > sample.count
  }()
  private lazy var trampolines = Set(vendor.trampolines.map(\.address))
  private lazy var stores = PointerStores(vendor)
  /// Functions, live addresses, and whether the kernel's code or data has their address; and whether its code has.
  private var (held, taken): ([UInt64: Bool], [UInt64: Bool]) = ([:], [:])

  /// - Parameter pointers: those of the kernel.
  init(_ kernel: Kernel, _ vendor: VendorKernel, pointers: KernelPointers) {
    self.kernel = kernel
    self.vendor = vendor
    let functions = pointers.slots.filter { $0.kind == .function }.map(\.target)
    sample = stride(from: 0, to: functions.count, by: max(functions.count / Self.mostSampled, 1)).map { functions[$0] }
    ownership = CodeOwnership(kernel: kernel, symbols: vendor.symbols, text: vendor.text)
    types = FunctionTypes(kernel, vendor)
  }

  /// - Parameters:
  ///   - table: the functions of the table that an address lies in, as the file has them.
  ///   - files: the modules' pointers, as their files have them.
  ///   - live: memory as it is looked at.
  func verdicts(
    on differences: [PointerLook.Difference], live: LivePages, table: (UInt64) -> ArraySlice<PointerTables.Entry>,
    files: [ModulePointers]
  ) -> [Verdict] {
    let compared: [[Pair]] = differences.map { difference in
      difference.slot.kind == .table
        ? pairs(of: table(difference.slot.target), at: difference, live)
        : [Pair(vendors: difference.slot.target, live: difference.value)]
    }
    let all = compared.flatMap { $0 }
    types.learn(Set(all.flatMap { [$0.vendors, $0.live] }))
    let areModules = differences.map { difference in files.contains { $0.has(difference.slot.address) } }
    learnWhatIsStorable(differences, compared, areModules)
    return differences.indices.map { index in
      verdict(on: differences[index], compared[index], areModules[index] ? files : nil, live)
    }
  }

  /// - Parameter files: if it is a module's: who else may have written there.
  private func verdict(
    on difference: PointerLook.Difference, _ pairs: [Pair], _ files: [ModulePointers]?, _ live: LivePages
  ) -> Verdict {
    let (slot, target) = (difference.slot, difference.value)
    switch slot.kind {
    case .function:
      guard target != 0 else { return .empty }
      return function(target, insteadOf: slot.target) {
        guard let files else {
          switch demand(on: slot) {
          case .stored: return stores[question(difference)]
          case .held: return isHeld(target)
          case .taken: return taken[target] != false
          }
        }
        let names = vendor.symbols.functions(at: target)
        return taken[target] != false || files.contains { $0.uses(names) }
      }
    case .table: return target == 0 ? .empty : table(at: target, pairs)
    case .key, .followed, .judgedElsewhere:
      guard target != 0 else { return .followed }
      guard ownership.isLegitimate(target) || ownership.isLeftover(target, live) else { return .wrong(Self.nobodys) }
      let isStored =
        switch slot.kind {
        case .key: isHeld(target) || isExported(target)
        case .followed: !vendor.text.contains(target) || stores[question(difference)]
        case .function, .table, .judgedElsewhere: true
        }
      return isStored ? .followed : .wrong(Self.unstored)
    }
  }

  /// What is demanded of a function that is in one of the kernel's pointers, where types do not tell.
  private enum Demand {
    /// Code can have put it there.
    case stored
    /// Code or data of the image has its address.
    case held
    /// Code has, or data of the initialisation.
    case taken
  }

  /// What is demanded in one of the kernel's pointers.
  ///
  /// Where the vendor's function has a type, the other is assembly or the like: code stores that by its address. Where it has none,
  /// more is demanded on a kernel that lacks many types. On others few are left, and these the kernel stores in ways that cannot be
  /// followed: kvm_apic_init() writes to whichever `apic` is chosen then (arch/x86/kernel/kvm.c, Linux v6.12).
  private func demand(on slot: PointerSlot) -> Demand {
    guard types[slot.target].isEmpty else { return .taken }
    return lacksManyTypes ? .stored : .held
  }

  private func question(_ difference: PointerLook.Difference) -> PointerStores.Question {
    PointerStores.Question(
      function: difference.value, place: difference.slot.variable ?? difference.slot.address,
      isExact: difference.slot.kind == .followed)
  }

  // MARK: Functions

  /// - Parameter canBeStored: whether the kernel's own code can have put it there, where types do not tell.
  private func function(_ function: UInt64, insteadOf vendors: UInt64, canBeStored: () -> Bool) -> Verdict {
    // Nothing in the kernel changes where a call's trampoline is looked for, nor calls one through a pointer.
    if trampolines.contains(vendors) {
      return .wrong(Wrong(message: "it leads elsewhere than to the trampoline of its static call"))
    }
    if trampolines.contains(function) { return .wrong(Wrong(message: "it leads to the trampoline of a static call")) }
    let isSame = types.isSame(vendors, function)
    switch ownership.standing(of: function) {
    case .kernelFunction:
      guard let isSame else { return canBeStored() ? .untyped : .wrong(Self.unstored) }
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

  private func isHeld(_ function: UInt64) -> Bool { held[function] != false }

  private static let nobodys = Wrong(message: "it points to no function of the kernel or of a module")
  private static let unstored = Wrong(
    message: "it leads to code that nothing in the kernel's image puts into a pointer")
  private static let otherType = Wrong(
    message: "it leads to a function of another type, which nothing in the kernel calls this way")

  /// Finds out what the kernel's own code can have done, wherever types do not tell.
  private func learnWhatIsStorable(
    _ differences: [PointerLook.Difference], _ compared: [[Pair]], _ areModules: [Bool]
  ) {
    var questions: Set<PointerStores.Question> = []
    // Of what is anywhere: held by data, or by code alone and data of the initialisation.
    var (anywhere, byCode): (Set<UInt64>, Set<UInt64>) = ([], [])
    for (index, difference) in differences.enumerated() {
      let untyped = compared[index].filter { types.isSame($0.vendors, $0.live) == nil }.map(\.live)
        .filter(vendor.text.contains)
      switch difference.slot.kind {
      case .function where areModules[index]: byCode.formUnion(untyped)
      case .function where untyped.isEmpty: break
      case .function:
        switch demand(on: difference.slot) {
        case .stored: questions.insert(question(difference))
        case .held: anywhere.formUnion(untyped)
        case .taken: byCode.formUnion(untyped)
        }
      case .followed: if vendor.text.contains(difference.value) { questions.insert(question(difference)) }
      case .table: anywhere.formUnion(untyped)
      case .key: if vendor.text.contains(difference.value) { anywhere.insert(difference.value) }
      case .judgedElsewhere: break
      }
    }
    stores.learn(questions)
    learn(anywhere, into: &held) { _ in true }
    let given = stores.given
    learn(byCode, into: &taken) { given.contains($0) }
  }

  /// - Parameter isCounted: whether a place of data can be what code copies from.
  private func learn(
    _ functions: Set<UInt64>, into known: inout [UInt64: Bool], counting isCounted: (UInt64) -> Bool
  ) {
    let open = functions.filter { known[$0] == nil }
    guard !open.isEmpty, case .success(let relocations) = vendor.relocations else { return }
    let (offset, lists) = (vendor.offset, stores.lists)
    let found = relocations.taken(
      among: Set(open.map { $0 &- offset }), in: FileBytes(vendor.object),
      counting: { place in isCounted(place) && !lists.contains { $0.contains(place) } })
    for function in open { known[function] = found.contains(function &- offset) }
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
      switch function(pair.live, insteadOf: pair.vendors, canBeStored: { isHeld(pair.live) }) {
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

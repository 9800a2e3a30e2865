internal import KernelModel
internal import KernelObjects

/// Whose code is called, and who vouches for it: each owner looked into once.
///
/// What vouches is what `vendor-files` goes by; that a module hides, what `module-list` finds.
final class HookOwners {
  private let kernel: Kernel
  private let ownership: CodeOwnership
  private let files: ComparedFiles
  private let asksFiles: Bool
  /// Worked out only where somebody asks.
  private lazy var vouching = ModuleVouching(kernel, recordsReach: files.recordsReach)
  private lazy var imageKeys = Set(TrustedKeys.inImage(of: kernel).map(\.value))
  private lazy var likeness = ModuleLikeness(kernel)
  private lazy var matrix = Result { () throws(CannotCheck) in try kernel.moduleMatrix }
  /// By name.
  private var listed: [String: HookOwner] = [:]
  private var hidden: [String: HookOwner] = [:]
  private var open: [Hooks.Unasked] = []
  /// Modules whose files are withheld, by why.
  private var withheld: [(why: Withheld, modules: [String])] = []

  /// - Parameter asksFiles: whether modules' files are asked who vouches for them.
  init(_ kernel: Kernel, _ ownership: CodeOwnership, asksFiles: Bool = true) {
    self.kernel = kernel
    self.asksFiles = asksFiles
    self.ownership = ownership
    files = kernel.comparedFiles
  }

  /// Whose code is at `address`.
  func owner(of address: KernelAddress) -> HookOwner {
    switch ownership.standing(of: address.rawValue) {
    case .kernelFunction: HookOwner(.kernel, .vendor, reason: "the kernel's own code")
    case .generated:
      HookOwner(
        .generatedCode(kernel.owner(of: address).place?.symbol ?? "?"), .unknown,
        reason: "the kernel generated it, and no record here says for whom")
    case .module(let name): once(name, in: \.listed) { module(name) }
    case .insideKernelText: Self.nobodys
    case .nobody:
      HiddenModules.name(at: address, owner: kernel.owner(of: address), in: kernel).map { name in
        // It may bear the name of another that is listed.
        once(name, in: \.hidden) { hiddenModule(name, at: address) }
      } ?? Self.nobodys
    }
  }

  private static let nobodys = HookOwner(
    .nobody, .unowned, reason: "no function of the kernel's, of a listed module's, or of generated code",
    severity: .critical)

  private func once(
    _ name: String, in kept: ReferenceWritableKeyPath<HookOwners, [String: HookOwner]>, _ make: () -> HookOwner
  ) -> HookOwner {
    if let known = self[keyPath: kept][name] { return known }
    let made = make()
    self[keyPath: kept][name] = made
    return made
  }

  private static let mostNamed = 4

  /// What could not be asked of the owners that were asked for; what hinders several is told once.
  var unasked: [Hooks.Unasked] {
    open
      + withheld.map { why, modules in
        let rest = modules.count > Self.mostNamed ? " and \(modules.count - Self.mostNamed) more" : ""
        let named = modules.prefix(Self.mostNamed).joined(separator: ", ")
        let files = Withheld(
          modules.count == 1 ? "the file of \(named)" : "the files of \(named)\(rest)", why: why.why, remedy: why.remedy
        )
        return Hooks.Unasked(
          "who vouches for \(modules.count == 1 ? "a module" : "\(modules.count) modules")", .withheld(files))
      }
  }

  // MARK: Modules

  private func hiddenModule(_ name: String, at address: KernelAddress) -> HookOwner {
    let row = rows.first { row in !row.isSound && row.code?.contains(address) == true }
    // Whether there is a file of its name is worth knowing, and no question of whether it hides.
    return HookOwner(
      .module(name), .hidden, reason: Self.words(for: row), severity: .critical,
      file: try? files.file(ofModule: name).get().source)
  }

  private var rows: [ModuleMatrix.Row] { (try? matrix.get().rows) ?? [] }

  private static func words(for row: ModuleMatrix.Row?) -> String {
    guard let row else { return "it is not on every list" }
    let missing = row.missing.isEmpty ? [] : ["missing from \(row.missing.map(\.name).joined(separator: ", "))"]
    return (missing + row.signs).joined(separator: "; ")
  }

  private func module(_ name: String) -> HookOwner {
    if case .failure(let reason) = matrix, open.allSatisfy({ $0.part != Self.lists }) {
      open.append(Hooks.Unasked(Self.lists, reason))
    }
    var owner = asksFiles ? vouched(name) : HookOwner(.module(name), .unknown, reason: "its file was not asked")
    owner.buildID = vouching.buildID(of: name)
    if let row = rows.first(where: { $0.name == name && !$0.isSound }) {
      (owner.standing, owner.reason, owner.severity) = (.hidden, Self.words(for: row), .critical)
      return owner
    }
    guard owner.file != nil else { return owner }
    let compared = likeness.likeness(ofModule: name)
    owner.likeness = compared
    switch compared {
    case .equal: break
    case .open(let reason):
      // Of whom nobody vouches for, that it is another than its file would say little more.
      guard owner.standing != .nobody else { break }
      open.append(Hooks.Unasked("module \(name)", .implausible("its code was not compared with its file", reason)))
    case .different:
      open.append(
        Hooks.Unasked(
          "module \(name)", .implausible("its code in memory", "is not its file's: see what module-text finds")))
      if owner.standing != .nobody {
        (owner.standing, owner.reason) = (.unknown, "its code in memory is not its file's, \(owner.reason)")
      }
    }
    return owner
  }

  private static let lists = "the lists of modules"

  /// What is known of a module by its file.
  private func vouched(_ name: String) -> HookOwner {
    let callee = HookOwner.Callee.module(name)
    let file: ComparedFiles.File
    do throws(Withheld) {
      file = try files.file(ofModule: name).get()
    } catch {
      // A place that was searched: that there is no such file is an answer.
      guard error.isAbsent else {
        if let index = withheld.firstIndex(where: { ($0.why.why, $0.why.remedy) == (error.why, error.remedy) }) {
          withheld[index].modules.append(name)
        } else {
          withheld.append((error, [name]))
        }
        return HookOwner(callee, .unknown, reason: "its file is not available")
      }
      return unvouched(name, error.why)
    }
    var owner: HookOwner
    let key = vouching.signer(of: name)
    switch file.provenance {
    case .altered(let record, _):
      owner = HookOwner(
        callee, .nobody, reason: "its file was changed after \(record.manager) installed it", severity: .critical,
        package: record.package)
    case .recorded(let record):
      let isKernels = package(of: files.image) == record.package
      owner = HookOwner(
        callee, isKernels ? .vendor : standing(of: key), reason: "as \(record.manager) recorded it",
        package: record.package)
    case .built(let tree):
      owner = HookOwner(callee, .accounted, reason: "DKMS built it from \(tree.path)", package: tree.package)
    case .brought: owner = HookOwner(callee, standing(of: key), reason: "its file was brought")
    case .unvouched(let reason):
      owner = key == nil ? unvouched(name, reason) : HookOwner(callee, standing(of: key), reason: reason)
    }
    if let key {
      owner.signer = key.name
      owner.reason = "\(owner.reason); the key is among \(key.origin)"
    }
    owner.file = file.source
    return owner
  }

  private func unvouched(_ name: String, _ reason: String) -> HookOwner {
    guard let why = vouching.reasonToAsk(about: name) else {
      return HookOwner(.module(name), .unknown, reason: reason)
    }
    return HookOwner(.module(name), .nobody, reason: "\(reason); \(why)", severity: .warning)
  }

  /// Of what is vouched for already, or by this key.
  private func standing(of key: TrustedKey?) -> HookOwner.Standing {
    key.map { imageKeys.contains($0.value) } == true ? .vendor : .accounted
  }

  private func package(of file: Result<ComparedFiles.File, Withheld>) -> String? {
    if case .success(let file) = file, case .recorded(let record) = file.provenance { record.package } else { nil }
  }
}

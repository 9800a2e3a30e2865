internal import KernelModel
internal import KernelObjects

/// Who vouches for a loaded module whose file no package brought, as it stands on disk.
///
/// A key that the kernel trusts vouches, if the signature at the file's end is verified here and the kernel did not find
/// the module unsigned when it loaded it. Else the module is a stranger, if nobody's vouching tells something:
///
/// * Package records reach the kernel: they have its image, or the file of a module that is loaded. Then each of the
///   kernel's own modules is on record, and one that is not came by another way.
/// * They do not reach it, on a host whose package manager is not read here or whose kernel was built by hand: nobody
///   vouches for any file, so that this says nothing. What the kernel itself noted then counts: a module is out of its
///   tree (`O`) or unsigned (`E`), and another that is loaded is not.
struct ModuleVouching {
  /// `TAINT_OOT_MODULE` and `TAINT_UNSIGNED_MODULE`, include/linux/panic.h (Linux v6.12).
  private static let outOfTree: UInt64 = 1 << 12
  private static let unsigned: UInt64 = 1 << 13

  private let kernel: Kernel
  private let recordsReach: Bool
  private let keys: [TrustedKey]
  /// By name; of several records of one name, all flags.
  private var taints: [String: UInt64] = [:]
  private let rows: [ModuleMatrix.Row]

  /// - Parameter recordsReach: whether package records have the kernel's image or any loaded module's file.
  init(_ kernel: Kernel, recordsReach: Bool) {
    self.kernel = kernel
    self.recordsReach = recordsReach
    keys = TrustedKeys.of(kernel)
    // Why records cannot be read is for module-list to say; the letters that are told must do then.
    rows = (try? kernel.moduleMatrix.rows.filter { $0.marks[.list] == .present }) ?? []
    for row in rows { taints[row.name, default: 0] |= row.taints }
    if rows.isEmpty, case .success(let claims) = kernel.claims.loadedModules {
      for claim in claims { taints[claim.name, default: 0] |= TaintFlags.mask(of: claim.taints) }
    }
  }

  /// The key whose signature vouches for the module; nil if none does.
  func signer(of module: String) -> TrustedKey? {
    guard !keys.isEmpty, taints[module, default: 0] & Self.unsigned == 0 else { return nil }
    // A file that cannot be read is signed by nobody; that it cannot be read is told where it is compared.
    return (try? kernel.reference.signer(ofModule: module, among: keys)) ?? nil
  }

  /// Why it says something of the module that nobody vouches for it; nil if it says nothing.
  func reasonToAsk(about module: String) -> String? {
    if recordsReach { return "others that are loaded are on record" }
    for (flag, words) in [(Self.outOfTree, "out of the kernel's tree"), (Self.unsigned, "unsigned")]
    where taints[module, default: 0] & flag != 0 && taints.contains(where: { $0.value & flag == 0 }) {
      return "the kernel noted that it is \(words), and others that are loaded are not"
    }
    return nil
  }

  /// The letters of the module's taint.
  func letters(of module: String) -> String { TaintFlags.letters(taints[module, default: 0]) }

  /// Whose memory the module's code is.
  func owner(of module: String) -> Owner {
    if let code = rows.first(where: { $0.name == module })?.code {
      let owner = kernel.owner(of: code.start)
      if case .module(let place) = owner, place.module == module { return owner }
    }
    return .module(Place(symbol: module, module: module))
  }

  /// By what this very build of the module is known: its file, or where there is none, the build id in memory.
  func identity(of module: String, hasFile: Bool) -> String {
    if hasFile, let digest = try? kernel.reference.digest(ofModule: module) { return digest }
    return buildID(of: module).map { "build id \($0)" } ?? "no build id"
  }

  /// What an allow rule can name the module by, in words.
  func evidence(of module: String, hasFile: Bool) -> [Finding.Evidence] {
    let inFile = hasFile ? (try? kernel.reference.moduleObject(named: module).buildID) ?? nil : nil
    return [Finding.Evidence("build id", .text((inFile ?? buildID(of: module)).map(\.description) ?? "none"))]
  }

  /// The build id in the module's memory: what tells which file to bring.
  func buildID(of module: String) -> BuildID? {
    ModuleBuildID.of(module, in: kernel) ?? ModuleBuildID.search(module, in: kernel)
  }
}

internal import KernelModel

/// The loaded modules that nothing vouches for, where that says something: those that the check of the vendor's files reports.
final class StrangerModules {
  private let kernel: Kernel
  private let files: ComparedFiles
  /// Worked out only where somebody asks.
  private lazy var vouching = ModuleVouching(kernel, recordsReach: files.recordsReach)
  private var known: [String: Finding.Stranger?] = [:]

  init(_ kernel: Kernel) {
    self.kernel = kernel
    files = kernel.comparedFiles
  }

  /// A module and its build, if it is one of them.
  func stranger(_ module: String) -> Finding.Stranger? {
    if let known = known[module] { return known }
    var found: Finding.Stranger?
    if let hasFile = hasUnvouchedFile(module), vouching.signer(of: module) == nil,
      vouching.reasonToAsk(about: module) != nil
    {
      found = Finding.Stranger(module: module, identity: vouching.identity(of: module, hasFile: hasFile))
    }
    known[module] = .some(found)
    return found
  }

  /// Whether a module has a file, if neither a package nor a person vouches for it; nil if somebody does, or it was not
  /// looked for.
  private func hasUnvouchedFile(_ module: String) -> Bool? {
    switch files.file(ofModule: module) {
    case .success(let file):
      if case .unvouched = file.provenance { true } else { nil }
    case .failure(let withheld): withheld.isAbsent ? false : nil
    }
  }
}

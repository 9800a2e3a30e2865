internal import KernelModel

/// The loaded modules that nothing vouches for, where that says something: those that the check of the vendor's files reports.
final class StrangerModules {
  private let kernel: Kernel
  /// Worked out only where somebody asks.
  private lazy var vouching = ModuleVouching(kernel, recordsReach: recordsReach)
  private var known: [String: Finding.Stranger?] = [:]

  init(_ kernel: Kernel) {
    self.kernel = kernel
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
    do throws(Withheld) {
      if case .unvouched = kernel.reference.provenance(of: try kernel.reference.moduleSource(named: module)) {
        return true
      }
      return nil
    } catch {
      return error.isAbsent ? false : nil
    }
  }

  /// Whether package records have the kernel's image or the file of a loaded module.
  private var recordsReach: Bool {
    // What cannot be had is on no record that could be had.
    if let image = try? kernel.reference.kernelImage(), kernel.reference.provenance(of: image.source).isOnRecord {
      return true
    }
    guard case .success(let modules) = kernel.claims.loadedModules else { return false }
    return modules.contains { module in
      (try? kernel.reference.moduleSource(named: module.name)).map {
        kernel.reference.provenance(of: $0).isOnRecord
      } ?? false
    }
  }
}

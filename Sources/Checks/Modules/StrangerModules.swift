internal import KernelModel

/// The loaded modules that nothing vouches for, where that says something: those that the check of the vendor's files reports.
final class StrangerModules {
  private let kernel: Kernel
  /// Worked out only where somebody asks.
  private lazy var vouching = ModuleVouching(kernel, recordsReach: recordsReach)
  private var known: [String: Bool] = [:]

  init(_ kernel: Kernel) {
    self.kernel = kernel
  }

  func contains(_ module: String) -> Bool {
    if let known = known[module] { return known }
    let isStranger =
      isUnvouched(module) && vouching.signer(of: module) == nil
      && vouching.reasonToAsk(about: module) != nil
    known[module] = isStranger
    return isStranger
  }

  /// Whether neither a package nor a person vouches for the module's file.
  private func isUnvouched(_ module: String) -> Bool {
    do throws(Withheld) {
      if case .unvouched = kernel.reference.provenance(of: try kernel.reference.moduleSource(named: module)) {
        return true
      }
      return false
    } catch {
      return error.isAbsent  // what was not looked for says nothing
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

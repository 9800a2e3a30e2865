internal import KernelFormats
package import KernelModel
internal import KernelObjects

/// Knows a loaded module by what its memory was compared with.
///
/// The name is not enough, nor is what `/sys/module` says: its code and constants must be those of its file, the one that is
/// filed under the name in its record. Then the file's build id and its signature speak for it, whether or not every place
/// that should know of the module does: LKRG with lkrg.hide=1 is on no list, and its record is found in memory.
package struct VerifiedModules: ModuleIdentifier {
  /// `TAINT_UNSIGNED_MODULE`, include/linux/panic.h (Linux v6.12): the kernel found no signature that it trusts.
  private static let unsigned: UInt64 = 1 << 13

  package init() {}

  package func identity(ofModule name: String, in kernel: Kernel) throws(CannotCheck) -> ModuleIdentity {
    let rows = try kernel.moduleMatrix.rows.filter { $0.name == name }
    guard let row = rows.first else { throw .symbolMissing("the module \(name)") }
    guard rows.count == 1, let structure = row.structure?.rawValue else {
      throw .implausible("the module \(name)", "has \(rows.count == 1 ? "no record" : "several records") in memory")
    }
    let texts = try kernel.moduleTexts
    let module: LiveModule
    if let listed = texts.modules.modules.first(where: { $0.structure == structure }) {
      module = listed
    } else {
      module = try LiveModule(at: structure, texts.verifier.facts.reader)
    }
    guard module.name == name else { throw .torn("the module \(name)", "changed its name meanwhile") }
    switch texts.compare(module, in: kernel.memory) {
    case .cannot(let reason): throw reason
    case .inTransition(let state): throw .torn("the module \(name)", "is \(state)")
    case .compared(let text, let comparison):
      guard comparison.unexplained == 0, comparison.unreadable.isEmpty, text.recreation.violations.isEmpty else {
        throw .implausible("the module \(name)", "is not its file's in memory")
      }
    }
    do throws(Withheld) {
      return Self.identity(of: try kernel.reference.moduleObject(named: name), taints: row.taints)
    } catch {
      throw .withheld(error)
    }
  }

  private static func identity(of object: VendorObject, taints: UInt64) -> ModuleIdentity {
    let signature = object.contents.withBytes { bytes in
      ModuleSignature(endOf: bytes.bindMemory(to: UInt8.self).span)
    }
    return ModuleIdentity(
      buildID: object.buildID, signer: taints & unsigned == 0 ? signature?.signer : nil)
  }
}

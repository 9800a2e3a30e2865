package import KernelModel

internal import KernelFormats

/// Knows a loaded module by what its memory was compared with.
///
/// The name is not enough, nor is what `/sys/module` says: the module must be known to every place that knows of modules,
/// and its code and constants must be those of its file. Then the file's build id and its signature speak for it.
package struct VerifiedModules: ModuleIdentifier {
  /// `TAINT_UNSIGNED_MODULE`, include/linux/panic.h (Linux v6.12): the kernel found no signature that it trusts.
  private static let unsigned: UInt64 = 1 << 13

  package init() {}

  package func identity(ofModule name: String, in kernel: Kernel) throws(CannotCheck) -> ModuleIdentity {
    let rows = try ModuleMatrix.shared(kernel).rows.filter { $0.name == name }
    guard let row = rows.first else { throw .symbolMissing("the module \(name)") }
    guard rows.count == 1, row.isSound else {
      throw .implausible("the module \(name)", "is not what every list of modules says")
    }
    let texts = try ModuleTexts(try TextWork.shared(kernel).verifier)
    guard let module = texts.modules.modules.first(where: { $0.name == name }) else {
      throw .implausible("the module \(name)", "is not on the list of modules")
    }
    switch texts.compare(module, in: kernel.memory) {
    case .cannot(let reason): throw reason
    case .inTransition(let state): throw .implausible("the module \(name)", "is \(state)")
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

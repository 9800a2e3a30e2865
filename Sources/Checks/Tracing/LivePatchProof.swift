internal import KernelModel
internal import KernelObjects

/// Whether code that a live patch leads to is a live patch's: of a module that the kernel loaded as one, and equal to its
/// file.
///
/// Source: `struct module.klp`, set by check_modinfo_livepatch() in kernel/module/main.c, before v5.19 in kernel/module.c
/// (Linux v5.10 to v7.2).
struct LivePatchProof {
  let kernel: Kernel
  let reader: Snapshot

  enum Answer {
    case proven
    /// It is a live patch's by the kernel's records, and its file could not be looked at.
    case open(String)
    case refuted(String)
  }

  /// Whether the function at `address` is a live patch's.
  func answer(for address: UInt64) -> Answer {
    do throws(CannotCheck) {
      guard let module = try LiveModules(reader).modules.first(where: { $0.code?.contains(address) == true }) else {
        return .refuted("the code is no module's")
      }
      guard try reader.value(UInt8.self, "klp", of: "module", at: module.structure) != 0 else {
        return .refuted("module \(module.name) is none that the kernel loaded as a live patch")
      }
      switch try kernel.moduleTexts.compare(module, in: kernel.memory) {
      case .inTransition(let state): return .open("module \(module.name) is \(state)")
      case .cannot(let reason):
        return .open("the code of module \(module.name) could not be compared with its file: \(reason)")
      case .compared(let text, let comparison):
        guard comparison.unexplained == 0, comparison.unreadable.isEmpty, text.recreation.violations.isEmpty else {
          return .refuted("the code of module \(module.name) is not its file's")
        }
        return .proven
      }
    } catch {
      return .open("whether it is a live patch could not be determined: \(error)")
    }
  }
}

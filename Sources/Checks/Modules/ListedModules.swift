package import KernelModel
internal import KernelObjects

/// The modules that a kernel's own list in memory has, in the words of `/proc/modules`: for a kernel that cannot be asked.
package enum ListedModules {
  /// - Throws: if the list cannot be read.
  package static func claims(of kernel: Kernel) throws(CannotCheck) -> [ModuleClaim] {
    try LiveModules(kernel.provenStructures.reader).modules.map { module in
      ModuleClaim(
        name: module.name, byteCount: module.memory.values.reduce(0) { $0 &+ UInt64($1.count) },
        base: module.code.map { KernelAddress($0.lowerBound) }, state: word(module.state),
        taints: module.taints == 0 ? "" : TaintFlags.letters(module.taints))
    }
  }

  /// Source: m_show, kernel/module/procfs.c (Linux v6.12).
  private static func word(_ state: LiveModule.State) -> String {
    switch state {
    case .live: "Live"
    case .coming, .unformed: "Loading"
    case .going: "Unloading"
    }
  }
}

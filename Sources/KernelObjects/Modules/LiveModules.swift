package import KernelModel

/// The modules that the kernel's own list holds, in memory.
package struct LiveModules {
  package let modules: [LiveModule]
  /// Whether all of a module lies in one area.
  package let isOneArea: Bool

  package static let most = 4096

  package init(_ reader: Snapshot) throws(CannotCheck) {
    isOneArea = LiveModule.isOneArea(reader.types)
    guard let head = reader.symbols["modules"] else {
      guard reader.symbols.isBuiltWithoutModules else { throw .symbolMissing("modules") }
      modules = []
      return
    }
    modules = try reader.list(at: head, linkedBy: "list", of: "module", limit: Self.most).map {
      module throws(CannotCheck) in try LiveModule(module)
    }
  }
}

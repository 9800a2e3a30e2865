package import KernelModel

/// The modules that the kernel's own list holds, in memory.
package struct LiveModules {
  package let modules: [LiveModule]
  /// Whether all of a module lies in one area.
  package let isOneArea: Bool

  package static let most = 4096

  package init(_ reader: Snapshot) throws(CannotCheck) {
    isOneArea = LiveModule.isOneArea(reader.types)
    modules = try Self.records(reader).map { module throws(CannotCheck) in try LiveModule(module) }
  }

  /// Those that are called `name`: one or none, unless somebody tampered with the list.
  package static func modules(named name: String, _ reader: Snapshot) throws(CannotCheck) -> [LiveModule] {
    var found: [LiveModule] = []
    for record in try records(reader) where try record.text("name") == name { found.append(try LiveModule(record)) }
    return found
  }

  /// The kernel's record of each.
  private static func records(_ reader: Snapshot) throws(CannotCheck) -> [KernelObject] {
    guard let head = reader.symbols["modules"] else {
      guard reader.symbols.isBuiltWithoutModules else { throw .symbolMissing("modules") }
      return []
    }
    return try reader.list(at: head, linkedBy: "list", of: "module", limit: most)
  }
}

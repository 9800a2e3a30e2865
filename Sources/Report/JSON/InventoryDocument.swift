internal import KernelModel

/// What a host's kernel has, as JSON says it.
struct InventoryDocument: Encodable {
  let hostName: OrNull<PlainText>
  let taint: OrNull<PlainText>
  let modules: OrNull<[ModuleDocument]>
  /// Why what is null above is not known.
  let withheld: [WithheldDocument]

  struct ModuleDocument: Encodable {
    let name: PlainText
    let buildID: OrNull<PlainText>
    let taints: PlainText

    init(_ module: Inventory.Module) {
      name = PlainText(module.name)
      buildID = OrNull(module.buildID.map { Hexdump.compact($0.bytes) })
      taints = PlainText(module.taints)
    }
  }

  init(_ inventory: Inventory) {
    var withheld: [WithheldDocument] = []
    func known<Value>(_ result: Result<Value, Withheld>) -> Value? {
      do throws(Withheld) {
        return try result.get()
      } catch {
        withheld.append(WithheldDocument(error))
        return nil
      }
    }
    hostName = OrNull(known(inventory.hostName).map { PlainText($0) })
    taint = OrNull(known(inventory.taint).map { PlainText($0) })
    modules = OrNull(known(inventory.modules).map { $0.map(ModuleDocument.init) })
    self.withheld = withheld
  }
}

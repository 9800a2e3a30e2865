internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The types of functions by address, as the vendor's files have them.
final class FunctionTypes {
  private let kernel: Kernel
  private let vendor: VendorKernel
  /// The kernel's own type information; nil if it has none, and none was brought: then nothing is known of its functions.
  let information: BTF?
  private var known: [UInt64: [BTF.Prototype]] = [:]
  private var ofModules: [String: BTF?] = [:]

  init(_ kernel: Kernel, _ vendor: VendorKernel) {
    self.kernel = kernel
    self.vendor = vendor
    information = try? vendor.types.information
  }

  /// Those of the function at `address`; none if they are not known.
  subscript(address: UInt64) -> [BTF.Prototype] { known[address] ?? [] }

  /// Looks up all of `functions` at once: type information has an entry for each function, and no order.
  func learn(_ functions: Set<UInt64>) {
    var wanted: [String?: [String: [UInt64]]] = [:]
    for function in functions where known[function] == nil {
      known[function] = []
      if vendor.text.contains(function) {
        for name in vendor.symbols.functions(at: function) {
          wanted[nil, default: [:]][SymbolTable.nameInSource(of: name), default: []].append(function)
        }
      } else {
        for symbol in kernel.symbols.symbols(at: KernelAddress(function)) where symbol.module != nil && symbol.isText {
          wanted[symbol.module, default: [:]][symbol.name, default: []].append(function)
        }
      }
    }
    for (module, names) in wanted {
      guard let types = module.map({ types(ofModule: $0) }) ?? information else { continue }
      for (name, found) in types.prototypes(ofFunctions: Set(names.keys)) {
        for function in names[name] ?? [] { known[function, default: []] += found }
      }
    }
  }

  /// Whether one function can be called in the other's place; nil if the type of one of them is not known.
  func isSame(_ one: UInt64, _ other: UInt64) -> Bool? {
    let (first, second) = (self[one], self[other])
    guard !first.isEmpty, !second.isEmpty else { return nil }
    return first.contains { left in second.contains { left.isSame(as: $0) } }
  }

  /// - Returns: nil if there are none, or they make no sense: then nothing is known of the module's functions.
  private func types(ofModule name: String) -> BTF? {
    if let known = ofModules[name] { return known }
    var types: BTF?
    if let object = try? kernel.reference.moduleObject(named: name), let section = object.section(named: ".BTF") {
      // A module built outside of the kernel's tree brings what it counts on from (`.BTF.base`, since Linux v6.11).
      let base =
        object.section(named: ".BTF.base").map { own in try? BTF(object.bytes(of: own), owner: object.contents) }
        ?? information
      types = base.flatMap { try? BTF(object.bytes(of: section), owner: object.contents, base: $0) }
    }
    ofModules[name] = .some(types)
    return types
  }
}

package import KernelModel

/// Where the kernel's own functions and variables lie, by name.
package protocol SymbolLookup {
  /// The live address of the kernel's own `name`, or nil if there is none, or several.
  subscript(name: String) -> UInt64? { get }

  /// The first function start at or after `address`, and nil after the last.
  func functionStart(atOrAfter address: UInt64) -> UInt64?

  /// Whether a function of the kernel starts at exactly `address`.
  func isFunctionStart(_ address: UInt64) -> Bool
  /// Whether the kernel was built without loadable modules, so that it lacks what modules are found by.
  var isBuiltWithoutModules: Bool { get }
}

/// The symbols that `/proc/kallsyms` gave: the suspect's word, where there is no vendor's image.
package struct ClaimedSymbols: SymbolLookup {
  private let kernel: Kernel

  package init(kernel: Kernel) {
    self.kernel = kernel
  }

  package subscript(name: String) -> UInt64? {
    // Whoever asks says himself what is missing.
    try? kernel.address(of: name).rawValue
  }

  package func isFunctionStart(_ address: UInt64) -> Bool { functionStart(atOrAfter: address) == address }
  package var isBuiltWithoutModules: Bool { kernel.isBuiltWithoutModules }

  package func functionStart(atOrAfter address: UInt64) -> UInt64? {
    guard address > 0 else { return nil }
    return kernel.symbols.next(above: KernelAddress(address - 1))?.address.rawValue
  }
}

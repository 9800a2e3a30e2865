/// One line of kallsyms: a name, an address, and whose it is.
package struct Symbol: Hashable, Sendable {
  package var name: String
  package var address: KernelAddress
  /// The letter that `nm` and kallsyms use.
  ///
  /// `T`/`t` code, `W`/`w` weak, `D`/`d` data, `R`/`r` read-only data, `A`/`a` absolute; upper case is global.
  package var type: UInt8
  /// The module it belongs to, or nil for the kernel image.
  package var module: String?

  package init(name: String, address: KernelAddress, type: UInt8, module: String? = nil) {
    self.name = name
    self.address = address
    self.type = type
    self.module = module
  }

  /// Whether the symbol names code.
  ///
  /// Weak symbols (`W`, `w`) are counted: the kernel's weak functions are code.
  package var isText: Bool { Symbol.isText(type) }

  @inlinable
  package static func isText(_ type: UInt8) -> Bool {
    switch type {
    case UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: "W"), UInt8(ascii: "w"): true
    default: false
    }
  }
}

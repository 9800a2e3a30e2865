/// Who holds which kernel memory outside the kernel's image, by structures in memory rather than by what the kernel tells
/// user space.
package protocol MemoryAccount: AnyObject {
  /// Who holds `address`, or nil if nothing accounts for it.
  func holder(of address: KernelAddress) -> MemoryHolder?
}

/// What accounts for a piece of memory.
package enum MemoryHolder: Hashable, Sendable {
  /// A module on the kernel's list.
  case module(String)
  /// Code that the kernel made or copied there: its name, where it begins, and the pseudo-module that kallsyms files it
  /// under, if any.
  case generatedCode(String, start: KernelAddress, module: String?)
}

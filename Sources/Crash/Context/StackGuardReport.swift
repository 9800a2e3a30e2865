package import KernelModel
package import KernelObjects

/// The address in `stack-protector: Kernel stack is corrupted in: …`, explained.
///
/// It is the return address of the call to `__stack_chk_fail`, which the compiler put at the end of the function whose
/// stack was overwritten: kernel/panic.c, `__stack_chk_fail` (Linux v5.10 to v7.2).
package struct StackGuardReport: Hashable, Sendable {
  package var address: KernelAddress
  package var owner: Owner
  /// The call that ends at the address; nil if none does, or it cannot be read.
  package var call: CallSite?
  /// Whether that call leads to `__stack_chk_fail`: what the message says, seen in the code.
  package var isConfirmed: Bool

  package init(_ address: KernelAddress, _ kernel: Kernel, _ reader: Snapshot) {
    self.address = address
    owner = kernel.owner(ofReturnTo: address)
    let found = CodePlaces(kernel, reader).call(endingAt: address)
    call = found
    let names = found?.callee.map { kernel.symbols.symbols(at: $0).map(\.name) } ?? []
    isConfirmed = names.contains("__stack_chk_fail")
  }

  /// What the address is, and what confirms it.
  package var sentences: [String] {
    let confirmation =
      isConfirmed
      ? "the call instruction before it leads to __stack_chk_fail: confirmed by the code there"
      : call == nil
        ? "no call instruction ends there: the message and the code do not agree"
        : "the call instruction before it does not name __stack_chk_fail"
    return ["it is where the function that called __stack_chk_fail would have gone on", confirmation]
  }
}

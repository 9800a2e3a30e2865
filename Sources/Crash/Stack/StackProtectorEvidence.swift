package import Checks
package import KernelFormats
package import KernelModel

/// What stands behind `stack-protector: Kernel stack is corrupted in: …`.
///
/// The address that is printed is the one that `__stack_chk_fail` would have returned to: in the function whose stack was
/// overwritten, behind its call. Source: `__stack_chk_fail()` in kernel/panic.c (Linux v5.10 to v7.2).
package struct StackProtectorEvidence: Hashable, Sendable {
  package var address: KernelAddress
  /// Whose function it is.
  package var owner: Owner
  /// The call that ends at ``address``; nil if there is none, or memory cannot be read.
  package var call: CallSite?
  /// Whether that call leads to `__stack_chk_fail`: the code's word for what the message says. Nil if it cannot be told.
  package var callsFailure: Bool?
  /// Whether the trace goes from `__stack_chk_fail` to ``address``: the stack's word for it.
  package var isOnTrace: Bool

  /// - Parameter place: what the message names.
  /// - Throws: if it names nothing that this kernel has, or has several times.
  package init(
    _ kernel: Kernel, _ reader: StructureReader, place: OopsPlace, trace: StackTrace?
  ) throws(CannotCheck) {
    let address = try kernel.address(of: place)
    self.address = address
    owner = kernel.owner(ofReturnTo: address)
    call = CodePlaces(kernel, reader).call(endingAt: address)
    callsFailure = call?.callee.flatMap { callee in
      reader.symbols["__stack_chk_fail"].map { callee.rawValue == $0 }
    }
    let frames = trace?.frames ?? []
    isOnTrace = zip(frames, frames.dropFirst()).contains { inner, outer in
      outer.address == address && inner.owner.place?.symbol == "__stack_chk_fail"
    }
  }
}

extension Kernel {
  /// The address of what a message of the kernel names.
  ///
  /// - Throws: if there is no such symbol, or several.
  package func address(of place: OopsPlace) throws(CannotCheck) -> KernelAddress {
    switch place {
    case .address(let address): return address
    case .named(let place, _):
      let all = symbols.symbols(named: place.symbol).filter { $0.module == place.module }
      let addresses = Set(all.compactMap { $0.address.advanced(by: place.offset) })
      guard let address = addresses.first else { throw .symbolMissing(place.symbol) }
      guard addresses.count == 1 else { throw .symbolAmbiguous(place.symbol, count: addresses.count) }
      return address
    }
  }
}

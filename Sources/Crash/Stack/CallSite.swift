internal import KernelFormats
package import KernelModel

/// A call that a word on a stack goes back to.
package struct CallSite: Hashable, Sendable {
  /// Bytes of the instruction.
  package var byteCount: Int
  /// Whom it calls; nil if a register or memory says, be it through a thunk.
  package var callee: KernelAddress?

  init(_ call: PrecedingCall, isThroughThunk: Bool) {
    byteCount = call.byteCount
    callee = isThroughThunk ? nil : call.target
  }
}

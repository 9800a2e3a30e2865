package import KernelModel

/// The call instruction that ends where an address begins: what makes a word on a stack a return address.
package struct PrecedingCall: Hashable, Sendable {
  /// Bytes of the instruction.
  package var byteCount: Int
  /// Where a direct call leads to; nil if a register or memory says.
  package var target: KernelAddress?

  /// - Parameters:
  ///   - address: where the call ends.
  ///   - bytes: what lies right before `address`, as many as can be read, up to the longest call's.
  ///   - isCode: whether a call may lead there; a direct call that leads elsewhere is none.
  package init?(endingAt address: KernelAddress, _ bytes: [UInt8], isCode: (KernelAddress) -> Bool) {
    guard let call = Machine.call(endingAt: address, bytes, isCode: isCode) else { return nil }
    self = call
  }

  init(byteCount: Int, target: KernelAddress?) {
    self.byteCount = byteCount
    self.target = target
  }
}

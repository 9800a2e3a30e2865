package import KernelModel

/// The call instruction that ends where an address begins: what makes a word on a stack a return address.
///
/// x86 code cannot be decoded backwards with certainty: bytes that end like a call may be the end of something else.
package struct PrecedingCall: Hashable, Sendable {
  /// Bytes of the instruction.
  package var byteCount: Int
  /// Where a direct call leads to; nil if a register or memory says.
  package var target: KernelAddress?

  /// The longest that is looked for: `call` through memory, with a segment, REX, a SIB byte and four of displacement.
  package static let mostBytes = 9

  /// - Parameters:
  ///   - address: where the call ends.
  ///   - bytes: what lies right before `address`, as many as can be read, up to ``mostBytes``.
  ///   - isCode: whether a call may lead there; a direct call that leads elsewhere is none.
  package init?(endingAt address: KernelAddress, _ bytes: [UInt8], isCode: (KernelAddress) -> Bool) {
    var indirect: Int?
    for byteCount in 2...Self.mostBytes where byteCount <= bytes.count {
      let code = Array(bytes.suffix(byteCount))
      guard let start = address.retreated(by: UInt64(byteCount)) else { return nil }
      let target: KernelAddress?? = code.withUnsafeBytes { raw in
        guard let shape = InstructionShape(raw), Int(shape.length) == byteCount else { return nil }
        if shape.isCallRel32 {
          guard let target = shape.branchTarget(in: raw, at: start.rawValue).map({ KernelAddress($0) }), isCode(target)
          else { return nil }
          return .some(target)
        }
        // ff /2: a near call through a register or memory.
        guard shape.map == .oneByte, shape.opcode == 0xff, let modRM = shape.modRM, modRM >> 3 & 7 == 2 else {
          return nil
        }
        return .some(nil)
      }
      switch target {
      case .some(.some(let target)):
        self.byteCount = byteCount
        self.target = target
        return
      case .some(nil): indirect = indirect ?? byteCount
      case nil: continue
      }
    }
    guard let indirect else { return nil }
    byteCount = indirect
    target = nil
  }
}

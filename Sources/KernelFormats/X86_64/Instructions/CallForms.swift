package import KernelModel

extension X86_64 {
  /// The longest that is looked for: `call` through memory, with a segment, REX, a SIB byte and four of displacement.
  package static let callByteCounts = 2...9

  /// x86 code cannot be decoded backwards with certainty: bytes that end like a call may be the end of something else.
  package static func call(
    endingAt address: KernelAddress, _ bytes: [UInt8], isCode: (KernelAddress) -> Bool
  ) -> PrecedingCall? {
    var indirect: Int?
    for byteCount in callByteCounts where byteCount <= bytes.count {
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
      case .some(.some(let target)): return PrecedingCall(byteCount: byteCount, target: target)
      case .some(nil): indirect = indirect ?? byteCount
      case nil: continue
      }
    }
    return indirect.map { PrecedingCall(byteCount: $0, target: nil) }
  }
}

internal import KernelFormats
internal import KernelModel

extension Recreation {
  /// Writes `opcode` and the distance to `target` at `address`: a near call or jump of five bytes.
  @inline(__always)
  func writeBranch(
    _ mechanism: X86_64.Mechanism, at address: UInt64, _ site: UnsafeMutableRawPointer, opcode: UInt8,
    to target: UInt64,
    _ reason: @autoclosure () -> String
  ) {
    let code = PatchBytes(branch: opcode, from: address, to: target)
    code.withBytes { write(mechanism, at: address, site, $0, count: 5, reason()) }
  }
}

extension PatchBytes {
  /// A near call or jump of five bytes at `address`.
  @inline(__always)
  init(branch opcode: UInt8, from address: UInt64, to target: UInt64) {
    self.init()
    append(opcode)
    appendDistance(from: address &+ 5, to: target)
  }

  /// Appends the distance from `next`, the address of the following instruction, to `target`: four bytes.
  @inline(__always)
  mutating func appendDistance(from next: UInt64, to target: UInt64) {
    append(word: UInt32(truncatingIfNeeded: target &- next))
  }
}

extension UnsafeMutableRawPointer {
  /// Where the 4-byte displacement at `offset` leads from an instruction at `address` that ends right behind it.
  @inline(__always)
  func branchTarget(at address: UInt64, displacementOffset offset: Int) -> UInt64 {
    address &+ UInt64(offset + 4) &+ UInt64(bitPattern: Int64(value(Int32.self, at: offset)))
  }
}

package import KernelModel

/// Machine code for tests.
package enum MachineCode {
  package static func little(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// A direct branch with a 32-bit displacement, `e8` for a call and `e9` for a jump, at `address`.
  package static func branch(_ opcode: UInt8, to target: KernelAddress, at address: UInt64) -> [UInt8] {
    [opcode] + little(UInt32(truncatingIfNeeded: target.rawValue &- (address &+ 5)))
  }
}

/// Code that is put together piece by piece, at a fixed place.
package struct CodeBuilder {
  package let start: KernelAddress
  package private(set) var bytes: [UInt8] = []

  package init(at start: KernelAddress) {
    self.start = start
  }

  /// Where the next byte goes.
  package var position: KernelAddress { KernelAddress(start.rawValue + UInt64(bytes.count)) }

  package mutating func add(_ code: [UInt8]) {
    bytes += code
  }

  package mutating func branch(_ opcode: UInt8, to target: KernelAddress) {
    bytes += MachineCode.branch(opcode, to: target, at: position.rawValue)
  }

  /// A conditional jump whose target is given later; the low four bits of `condition` as the CPU numbers them.
  package mutating func jump(if condition: UInt8) -> Int {
    bytes += [0x0f, 0x80 | condition, 0, 0, 0, 0]
    return bytes.count
  }

  /// Makes the jump that ended at `end` lead to the current position.
  package mutating func land(_ end: Int) {
    bytes.replaceSubrange(end - 4..<end, with: MachineCode.little(UInt32(bytes.count - end)))
  }
}

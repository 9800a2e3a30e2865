package import KernelModel
package import KernelObjects

internal import KernelFormats

/// How a task came into the kernel: the registers it had in user space, which lie at the top of its stack.
package struct UserEntry: Hashable, Sendable {
  /// Where they lie.
  package var address: KernelAddress
  package var registers: Machine.Registers

  /// Through which interface the system call was made, and its number there; nil if it was another event.
  package var interfaceAndNumber: (Machine.SystemCallInterface, Int)? { Machine.interfaceAndNumber(of: registers) }

  /// The six arguments of a system call, first to last.
  package var arguments: [UInt64] { Machine.arguments(of: registers) }

  /// Finds them below `tops`, the first that are believable.
  package init?(below tops: [UInt64], on stack: MemoryRegion, _ reader: Snapshot) {
    for top in tops {
      let address = top &- UInt64(Machine.Registers.byteCount)
      let region = MemoryRegion(start: KernelAddress(address), byteCount: UInt64(Machine.Registers.byteCount))
      guard stack.contains(region),
        let registers = Machine.registers(savedAt: address, reader), Machine.areProgramRegisters(registers)
      else { continue }
      self.address = KernelAddress(address)
      self.registers = registers
      return
    }
    return nil
  }

  /// Where a stack that ends at `end` may have them below.
  static func tops(ofStackEndingAt end: KernelAddress) -> [UInt64] {
    Machine.topOfStackPaddings.map { end.rawValue &- $0 }
  }
}

/// One processor at the moment when a kernel stopped.
package struct ProcessorState: Hashable, Sendable {
  /// The processor's place among the dump's notes, from 0.
  package var index: Int
  /// The task that it ran, as the dump says; 0 for the idle task, nil if it does not say.
  package var pid: Int32?
  package var registers: Machine.Registers

  package init(index: Int, pid: Int32?, registers: Machine.Registers) {
    self.index = index
    self.pid = pid
    self.registers = registers
  }
}

internal import KernelModel

/// One way through the code: the numbers that took it, where it has come to, and what is known of the machine there.
struct CodePath: Hashable {
  enum Stage: Hashable {
    case entry
    /// In the dispatcher of this name.
    case dispatcher(String)
  }

  /// The numbers that code has treated alike so far: they index the walk's list.
  var numbers: Range<Int>
  var position: UInt64
  var state: MachineState
  var stage: Stage
  /// The function it is in.
  var region: MemoryRegion
  /// The entry of the table that an address was last read from.
  var entry: UInt64?

  var isInDispatcher: Bool { stage != .entry }
}

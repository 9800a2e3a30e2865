/// One record of the kernel's log, as its ring buffer in memory holds it.
package struct LogRecord: Hashable, Sendable {
  package var sequence: UInt64
  /// Nanoseconds since boot.
  package var timestamp: UInt64
  /// 0 (emergency) to 7 (debug).
  package var level: UInt8
  /// As syslog(3) numbers them: 0 is the kernel.
  package var facility: UInt8
  package var caller: Caller
  /// Without the prefix that a console puts before it; may hold several lines.
  package var text: [UInt8]
  package var state: State

  package init(
    sequence: UInt64, timestamp: UInt64, level: UInt8, facility: UInt8, caller: Caller, text: [UInt8], state: State
  ) {
    self.sequence = sequence
    self.timestamp = timestamp
    self.level = level
    self.facility = facility
    self.caller = caller
    self.text = text
    self.state = state
  }

  /// Who wrote it.
  ///
  /// Source: `printk_caller_id()` in kernel/printk/printk.c (Linux v5.10 to v7.2): the highest bit says which.
  package enum Caller: Hashable, Sendable {
    case task(pid: UInt32)
    case processor(UInt32)

    package init(_ number: UInt32) {
      self = number >> 31 == 0 ? .task(pid: number) : .processor(number & 0x7fff_ffff)
    }
  }

  /// How far its writer had come: `enum desc_state`, kernel/printk/printk_ringbuffer.h (Linux v5.10 to v7.2).
  package enum State: UInt8, Hashable, Sendable {
    /// Being written: the text may be anything.
    case reserved
    /// Written, and its writer might have added to it.
    case committed
    case finalized
  }
}

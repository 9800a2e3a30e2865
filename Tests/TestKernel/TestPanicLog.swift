internal import KernelModel

/// Writes a log as the kernel does: kernel/printk/printk_ringbuffer.c (Linux v6.12), and v7.2 for blocks that fit exactly.
package struct TestPanicLog {
  package static let countBits: UInt64 = 4
  package static let sizeBits: UInt64 = 9
  package static let count: UInt64 = 1 << countBits
  package static let size: UInt64 = 1 << sizeBits
  private static let idMask: UInt64 = 1 << 62 - 1

  private let panic: TestPanic
  /// As the kernel begins: soon past the largest number.
  package private(set) var head: UInt64 = (0 &- (Self.count + 1)) & Self.idMask
  package private(set) var tail: UInt64 = (0 &- (Self.count + 1)) & Self.idMask
  private var position: UInt64 = 0 &- Self.size
  private var oldest: UInt64 = 0 &- Self.size
  /// Where each descriptor's block begins.
  private var blocks: [UInt64: (begin: UInt64, next: UInt64)] = [:]
  package private(set) var sequence: UInt64 = 0

  package init(_ panic: TestPanic) {
    self.panic = panic
    panic.set(TestPanic.Variable.log, TestPanic.Variable.ring)
    panic.set(TestPanic.Variable.ring, UInt32(Self.countBits))
    panic.set(TestPanic.Variable.ring + 8, TestPanic.Variable.descriptors)
    panic.set(TestPanic.Variable.ring + 16, TestPanic.Variable.infos)
    panic.set(TestPanic.Variable.ring + 48, UInt32(Self.sizeBits))
    panic.set(TestPanic.Variable.ring + 56, TestPanic.Variable.texts)
    panic.set(Self.descriptor(tail), 3 << 62 | tail)
    writeEnds()
  }

  package static func descriptor(_ id: UInt64) -> UInt64 {
    TestPanic.Variable.descriptors + (id & (count - 1)) * TestPanicTypes.descriptorByteCount
  }

  package static func info(_ id: UInt64) -> UInt64 {
    TestPanic.Variable.infos + (id & (count - 1)) * TestPanicTypes.infoByteCount
  }

  /// Adds a record, and lets go of the oldest for which there is no more room.
  package mutating func add(
    _ text: String, level: UInt8 = 4, caller: UInt32 = 458, state: UInt64 = 2, fitsExactly: Bool = false
  ) {
    head = (head &+ 1) & Self.idMask
    while (head &- tail) & Self.idMask >= Self.count { dropOldest() }
    let bytes = Array(text.utf8)
    var (begin, next): (UInt64, UInt64) = (3, 3)
    if !bytes.isEmpty {
      let size = (UInt64(bytes.count) + 8 + 7) & ~7
      begin = position
      next = begin &+ size
      let last = fitsExactly ? next &- 1 : next
      if begin >> Self.sizeBits != last >> Self.sizeBits { next = (next & ~(Self.size - 1)) &+ size }
      while next &- oldest > Self.size { dropOldest() }
      let isWrapped = begin >> Self.sizeBits != (fitsExactly ? next &- 1 : next) >> Self.sizeBits
      let place = TestPanic.Variable.texts + (isWrapped ? 0 : begin & (Self.size - 1))
      panic.set(place, head)
      panic.write(bytes, at: place + 8)
      position = next
      blocks[head] = (begin, next)
    }
    panic.set(Self.descriptor(head), state << 62 | head)
    panic.set(Self.descriptor(head) + 8, begin)
    panic.set(Self.descriptor(head) + 16, next)
    let info = Self.info(head)
    panic.set(info, sequence)
    panic.set(info + 8, sequence * 1_000_000)
    panic.set(info + 16, UInt16(bytes.count))
    panic.write([0, level << 5], at: info + 18)
    panic.set(info + 20, caller)
    sequence += 1
    writeEnds()
  }

  private mutating func dropOldest() {
    panic.set(Self.descriptor(tail), 3 << 62 | tail)
    if let block = blocks.removeValue(forKey: tail) { oldest = block.next }
    tail = (tail &+ 1) & Self.idMask
  }

  private func writeEnds() {
    panic.set(TestPanic.Variable.ring + 24, head)
    panic.set(TestPanic.Variable.ring + 32, tail)
  }
}

package import Files

/// Where a dump is written to: a file, or memory that stands for one.
package protocol DumpTarget: AnyObject {
  /// Writes all of `bytes` at `offset`; what lies between what was written reads as zeros.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(TargetFault)
}

/// A write that the target refused: where, in bytes from its start, and the error number.
package struct TargetFault: Error, Hashable, Sendable {
  package var offset: UInt64
  package var errno: Int32

  package init(offset: UInt64, errno: Int32) {
    self.offset = offset
    self.errno = errno
  }
}

extension AtomicFile: DumpTarget {
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(TargetFault) {
    do throws(FileFault) {
      try write(contentsOf: bytes, at: offset)
    } catch {
      throw TargetFault(offset: offset, errno: error.errorNumber ?? 0)
    }
  }
}

extension DumpTarget {
  func write(_ bytes: [UInt8], at offset: UInt64) throws(TargetFault) {
    try bytes.withUnsafeBytes { raw in
      Result { () throws(TargetFault) in try write(raw, at: offset) }
    }.get()
  }
}

/// Bytes that follow one another in a target, written many at once.
struct TargetStream {
  /// Where the next byte goes.
  private(set) var position: UInt64
  private let target: any DumpTarget
  private var waiting: [UInt8] = []

  private static let chunk = 1 << 20

  init(_ target: any DumpTarget, at position: UInt64) {
    self.target = target
    self.position = position
    waiting.reserveCapacity(Self.chunk + 4096)
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws(TargetFault) {
    waiting.append(contentsOf: bytes)
    position += UInt64(bytes.count)
    if waiting.count >= Self.chunk { try flush() }
  }

  mutating func append(_ bytes: [UInt8]) throws(TargetFault) {
    waiting += bytes
    position += UInt64(bytes.count)
    if waiting.count >= Self.chunk { try flush() }
  }

  mutating func flush() throws(TargetFault) {
    try target.write(waiting, at: position - UInt64(waiting.count))
    waiting.removeAll(keepingCapacity: true)
  }
}

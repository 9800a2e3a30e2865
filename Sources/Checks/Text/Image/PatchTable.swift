internal import KernelFormats
internal import KernelModel

/// A table of places to patch, as the vendor's file has it: its bytes, and where it lies or lay in the running kernel.
struct PatchTable {
  let bytes: UnsafeRawBufferPointer
  /// The live address of the first byte: most entries are distances from themselves.
  let address: UInt64

  static var empty: PatchTable { PatchTable(bytes: UnsafeRawBufferPointer(start: nil, count: 0), address: 0) }

  /// How many whole entries of `byteCount` bytes there are.
  func entryCount(of byteCount: Int) -> Int { bytes.count / byteCount }

  /// The address that the 4 bytes at `offset` are the distance to, counted from themselves.
  @inline(__always)
  func target(at offset: Int) -> UInt64 {
    address &+ UInt64(offset) &+ UInt64(bitPattern: Int64(bytes.value(Int32.self, at: offset)))
  }

  /// The address that the 8 bytes at `offset` are the distance to, counted from themselves.
  @inline(__always)
  func wideTarget(at offset: Int) -> UInt64 {
    address &+ UInt64(offset) &+ bytes.value(UInt64.self, at: offset)
  }

  /// Calls `body` with each address of a table of 4-byte distances.
  @inline(__always)
  func forEachTarget(_ body: (UInt64) -> Void) {
    for index in 0..<entryCount(of: 4) { body(target(at: index * 4)) }
  }

  /// Up to `count` addresses of a table of 4-byte distances, spread over it, that `isWanted`.
  func sample(_ count: Int, where isWanted: (UInt64) -> Bool) -> [UInt64] {
    let entries = entryCount(of: 4)
    guard entries > 0 else { return [] }
    let step = max(entries / (count * 2), 1)
    var found: [UInt64] = []
    var index = 0
    while index < entries, found.count < count {
      let address = target(at: index * 4)
      if isWanted(address) { found.append(address) }
      index += step
    }
    return found
  }
}

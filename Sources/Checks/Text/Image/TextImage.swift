internal import Glibc
internal import KernelFormats
internal import KernelModel

/// A private copy of a vendor's code and read-only data, at the addresses where they lie in the running kernel.
///
/// The mechanisms write into it what the kernel's own patching would have written. Addresses are plain numbers here,
/// and arithmetic on them wraps: every access is checked against the blocks, whatever the number.
final class TextImage {
  /// A run of addresses with bytes behind them.
  struct Block {
    let address: UInt64
    let byteCount: Int
    let bytes: UnsafeMutableRawPointer
  }

  private static let largePage = 2 << 20

  /// The one that is asked for most comes first.
  private(set) var blocks: [Block] = []
  private var first = Block(
    address: 0, byteCount: 0, bytes: UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
  private let empty: UnsafeMutableRawPointer

  /// Blocks kept at most: a kernel's sections are a few dozen.
  private static let mostBlocks = 256

  init() {
    empty = first.bytes
  }

  deinit {
    for block in blocks { block.bytes.deallocate() }
    empty.deallocate()
  }

  /// Adds a copy of `source` that lies at `address`; nothing where another block lies already.
  func add(_ source: UnsafeRawBufferPointer, at address: UInt64) {
    guard let origin = source.baseAddress else { return }
    add(byteCount: source.count, at: address)?.copyMemory(from: origin, byteCount: source.count)
  }

  /// Adds `byteCount` zeros at `address`, and lets `fill` put something there.
  func add(byteCount: Int, at address: UInt64, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    guard let bytes = add(byteCount: byteCount, at: address) else { return }
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    fill(UnsafeMutableRawBufferPointer(start: bytes, count: byteCount))
  }

  private func add(byteCount: Int, at address: UInt64) -> UnsafeMutableRawPointer? {
    guard byteCount > 0, !address.addingReportingOverflow(UInt64(byteCount)).overflow, blocks.count < Self.mostBlocks,
      blocks.allSatisfy({ $0.address &- address >= UInt64(byteCount) && address &- $0.address >= UInt64($0.byteCount) })
    else { return nil }
    // Tens of megabytes are touched at once: in large pages, where the host gives them, that takes a third of the time.
    let isLarge = byteCount >= Self.largePage
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: isLarge ? Self.largePage : 4096)
    if isLarge { madvise(bytes, byteCount, MADV_HUGEPAGE) }
    let block = Block(address: address, byteCount: byteCount, bytes: bytes)
    blocks.append(block)
    if blocks.count == 1 { first = block }
    return bytes
  }

  /// Where the `count` bytes at `address` can be changed, or nil if no block has all of them.
  @inline(__always)
  func pointer(at address: UInt64, count: Int) -> UnsafeMutableRawPointer? {
    let offset = address &- first.address
    if offset < UInt64(first.byteCount), count <= first.byteCount &- Int(truncatingIfNeeded: offset) {
      return first.bytes + Int(truncatingIfNeeded: offset)
    }
    return otherPointer(at: address, count: count)
  }

  private func otherPointer(at address: UInt64, count: Int) -> UnsafeMutableRawPointer? {
    guard let block = block(at: address, count: count) else { return nil }
    return block.bytes + Int(address &- block.address)
  }

  /// The bytes at `address`, `most` of them or as many as its block has; nil if these are fewer than `least`.
  ///
  /// The last instruction of a block may be shorter than the longest that can stand there.
  @inline(__always)
  func bytes(at address: UInt64, least: Int, most: Int) -> UnsafeMutableRawBufferPointer? {
    if let all = pointer(at: address, count: most) { return UnsafeMutableRawBufferPointer(start: all, count: most) }
    let count = byteCount(from: address)
    guard count >= least, let some = pointer(at: address, count: count) else { return nil }
    return UnsafeMutableRawBufferPointer(start: some, count: count)
  }

  /// How many bytes there are from `address` on in its block.
  func byteCount(from address: UInt64) -> Int {
    guard let block = block(at: address, count: 0) else { return 0 }
    return block.byteCount - Int(address &- block.address)
  }

  private func block(at address: UInt64, count: Int) -> Block? {
    blocks.first { block in
      let offset = address &- block.address
      return offset < UInt64(block.byteCount) && count <= block.byteCount - Int(offset)
    }
  }
}

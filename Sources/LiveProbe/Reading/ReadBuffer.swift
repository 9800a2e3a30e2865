import KernelModel

/// Room for one piece of kernel memory after another: megabytes go through it.
final class ReadBuffer {
  private let bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) {
    bytes = .allocate(byteCount: byteCount, alignment: 16)
  }

  deinit {
    bytes.deallocate()
  }

  /// The `count` bytes at `address`, there until it is filled again; nil if they cannot be read, or do not fit.
  func filled(from kcore: ProcKcore, at address: KernelAddress, count: Int) -> UnsafeRawBufferPointer? {
    guard count <= bytes.count else { return nil }
    let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
    do throws(MemoryFault) {
      var span = part.mutableBytes
      try kcore.read(at: address, into: &span)
      return UnsafeRawBufferPointer(part)
    } catch {
      return nil
    }
  }
}

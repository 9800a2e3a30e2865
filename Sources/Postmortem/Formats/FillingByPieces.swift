internal import KernelModel

extension MutableRawSpan {
  /// Fills all of these bytes with the memory at `address`, piece by piece.
  ///
  /// - Parameter piece: fills the start of a buffer with the memory at an address, and returns how many bytes it filled:
  ///   one at least.
  mutating func fill(
    from address: PhysicalAddress,
    _ piece: (_ address: PhysicalAddress, _ target: UnsafeMutableRawBufferPointer) throws(PhysicalFault) -> Int
  ) throws(PhysicalFault) {
    guard byteCount > 0 else { return }
    guard address.advanced(by: UInt64(byteCount)) != nil else {
      throw .unreasonable(address, byteCount: UInt64(byteCount))
    }
    try withUnsafeMutableBytes { buffer in
      Result { () throws(PhysicalFault) in
        var done = 0
        while done < buffer.count {
          let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
          done += try piece(PhysicalAddress(address.rawValue + UInt64(done)), rest)
        }
      }
    }.get()
  }
}

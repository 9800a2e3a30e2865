internal import KernelFormats
internal import KernelModel

extension TextImage {
  /// Bytes decoded from a function's start to find where an instruction begins.
  private static let longestFunction: UInt64 = 64 << 10

  /// Where the instruction that holds `address` begins, by decoding from its function's start; `address` itself where
  /// that cannot be told.
  func instructionStart(around address: UInt64, in kernel: Kernel) -> UInt64 {
    guard let symbol = kernel.symbols.nearest(atOrBelow: KernelAddress(address)),
      let distance = KernelAddress(address).offset(from: symbol.address), distance < Self.longestFunction
    else { return address }
    var position = symbol.address.rawValue
    while position < address {
      guard let count = instructionByteCount(at: position) else { return address }
      let next = position &+ UInt64(count)
      if next > address { return position }
      position = next
    }
    return position
  }

  /// How long the instruction at `address` is, or nil if there is none.
  func instructionByteCount(at address: UInt64) -> Int? {
    let readable = min(byteCount(from: address), Machine.InstructionShape.mostBytes)
    guard readable > 0, let place = pointer(at: address, count: readable),
      let shape = Machine.InstructionShape(UnsafeRawBufferPointer(start: place, count: readable))
    else { return nil }
    return Int(shape.length)
  }
}

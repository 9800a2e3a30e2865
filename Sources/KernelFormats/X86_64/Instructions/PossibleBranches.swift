package import KernelModel

extension X86_64 {
  /// Calls `body` with every place in `bytes` where the distance of a far branch may stand, and with where that would lead.
  ///
  /// It looks for the bytes of an opcode, `e8`, `e9` and `0f 80` to `0f 8f`, wherever they are, and so passes over no branch; most
  /// of what it comes upon is a part of another instruction. That takes a few instructions a byte, where finding where each
  /// instruction begins takes fifty.
  ///
  /// - Parameters:
  ///   - start: where the first of `bytes` lies.
  ///   - body: is given the offset of the distance's first byte.
  @inline(__always)
  package static func forEachPossibleBranch(
    in bytes: UnsafeRawBufferPointer, at start: UInt64, _ body: (_ distanceOffset: Int, _ target: UInt64) -> Void
  ) {
    var offset = 1
    // An opcode and four bytes.
    while offset + 4 <= bytes.count {
      let opcode = bytes[offset - 1]
      if opcode & 0xfe == 0xe8 || opcode & 0xf0 == 0x80 && offset > 1 && bytes[offset - 2] == 0x0f {
        let distance = bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)
        body(offset, start &+ UInt64(offset + 4) &+ UInt64(bitPattern: Int64(distance)))
      }
      offset += 1
    }
  }
}

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
    func look(behind opcode: Int) {
      let distance = bytes.loadUnaligned(fromByteOffset: opcode &+ 1, as: Int32.self)
      body(opcode &+ 1, start &+ UInt64(opcode &+ 5) &+ UInt64(bitPattern: Int64(distance)))
    }
    // Before a distance of four bytes.
    let opcodes = max(0, bytes.count - 4)
    var opcode = 0
    while opcode < opcodes {
      // Eight at once, but for the first, before which there is no byte, and the last ones.
      let isAlone = opcode == 0 || opcodes &- opcode < 8
      var found =
        if isAlone {
          possibleOpcodes(UInt64(bytes[opcode]), after: opcode == 0 ? 0 : UInt64(bytes[opcode &- 1]))
        } else {
          possibleOpcodes(
            bytes.loadUnaligned(fromByteOffset: opcode, as: UInt64.self),
            after: bytes.loadUnaligned(fromByteOffset: opcode &- 1, as: UInt64.self))
        }
      while found != 0 {
        look(behind: opcode &+ found.trailingZeroBitCount / 8)
        found &= found &- 1
      }
      opcode &+= isAlone ? 1 : 8
    }
  }

  /// The highest bit of each byte that may be the last of a far branch's opcode.
  @inline(__always)
  private static func possibleOpcodes(_ bytes: UInt64, after before: UInt64) -> UInt64 {
    let always = zeros(bytes & each(0xfe) ^ each(0xe8))
    let onCondition = zeros(bytes & each(0xf0) ^ each(0x80))
    let isTwoBytes = zeros(before ^ each(0x0f))
    return always | onCondition & isTwoBytes
  }

  @inline(__always)
  private static func each(_ byte: UInt64) -> UInt64 {
    byte &* 0x0101_0101_0101_0101
  }

  /// The highest bit of each byte that is zero.
  @inline(__always)
  private static func zeros(_ bytes: UInt64) -> UInt64 {
    ~(((bytes & each(0x7f)) &+ each(0x7f)) | bytes) & each(0x80)
  }
}

extension OpenPGP {
  /// One of the pieces that keys and signatures consist of.
  struct Packet {
    /// RFC 9580, 5.
    enum Kind: UInt8 {
      case signature = 2
      case publicKey = 6
      case marker = 10
      case trust = 12
      case userID = 13
      case publicSubkey = 14
      case userAttribute = 17
      case padding = 21
    }

    /// Nil of what is of no use here.
    let kind: Kind?
    let body: [UInt8]

    /// Debian's archive keyring has 200, Arch's 30,000.
    private static let mostPackets = 1 << 18

    /// All packets of `bytes`, which is nothing but packets.
    ///
    /// Source: RFC 9580, 4.2. Packets whose length comes in parts, or is that of the file, are data's only, and refused.
    static func all(_ bytes: [UInt8]) throws(Fault) -> [Packet] {
      var packets: [Packet] = []
      var cursor = Cursor(bytes)
      while let tag = cursor.byte() {
        guard tag & 0x80 != 0 else { throw .malformed("it is no OpenPGP data: a packet begins with byte \(tag)") }
        guard packets.count < mostPackets else { throw .malformed("it has more than \(mostPackets) packets") }
        let isNew = tag & 0x40 != 0
        guard let length = isNew ? newLength(&cursor) : oldLength(&cursor, type: tag & 3),
          let body = cursor.take(length)
        else { throw .malformed("a packet of it has a length that is not there") }
        packets.append(Packet(kind: Kind(rawValue: isNew ? tag & 0x3f : tag >> 2 & 0xf), body: body))
      }
      return packets
    }

    private static func oldLength(_ cursor: inout Cursor, type: UInt8) -> Int? {
      type == 3 ? nil : cursor.number(1 << Int(type))
    }

    /// Of a packet, or of a part of a signature (RFC 9580, 5.2.3.7), where lengths up to 254 have two bytes.
    static func newLength(_ cursor: inout Cursor, isSubpacket: Bool = false) -> Int? {
      guard let first = cursor.byte().map(Int.init) else { return nil }
      switch first {
      case ..<192: return first
      case ..<(isSubpacket ? 255 : 224): return cursor.byte().map { (first - 192) << 8 + Int($0) + 192 }
      case 255: return cursor.number(4)
      default: return nil
      }
    }
  }
}

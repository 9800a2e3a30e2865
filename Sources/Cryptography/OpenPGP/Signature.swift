import KernelModel

extension OpenPGP {
  /// A signature, taken apart; whether it is right, a ``Keyring`` says.
  package final class Signature: Sendable {
    /// RFC 9580, 5.2.1.
    enum Kind: UInt8 {
      case binary = 0x00
      case text = 0x01
      case genericCertification = 0x10
      case personaCertification = 0x11
      case casualCertification = 0x12
      case positiveCertification = 0x13
      case subkeyBinding = 0x18
      case primaryKeyBinding = 0x19
      case directKey = 0x1f
      case keyRevocation = 0x20
      case subkeyRevocation = 0x28
      case certificationRevocation = 0x30
    }

    /// Nil of kinds that are of no use here.
    let kind: Kind?
    let algorithm: UInt8
    /// Nil if it is not known here.
    let digest: Digest?
    /// Seconds since 1970.
    let madeAt: Int
    /// Seconds after that, or nil if it does not end.
    let endsAfter: Int?
    /// Seconds after the key was made, of a key that is bound by this; nil if it does not say.
    let keyEndsAfter: Int?
    /// What the key that is bound by this is for; nil if it does not say.
    let keyFlags: UInt8?
    /// Of the key that made it, in version 4.
    let issuerFingerprint: [UInt8]?
    /// The last 8 bytes of that.
    let issuerID: [UInt8]?
    /// The signature that a subkey makes of its primary key.
    let embedded: [UInt8]?
    /// What is said in it that must be understood, and is not.
    let mystery: String?
    /// What is digested behind what is signed.
    let trailer: [UInt8]
    /// The first two bytes of the digest.
    let digestStart: [UInt8]
    /// The algorithm's numbers.
    let value: [UInt8]

    static let signingFlag: UInt8 = 0x02

    /// Source: RFC 9580, 5.2.2 (version 3), 5.2.3 (version 4), 5.2.4 (what is digested).
    ///
    /// - Returns: nil of another version.
    init?(_ body: [UInt8]) throws(Fault) {
      let broken = Fault.malformed("a signature breaks off")
      var cursor = Cursor(body)
      guard let version = cursor.byte() else { throw broken }
      if version == 3 {
        guard cursor.byte() == 5, let signed = cursor.take(5), let issuer = cursor.take(8),
          let algorithm = cursor.byte(), let digest = cursor.byte(), let start = cursor.take(2)
        else { throw broken }
        (kind, self.algorithm, self.digest) = (Kind(rawValue: signed[0]), algorithm, Digest(openPGP: digest))
        madeAt = signed.dropFirst().reduce(0) { $0 << 8 | Int($1) }
        (trailer, digestStart, value) = (signed, start, cursor.takeAll())
        issuerID = issuer
        (endsAfter, keyEndsAfter, keyFlags, issuerFingerprint, embedded, mystery) = (nil, nil, nil, nil, nil, nil)
        return
      }
      guard version == 4 else { return nil }
      guard let kind = cursor.byte(), let algorithm = cursor.byte(), let digest = cursor.byte(),
        let hashedCount = cursor.number(2), let hashed = cursor.take(hashedCount),
        let otherCount = cursor.number(2), let other = cursor.take(otherCount), let start = cursor.take(2)
      else { throw broken }
      (self.kind, self.algorithm, self.digest) = (Kind(rawValue: kind), algorithm, Digest(openPGP: digest))
      let signed = body.prefix(6 + hashedCount)
      let count = UInt32(signed.count)
      trailer = signed + [4, 0xff] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
      (digestStart, value) = (start, cursor.takeAll())
      let parts = try Part.all(hashed)
      // What is not signed only helps to find the key, and has what is a signature of its own.
      let others = try Part.all(other)
      func last(_ type: UInt8) -> [UInt8]? { parts.last { $0.type == type }?.bytes }
      func any(_ type: UInt8) -> [UInt8]? { last(type) ?? others.first { $0.type == type }?.bytes }
      guard let made = Part.number(last(2)) else { throw .malformed("a signature does not say when it was made") }
      madeAt = made
      endsAfter = Part.number(last(3)).flatMap { $0 == 0 ? nil : $0 }
      keyEndsAfter = Part.number(last(9))
      keyFlags = last(27).map { $0.first ?? 0 }
      issuerID = any(16)
      embedded = any(32)
      issuerFingerprint = any(33).flatMap { $0.first == 4 ? Array($0.dropFirst()) : nil }
      mystery = parts.first { $0.isCritical && !Part.known.contains($0.type) }.map {
        "it has a part of type \($0.type) that must be understood"
      }
    }

    /// Of whom it says that it is: a fingerprint, or else a key ID, in hexadecimal; empty if it does not say.
    package var issuer: String { (issuerFingerprint ?? issuerID ?? []).hexadecimal().uppercased() }

    /// All signatures in `bytes`, armored or not; of other versions there are nils.
    package static func all(_ bytes: [UInt8]) throws(Fault) -> [Signature?] {
      var found: [Signature?] = []
      for packet in try Packet.all(try Armor.data(bytes)) {
        switch packet.kind {
        case .signature: found.append(try Signature(packet.body))
        case .marker, .padding: continue
        default: throw .malformed("it has something else than signatures in it")
        }
      }
      guard (1...most).contains(found.count) else { throw .malformed("it has \(found.count) signatures") }
      return found
    }

    /// Debian's releases have three.
    private static let most = 64
  }
}

/// A part of a signature that says something about it.
///
/// Source: RFC 9580, 5.2.3.7.
private struct Part {
  let type: UInt8
  let isCritical: Bool
  let bytes: [UInt8]

  /// What is read here, preferences, and what is said for people: RFC 9580, 5.2.3.
  static let known: [UInt8] = [
    2, 3, 4, 5, 6, 7, 9, 11, 12, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
  ]

  static func number(_ bytes: [UInt8]?) -> Int? { bytes?.count == 4 ? bytes?.reduce(0) { $0 << 8 | Int($1) } : nil }

  static func all(_ bytes: [UInt8]) throws(OpenPGP.Fault) -> [Part] {
    var parts: [Part] = []
    var cursor = OpenPGP.Cursor(bytes)
    while !cursor.isAtEnd {
      guard let length = OpenPGP.Packet.newLength(&cursor, isSubpacket: true), length > 0,
        let type = cursor.byte(), let bytes = cursor.take(length - 1)
      else { throw .malformed("a part of a signature breaks off") }
      parts.append(Part(type: type & 0x7f, isCritical: type & 0x80 != 0, bytes: bytes))
    }
    return parts
  }
}

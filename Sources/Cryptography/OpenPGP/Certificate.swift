import KernelModel

extension OpenPGP {
  /// A primary key, the names that it gives itself, and its subkeys, each with the signatures that say so.
  ///
  /// Source: RFC 9580, 10.1.
  struct Certificate: Sendable {
    let primary: Key
    private var direct: [Signature] = []
    private var names: [(text: [UInt8], signatures: [Signature])] = []
    private var subkeys: [(key: Key, signatures: [Signature])] = []

    /// Signatures that one part of a certificate has of its own key; each costs time.
    private static let mostOwn = 64

    init(_ primary: Key) { self.primary = primary }

    /// A packet that follows the primary key, or nil for one that is passed over: signatures of it must not go to another.
    private enum Part {
      case primary, name, subkey, other
    }

    /// All certificates in the packets of a keyring; several of one primary key are one.
    static func all(_ packets: [Packet]) throws(Fault) -> [Certificate] {
      var found: [Certificate] = []
      var places: [[UInt8]: Int] = [:]
      var current: Int?
      var part = Part.other
      for packet in packets {
        switch packet.kind {
        case .publicKey:
          guard let key = try Key(packet.body) else {
            // Of another version: what follows is its own.
            current = nil
            continue
          }
          let place = places[key.fingerprint] ?? found.count
          if place == found.count { found.append(Certificate(key)) }
          places[key.fingerprint] = place
          (current, part) = (place, .primary)
        case .userID:
          guard let current else { continue }
          found[current].names.append((packet.body, []))
          part = .name
        case .publicSubkey:
          guard let current else { continue }
          part = .other
          guard let key = try Key(packet.body) else { continue }
          found[current].subkeys.append((key, []))
          part = .subkey
        case .signature:
          guard let current, let signature = try Signature(packet.body) else { continue }
          found[current].take(signature, part)
        case .marker, .trust, .padding: continue
        default: part = .other
        }
      }
      return found
    }

    private mutating func take(_ signature: Signature, _ part: Part) {
      switch part {
      case .primary: direct.append(signature)
      case .name: names[names.count - 1].signatures.append(signature)
      case .subkey: subkeys[subkeys.count - 1].signatures.append(signature)
      case .other: break
      }
    }

    // MARK: Keys

    var keys: [Key] { [primary] + subkeys.map(\.key) }

    /// What stands against a signature that `key` of this certificate made at `time`, in seconds since 1970; nil if nothing does.
    func objection(to key: Key, at time: Int) -> String? {
      if direct.contains(where: { $0.kind == .keyRevocation }) {
        return "the keyring says that key \(primary.name) was revoked"
      }
      if let problem = primary.weakness { return problem }
      guard let own = ownSignatures() else {
        return "key \(primary.name) has no signature of its own, made with SHA-256 or better, that says what it is for"
      }
      if let problem = Self.objection(to: primary, endsAfter: own.endsAfter, at: time) { return problem }
      guard !(key == primary) else {
        return own.flags & Signature.signingFlag == 0 ? "key \(primary.name) is not for signing" : nil
      }
      let signatures = subkeys.filter { $0.key == key }.flatMap(\.signatures)
      if signatures.contains(where: { $0.kind == .subkeyRevocation }) {
        return "the keyring says that key \(key.name) was revoked"
      }
      guard let binding = latest(signatures, [.subkeyBinding], over: primary.digested + key.digested) else {
        return "key \(key.name) is not bound to key \(primary.name) by a signature with SHA-256 or better"
      }
      guard (binding.keyFlags ?? 0) & Signature.signingFlag != 0, confirms(key, binding) else {
        return "key \(key.name) is not for signing"
      }
      return Self.objection(to: key, endsAfter: binding.keyEndsAfter, at: time)
    }

    /// When `key` ends, in seconds since 1970; nil if it does not.
    func end(of key: Key) -> Int? {
      var ends: [Int] = []
      if let after = ownSignatures()?.endsAfter { ends.append(primary.madeAt + after) }
      let signatures = subkeys.filter { $0.key == key }.flatMap(\.signatures)
      if !(key == primary),
        let after = latest(signatures, [.subkeyBinding], over: primary.digested + key.digested)?.keyEndsAfter,
        after != 0
      {
        ends.append(key.madeAt + after)
      }
      return ends.min()
    }

    private static func objection(to key: Key, endsAfter: Int?, at time: Int) -> String? {
      if time < key.madeAt { return "key \(key.name) was made later than the signature" }
      guard let endsAfter, endsAfter != 0, time >= key.madeAt + endsAfter else { return nil }
      let end = UTCTime(secondsSince1970: key.madeAt + endsAfter)?.description ?? "before"
      return "key \(key.name) had expired when the signature was made: \(end)"
    }

    // MARK: Its own signatures

    private static let certifications: [Signature.Kind] = [
      .genericCertification, .personaCertification, .casualCertification, .positiveCertification,
    ]

    /// A name of the certificate that it gives itself and has not taken back; empty if it has none.
    var name: String {
      for (text, signatures) in names where named(text, signatures) != nil {
        return String(decoding: text, as: UTF8.self)
      }
      return ""
    }

    private func named(_ text: [UInt8], _ signatures: [Signature]) -> Signature? {
      let count = UInt32(truncatingIfNeeded: text.count)
      let signed = primary.digested + [0xb4] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } + text
      guard let own = latest(signatures, Self.certifications, over: signed) else { return nil }
      // One that was taken back may have been given again.
      if let end = latest(signatures, [.certificationRevocation], over: signed), end.madeAt >= own.madeAt { return nil }
      return own
    }

    /// What the primary key is for, and after how many seconds it ends: a signature of the key alone says it, or else the
    /// latest one of a name, as gpg has it; without either it may certify and sign.
    private func ownSignatures() -> (endsAfter: Int?, flags: UInt8)? {
      let alone = latest(direct, [.directKey], over: primary.digested)
      var ofName: Signature?
      for (text, signatures) in names {
        guard let own = named(text, signatures), own.madeAt > ofName?.madeAt ?? 0 else { continue }
        ofName = own
      }
      guard alone != nil || ofName != nil else { return nil }
      return (alone?.keyEndsAfter ?? ofName?.keyEndsAfter, alone?.keyFlags ?? ofName?.keyFlags ?? Signature.signingFlag)
    }

    /// The latest of the signatures that the primary key made of `signed`.
    private func latest(_ signatures: [Signature], _ kinds: [Signature.Kind], over signed: [UInt8]) -> Signature? {
      var found: Signature?
      var tried = 0
      // The latest is usually the last.
      for signature in signatures.reversed() where signature.madeAt > found?.madeAt ?? 0 && tried < Self.mostOwn {
        guard let kind = signature.kind, kinds.contains(kind), signature.mystery == nil, signature.endsAfter == nil,
          (signature.issuerFingerprint ?? primary.fingerprint) == primary.fingerprint,
          (signature.issuerID ?? primary.id) == primary.id
        else { continue }
        tried += 1
        if Keyring.isMade(signature, by: primary, over: signed) { found = signature }
      }
      return found
    }

    /// Whether a subkey says itself that it signs for the primary key: else anybody could claim its signatures.
    ///
    /// Source: RFC 9580, 5.2.1.9.
    private func confirms(_ key: Key, _ binding: Signature) -> Bool {
      // One that cannot be read confirms nothing.
      guard let embedded = binding.embedded, let signature = try? Signature(embedded),
        signature.kind == .primaryKeyBinding, signature.mystery == nil, signature.endsAfter == nil
      else { return false }
      return Keyring.isMade(signature, by: key, over: primary.digested + key.digested)
    }
  }
}

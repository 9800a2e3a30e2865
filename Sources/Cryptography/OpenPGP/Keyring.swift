package import Files
package import KernelModel

extension OpenPGP {
  /// Public keys that somebody trusts.
  package struct Keyring: Sendable {
    private let certificates: [Certificate]
    /// Places in ``certificates`` by the last 8 bytes of the fingerprints of keys.
    private let places: [[UInt8]: [Int]]

    /// Arch's keyring has 2 MB.
    private static let limit = 32 << 20
    /// A signature may be made so much later than it is by this machine's clock, in seconds.
    private static let clockSlack = 86_400

    /// - Parameter bytes: packets, or text with such.
    package init(_ bytes: [UInt8]) throws(Fault) {
      try self.init(packets: try Packet.all(try Armor.data(bytes)))
    }

    private init(packets: [Packet]) throws(Fault) {
      certificates = try Certificate.all(packets)
      guard !certificates.isEmpty else { throw .malformed("it has no public key of version 4") }
      var places: [[UInt8]: [Int]] = [:]
      for (place, certificate) in certificates.enumerated() {
        for key in certificate.keys where places[key.id]?.last != place { places[key.id, default: []].append(place) }
      }
      self.places = places
    }

    /// All keys in the files at `paths`.
    package init(files paths: [String]) throws(KeyringFault) {
      var packets: [Packet] = []
      for path in paths {
        let bytes: [UInt8]
        do throws(FileFault) {
          let file = try OpenedFile(path, followingLinks: true)
          bytes = try file.readAll(limit: Self.limit)
        } catch {
          throw .file(error)
        }
        do throws(Fault) {
          packets += try Packet.all(try Armor.data(bytes))
        } catch {
          throw .noKeyring(path, error)
        }
      }
      do throws(Fault) {
        try self.init(packets: packets)
      } catch {
        throw .noKeyring(paths.joined(separator: ", "), error)
      }
    }

    /// Who made a signature, once that is verified.
    package struct Signer: Hashable, Sendable {
      /// The fingerprint of the key that made it, in hexadecimal.
      package let key: String
      /// Of the primary key that it belongs to.
      package let primary: String
      /// The name that this gives itself.
      package let name: String
      package let madeAt: UTCTime
      /// When the key expired, if it has.
      package let expiredAt: UTCTime?
    }

    /// What a signature is worth.
    package enum Answer: Hashable, Sendable {
      case verified(Signer)
      /// The keyring does not have the key.
      case unknownKey
      /// The keyring has the key, and what it signed is something else: content or signature were changed.
      case wrong(String)
      /// The signature counts for nothing, whatever it is of, and why.
      case worthless(String)
    }

    /// Whether a key of the keyring made `signature`.
    ///
    /// - Parameters:
    ///   - isText: whether what is signed is text, of which line ends are digested as CR LF, as `digest` does it.
    ///   - now: seconds since 1970.
    ///   - digest: gives a digest what is signed.
    package func answer(
      _ signature: Signature, isText: Bool = false, now: Int, digest: (Digest.Running) -> Void
    ) -> Answer {
      guard let id = signature.issuerFingerprint?.suffix(8) ?? signature.issuerID?[...] else {
        return .worthless("it does not say which key made it")
      }
      var found: [(Certificate, Key)] = []
      for place in places[Array(id)] ?? [] {
        for key in certificates[place].keys
        where key.id.elementsEqual(id) && (signature.issuerFingerprint ?? key.fingerprint) == key.fingerprint
          && (signature.issuerID ?? key.id) == key.id
        {
          found.append((certificates[place], key))
        }
      }
      guard !found.isEmpty else { return .unknownKey }
      if let problem = found.compactMap({ $0.1.weakness }).first { return .worthless(problem) }
      guard let algorithm = signature.digest, algorithm.isStrong else {
        return .worthless(
          "it is made with \(signature.digest?.rawValue ?? "a digest that is not known here"), which proves nothing")
      }
      if let mystery = signature.mystery { return .worthless(mystery) }
      guard signature.kind == (isText ? .text : .binary) else {
        return .worthless("it is no signature of a document")
      }
      guard let madeAt = UTCTime(secondsSince1970: signature.madeAt), signature.madeAt <= now + Self.clockSlack else {
        return .worthless("it was made in the future, by this machine's clock")
      }
      if let after = signature.endsAfter, signature.madeAt + after <= now { return .worthless("it has expired") }
      let running = Digest.Running(algorithm)
      digest(running)
      signature.trailer.withUnsafeBytes { running.update($0) }
      let value = running.finishedBytes()
      guard let (certificate, key) = found.first(where: { $0.1.made(signature, of: value) }) else {
        return .wrong("key \(found[0].1.name) did not make it of this content")
      }
      // A key that two certificates claim is as good as the worse one says.
      for (other, same) in found where same == key {
        if let objection = other.objection(to: key, at: signature.madeAt) { return .worthless(objection) }
      }
      let end = certificate.end(of: key).flatMap { $0 <= now ? UTCTime(secondsSince1970: $0) : nil }
      return .verified(
        Signer(
          key: key.name, primary: certificate.primary.name, name: certificate.name, madeAt: madeAt, expiredAt: end))
    }

    /// Whether `key` made `signature` of `signed`.
    static func isMade(_ signature: Signature, by key: Key, over signed: [UInt8]) -> Bool {
      guard let algorithm = signature.digest, algorithm.isStrong else { return false }
      let value = (signed + signature.trailer).withUnsafeBytes { algorithm.bytes(of: $0) }
      return key.made(signature, of: value)
    }
  }

  /// Why there is no keyring.
  package enum KeyringFault: Error, Hashable, Sendable {
    case file(FileFault)
    case noKeyring(String, Fault)
  }
}

extension OpenPGP.KeyringFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let fault): "\(fault.path): \(fault.problem)"
    case .noKeyring(let path, let fault):
      "\(path) is no keyring: \(fault); one is made by: gpg --export --output FILE KEY"
    }
  }
}

import Foundation
import KernelModel
import Testing

@testable import Cryptography

/// Signatures that gpg 2.2 made, and some that it does not make: Tests/Fixtures/OpenPGP/make.
@Suite struct OpenPGPTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/OpenPGP")
  /// 2024-03-15, which is after all of it was made.
  private static let now = 1_710_504_000

  private static func file(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: name)))
  }

  private static func keyring(_ name: String = "keyring.gpg") throws -> OpenPGP.Keyring {
    try OpenPGP.Keyring(try file(name))
  }

  private static func answers(
    _ name: String, document: [UInt8]? = nil, keyring: String = "keyring.gpg", now: Int = now
  ) throws -> [OpenPGP.Keyring.Answer] {
    let keyring = try Self.keyring(keyring)
    let document = try document ?? file("document.txt")
    return try OpenPGP.Signature.all(try file(name)).map { signature in
      keyring.answer(try #require(signature), now: now) { running in
        document.withUnsafeBytes { running.update($0) }
      }
    }
  }

  private static func signer(_ answers: [OpenPGP.Keyring.Answer]) -> OpenPGP.Keyring.Signer? {
    guard answers.count == 1, case .verified(let signer) = answers[0] else { return nil }
    return signer
  }

  private static func why(_ answers: [OpenPGP.Keyring.Answer]) -> String {
    guard answers.count == 1 else { return "\(answers.count) answers" }
    return switch answers[0] {
    case .wrong(let why): "wrong: \(why)"
    case .worthless(let why): "worthless: \(why)"
    case .unknownKey: "unknown"
    case .verified: "verified"
    }
  }

  // MARK: What is verified

  @Test(arguments: [
    ("document.rsa.sig", "Example rsa <rsa@example.org>", "keyring.gpg"),
    ("document.sha512.asc", "Example rsa <rsa@example.org>", "keyring.asc"),
    ("document.ed25519.sig", "Example ed25519 <ed25519@example.org>", "keyring.gpg"),
    ("document.ed25519.sig", "Example ed25519 <ed25519@example.org>", "keyring.asc"),
    ("document.p256.sig", "Example p256 <p256@example.org>", "keyring.gpg"),
    ("document.p384.sig", "Example p384 <p384@example.org>", "keyring.gpg"),
    ("document.version3.sig", "Example version 3", "old.gpg"),
    ("document.ed25519-27.sig", "Example algorithm 27", "old.gpg"),
  ])
  func `a document's signature is verified, and neither another's nor a changed one`(
    _ name: String, _ signer: String, _ keyring: String
  ) throws {
    let found = try #require(Self.signer(try Self.answers(name, keyring: keyring)))
    #expect(found.name == signer && found.key.count == 40 && found.madeAt == UTCTime("2024-03-01T12:00:00Z"))
    #expect(found.expiredAt == nil)
    // The signing key of one is a subkey.
    #expect((found.primary != found.key) == name.contains("document.ed25519.sig"))
    var document = try Self.file("document.txt")
    document[document.count / 2] ^= 1
    #expect(Self.why(try Self.answers(name, document: document, keyring: keyring)).hasPrefix("wrong: "))
    #expect(Self.why(try Self.answers(name, keyring: "other.gpg")) == "unknown")
  }

  @Test(arguments: ["document.rsa.sig", "document.ed25519.sig", "document.p256.sig"])
  func `no bit of a signature can be another`(_ name: String) throws {
    let keyring = try Self.keyring()
    let document = try Self.file("document.txt")
    let bytes = try Self.file(name)
    // Unhashed parts are not signed: the issuer's key ID, which says only where to look.
    let signed = try #require(try OpenPGP.Signature.all(bytes).first.flatMap(\.self))
    for bit in 0..<bytes.count * 8 {
      var changed = bytes
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      // What is no signature any more verifies nothing.
      guard let all = try? OpenPGP.Signature.all(changed), let signature = all.first.flatMap(\.self) else { continue }
      let answer = keyring.answer(signature, now: Self.now) { running in
        document.withUnsafeBytes { running.update($0) }
      }
      guard case .verified = answer else { continue }
      #expect(signature.trailer == signed.trailer && signature.value == signed.value, "bit \(bit)")
    }
  }

  @Test func `an expired key counts for what it signed before`() throws {
    let signer = try #require(Self.signer(try Self.answers("document.expired.sig")))
    #expect(signer.expiredAt == UTCTime("2023-03-01T12:00:00Z"))
    // The subkey of a year, when that is over.
    let later = try #require(Self.signer(try Self.answers("document.ed25519.sig", now: Self.now + 365 * 86_400)))
    #expect(later.expiredAt == UTCTime("2025-03-01T12:00:00Z"))
  }

  @Test func `a key with an end before its signature verifies nothing`() throws {
    let bytes = try Self.file("keyring.gpg")
    let signature = try #require(try OpenPGP.Signature.all(try Self.file("document.expired.sig")).first.flatMap(\.self))
    let certificates = try OpenPGP.Certificate.all(try OpenPGP.Packet.all(bytes))
    let expired = try #require(certificates.first { $0.name.contains("expired") })
    #expect(expired.objection(to: expired.primary, at: signature.madeAt) == nil)
    let late = try #require(UTCTime("2023-03-01T12:00:00Z")).secondsSince1970
    #expect(expired.objection(to: expired.primary, at: late)?.contains("had expired") == true)
    #expect(expired.objection(to: expired.primary, at: late - 1) == nil)
    #expect(expired.objection(to: expired.primary, at: expired.primary.madeAt - 1)?.contains("later than") == true)
  }

  // MARK: What is not

  @Test(arguments: [
    ("document.weak.sig", "worthless: key", "RSA of 1024 bits"),
    ("document.revoked.sig", "worthless: the keyring says that key", "revoked"),
    ("document.sha1.sig", "worthless: key", "SHA-256 or better"),
    ("document.digest-sha1.sig", "worthless: it is made with sha1", ""),
    ("document.critical.sig", "worthless: it has a part of type 20", ""),
    ("document.ends.sig", "worthless: it has expired", ""),
    ("document.other.sig", "unknown", ""),
  ])
  func `what is weak, taken back or not understood proves nothing, and it is said why`(
    _ name: String, _ start: String, _ part: String
  ) throws {
    let why = Self.why(try Self.answers(name))
    #expect(why.hasPrefix(start) && (part.isEmpty || why.contains(part)), "\(why)")
  }

  @Test func `a revocation counts in whichever copy of a key it is`() throws {
    let document = try Self.file("document.txt")
    let signature = try #require(try OpenPGP.Signature.all(try Self.file("document.revoked.sig")).first.flatMap(\.self))
    let (before, after) = (try Self.file("before.gpg"), try Self.file("keyring.gpg"))
    func answer(_ bytes: [UInt8]) throws -> OpenPGP.Keyring.Answer {
      try OpenPGP.Keyring(bytes).answer(signature, now: Self.now) { running in
        document.withUnsafeBytes { running.update($0) }
      }
    }
    #expect(Self.signer([try answer(before)]) != nil)
    for both in [before + after, after + before] { #expect(Self.why([try answer(both)]).contains("revoked")) }
  }

  @Test func `a signature of the future proves nothing`() throws {
    #expect(Self.why(try Self.answers("document.rsa.sig", now: Self.now - 30 * 86_400)).contains("in the future"))
  }

  @Test func `a subkey that does not say itself whose it is signs nothing`() throws {
    // Without the subkey's own signature, which stands where nothing is signed.
    var packets = try OpenPGP.Packet.all(try Self.file("keyring.gpg"))
    let place = try #require(packets.firstIndex { $0.kind == .publicSubkey }) + 1
    var body = packets[place].body
    let hashed = Int(body[4]) << 8 | Int(body[5])
    let other = 6 + hashed
    let count = Int(body[other]) << 8 | Int(body[other + 1])
    body.replaceSubrange(other..<other + 2 + count, with: [0, 0])
    #expect(try OpenPGP.Signature(packets[place].body)?.embedded != nil && OpenPGP.Signature(body)?.embedded == nil)
    packets[place] = OpenPGP.Packet(kind: .signature, body: body)
    let certificate = try #require(try OpenPGP.Certificate.all(packets).first { $0.keys.count == 2 })
    let why = certificate.objection(to: certificate.keys[1], at: certificate.primary.madeAt + 1)
    #expect(why?.contains("not for signing") == true)
    #expect(
      certificate.objection(to: certificate.primary, at: certificate.primary.madeAt + 1)?.contains("not for signing")
        == true)
  }

  // MARK: Texts

  private static func clear(_ bytes: [UInt8], _ keyring: String = "keyring.gpg") throws -> [OpenPGP.Keyring.Answer] {
    let text = try OpenPGP.ClearSignedText(bytes)
    let keyring = try Self.keyring(keyring)
    return try text.signatures.map { text.answer(try #require($0), by: keyring, now: now) }
  }

  @Test func `a clear-signed text is what was signed, without the dashes before its lines`() throws {
    let bytes = try Self.file("clear.txt")
    #expect(String(decoding: bytes, as: UTF8.self).contains("\n- - not a list\n"))
    let text = try OpenPGP.ClearSignedText(bytes)
    #expect(String(decoding: text.text, as: UTF8.self) == "A kernel,\nand what is in it.\n- not a list")
    #expect(Self.signer(try Self.clear(bytes))?.name == "Example rsa <rsa@example.org>")
    // Line ends, and blanks before them, are nobody's.
    let windows = String(decoding: bytes, as: UTF8.self).replacing("\n", with: " \r\n")
    #expect(Self.signer(try Self.clear(Array(windows.utf8))) != nil)
    let other = String(decoding: bytes, as: UTF8.self).replacing("A kernel", with: "A kernels")
    #expect(Self.why(try Self.clear(Array(other.utf8))).hasPrefix("wrong: "))
  }

  @Test func `of two signatures each is told by itself`() throws {
    let bytes = try Self.file("two.txt")
    let answers = try Self.clear(bytes)
    #expect(answers.count == 2 && answers.contains(.unknownKey))
    #expect(answers.contains { Self.signer([$0]) != nil })
  }

  @Test func `what stands around the signed text, or looks like its end, is refused`() throws {
    let text = String(decoding: try Self.file("clear.txt"), as: UTF8.self)
    let wrong = [
      "x\n" + text, text + "more\n", text + text, text.replacing("Hash: SHA256", with: "Comment: x"),
      text.replacing("\n- - not", with: "\n- not").replacing("\n- not", with: "\n-not"),
      text.replacing("-----BEGIN PGP SIGNATURE-----", with: ""),
      text.replacing("-----END PGP SIGNATURE-----", with: ""),
      String(text.prefix(40)), "",
    ]
    for wrong in wrong {
      #expect(throws: OpenPGP.Fault.self, "\(wrong)") { try OpenPGP.ClearSignedText(Array(wrong.utf8)) }
    }
    // A signature of bytes is none of a text.
    let rsa = try #require(try OpenPGP.Signature.all(try Self.file("document.rsa.sig")).first.flatMap(\.self))
    let answer = try OpenPGP.ClearSignedText(Array(text.utf8)).answer(rsa, by: try Self.keyring(), now: Self.now)
    #expect(Self.why([answer]) == "worthless: it is no signature of a document")
  }

  // MARK: Debian's own

  /// Debian's key of its twelfth release, and a signature of its own that it is bound by, are of 2023.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/keyrings/debian-archive-keyring.gpg")))
  func `Debian's keyring is read, and its keys are for signing`() throws {
    let bytes = Array(try Data(contentsOf: URL(filePath: "/usr/share/keyrings/debian-archive-keyring.gpg")))
    let certificates = try OpenPGP.Certificate.all(try OpenPGP.Packet.all(bytes))
    #expect(certificates.count >= 3)
    for certificate in certificates {
      #expect(certificate.name.hasPrefix("Debian "))
      let answers = certificate.keys.map { certificate.objection(to: $0, at: $0.madeAt + 86_400) }
      #expect(answers.contains(nil), "\(certificate.name): \(answers)")
    }
  }

  private static let lists = "/var/lib/apt/lists"
  /// What apt fetched from Debian on this machine.
  private static let releases = ((try? FileManager.default.contentsOfDirectory(atPath: lists)) ?? []).filter {
    $0.hasPrefix("deb.debian.org_") && $0.hasSuffix("_InRelease")
  }

  @Test(.enabled(if: !releases.isEmpty, "apt has no lists of Debian's here"), arguments: releases)
  func `what Debian signed is verified with Debian's keyring, and not with another's`(_ name: String) throws {
    let text = try OpenPGP.ClearSignedText(Array(try Data(contentsOf: URL(filePath: "\(Self.lists)/\(name)"))))
    let keyring = try OpenPGP.Keyring(files: ["/usr/share/keyrings/debian-archive-keyring.gpg"])
    let now = Int(Date().timeIntervalSince1970)
    let answers = try text.signatures.map { text.answer(try #require($0), by: keyring, now: now) }
    #expect(answers.contains { if case .verified = $0 { true } else { false } }, "\(answers)")
    #expect(!answers.contains { if case .wrong = $0 { true } else { false } }, "\(answers)")
    let others = try text.signatures.map { text.answer(try #require($0), by: try Self.keyring(), now: now) }
    #expect(others.allSatisfy { $0 == .unknownKey })
  }
}

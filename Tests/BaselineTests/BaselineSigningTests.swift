import Baseline
import Cryptography
import DecoderTrials
import Foundation
import KernelModel
import TestFolder
import Testing

@Suite struct BaselineSigningTests {
  private let key = PrivateKey()
  private let time = UTCTime("2026-03-01T03:00:00Z")
  private let folder: TemporaryFolder
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/Signing")

  init() throws { folder = try TemporaryFolder() }

  private func signed(at text: String = "2026-03-01T03:00:00Z", by key: PrivateKey? = nil) throws -> BaselineFile {
    SampleBaseline.plain.signed(with: key ?? self.key, at: try #require(UTCTime(text)))
  }

  /// Why a file is not accepted from a store of its own, or nil if it is.
  private func refusal(
    _ bytes: [UInt8], for buildID: BuildID = SampleBaseline.buildID, key: PublicKey? = nil, notBefore: String? = nil
  ) throws -> String? {
    try folder.write(bytes, to: "x.baseline")
    let source = BaselineSource(
      path: folder.path(of: "x.baseline"), publicKey: key ?? self.key.publicKey,
      notBefore: notBefore.flatMap { UTCTime($0) })
    do throws(BaselineSource.Failure) {
      _ = try source.baseline(for: buildID)
      return nil
    } catch {
      guard case .refused(let withheld) = error else { return "absent" }
      #expect(!withheld.remedy.isEmpty)
      return withheld.why
    }
  }

  @Test func `what a key signed is accepted, with who and when`() throws {
    try folder.write(try signed().bytes, to: "x.baseline")
    let accepted = try BaselineSource(path: folder.path(of: "x.baseline"), publicKey: key.publicKey)
      .baseline(for: SampleBaseline.buildID)
    #expect(accepted.file.state == SampleBaseline.state)
    #expect(accepted.keyID == key.publicKey.id && key.publicKey.id.count == 16)
    #expect(accepted.since == time)
    #expect(accepted.remarks == [])
  }

  @Test func `each refusal has a message of its own`() throws {
    let file = try signed()
    let other = PrivateKey()
    var altered = file
    altered.state.release = "6.1.0-57-amd64"
    let messages = [
      try refusal(SampleBaseline.plain.bytes),
      try refusal(try signed(by: other).bytes),
      try refusal(altered.bytes),
      try refusal(file.bytes, for: BuildID(bytes: [1, 2])),
      try refusal(file.bytes, notBefore: "2026-03-01T03:00:01Z"),
      try refusal(Array(file.bytes.dropLast())),
    ].map { $0 ?? "accepted" }
    let expected = [
      "is not signed", "is signed by another key, \(other.publicKey.id)", "was changed after it was signed",
      "is for another build of the kernel", "is too old", "is damaged: line 16",
    ]
    for (message, prefix) in zip(messages, expected) { #expect(message.hasPrefix(prefix), "\(message)") }
    #expect(Set(messages).count == messages.count)
    #expect(try refusal(file.bytes, notBefore: "2026-03-01T03:00:00Z") == nil)
  }

  @Test func `an older signature is refused as rolled back, and a newer one is remembered`() throws {
    #expect(try refusal(try signed().bytes) == nil)
    #expect(try refusal(try signed(at: "2026-02-28T00:00:00Z").bytes)?.hasPrefix("was rolled back") == true)
    #expect(try refusal(try signed(at: "2026-03-02T00:00:00Z").bytes) == nil)
    #expect(try refusal(try signed().bytes)?.hasPrefix("was rolled back") == true)
    // What is remembered belongs to a build, and a damaged memory is no memory.
    try folder.write(Array("soon\n".utf8), to: "\(SampleBaseline.buildID).newest-signature")
    #expect(try refusal(try signed(at: "2026-03-02T00:00:00Z").bytes) != nil)
  }

  @Test func `any flipped bit of a signed file is refused`() throws {
    let bytes = try signed().bytes
    let publicKey = key.publicKey
    for position in bytes.indices {
      var changed = bytes
      changed[position] ^= 1 << UInt8(position % 7)
      let isAccepted = (try? BaselineFile.decode(changed).verify(with: publicKey)) != nil
      #expect(!isAccepted, "byte \(position)")
    }
  }

  @Test func `who signed and when are signed too`() throws {
    var file = try signed()
    file.signature?.signedAt = try #require(UTCTime("2027-03-01T03:00:00Z"))
    #expect(throws: SignatureRefusal.altered(keyID: key.publicKey.id)) { _ = try file.verify(with: key.publicKey) }
    let other = PrivateKey().publicKey
    file = try signed()
    file.signature?.keyID = other.id
    #expect(throws: SignatureRefusal.altered(keyID: other.id)) { _ = try file.verify(with: other) }
  }

  // MARK: Keys

  @Test func `keys keep their form`() throws {
    #expect(try PrivateKey(pem: key.pem).publicKey.pem == key.publicKey.pem)
    #expect(try PublicKey(pem: key.publicKey.pem).id == key.publicKey.id)
    #expect(try PublicKey(pem: key.publicKey.pem.replacing("\n", with: "\r\n")).id == key.publicKey.id)
  }

  @Test func `what is no such key is refused, and says what it is`() {
    #expect(throws: KeyError.self) { _ = try PublicKey(pem: "") }
    do {
      _ = try PublicKey(pem: key.pem)
      Issue.record("a private key was taken for a public one")
    } catch {
      #expect(error.description.contains("it is a 'PRIVATE KEY'"))
    }
    let rsa = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK==\n-----END PUBLIC KEY-----\n"
    #expect(throws: KeyError.self) { _ = try PublicKey(pem: rsa) }
  }

  @Test func `a private key that others may read is refused`() throws {
    try folder.write(Array(key.pem.utf8), to: "k.key", mode: 0o640)
    #expect(throws: KeyError.exposed) { _ = try PrivateKey(file: folder.path(of: "k.key")) }
    try folder.write(Array(key.pem.utf8), to: "k.key", mode: 0o600)
    #expect(try PrivateKey(file: folder.path(of: "k.key")).publicKey.id == key.publicKey.id)
  }

  @Test func `openssl verifies what we sign with keys of ours, and we what it signs with keys of its own`() throws {
    try folder.write(Array(key.publicKey.pem.utf8), to: "ours.pub")
    let file = try signed()
    let signature = try #require(file.signature)
    try folder.write(file.signedBytes(by: signature.keyID, at: signature.signedAt), to: "message")
    try folder.write(signature.bytes, to: "signature")
    let verify = ["pkeyutl", "-verify", "-rawin", "-pubin", "-in", "message", "-sigfile", "signature", "-inkey"]
    #expect(try openssl(verify + ["ours.pub"]) == 0)

    #expect(try openssl(["genpkey", "-algorithm", "ed25519", "-out", "theirs.key"]) == 0)
    #expect(try openssl(["pkey", "-in", "theirs.key", "-pubout", "-out", "theirs.pub"]) == 0)
    #expect(try openssl(verify + ["theirs.pub"]) != 0)
    let theirs = try PublicKey(file: folder.path(of: "theirs.pub"))
    let message = SampleBaseline.plain.signedBytes(by: theirs.id, at: signature.signedAt)
    try folder.write(message, to: "message")
    #expect(
      try openssl(["pkeyutl", "-sign", "-rawin", "-in", "message", "-inkey", "theirs.key", "-out", "signature"]) == 0)
    let raw = try [UInt8](Data(contentsOf: URL(filePath: folder.path(of: "signature"))))
    let foreign = BaselineFile(
      SampleBaseline.state, signature: RecordSignature(keyID: theirs.id, signedAt: signature.signedAt, bytes: raw))
    #expect(try foreign.verify(with: theirs).keyID == theirs.id)
    #expect(try PrivateKey(file: folder.path(of: "theirs.key")).publicKey.id == theirs.id)
  }

  private func openssl(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// The key and the baseline, of a real kernel and shortened, were made and signed when swift-crypto did that.
  @Test func `what an earlier program signed is verified, and signed to the same bytes`() throws {
    let written = try [UInt8](Data(contentsOf: Self.fixtures.appending(path: "recorded.baseline")))
    let publicKey = try PublicKey(file: Self.fixtures.appending(path: "recorded.pub").path)
    let file = try BaselineFile.decode(written)
    let signature = try file.verify(with: publicKey)
    #expect(publicKey.id == "cc5999c07f3488d2" && signature.keyID == publicKey.id)

    let text = try String(contentsOf: Self.fixtures.appending(path: "recorded.key"), encoding: .utf8)
    let key = try PrivateKey(pem: text)
    #expect(key.pem == text)
    #expect(key.publicKey.pem == publicKey.pem)
    var unsigned = file
    unsigned.signature = nil
    #expect(unsigned.signed(with: key, at: signature.signedAt).bytes == written)
  }
}

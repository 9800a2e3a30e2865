import Baseline
import Cryptography
import DecoderTrials
import Files
import Foundation
import KernelModel
import TestFolder
import Testing

@Suite struct CaptureManifestTests {
  private let manifest: CaptureManifest
  private let text: String
  private let folder: TemporaryFolder

  init() throws {
    manifest = try #require(SampleManifest.manifest())
    text = String(decoding: manifest.bytes, as: UTF8.self)
    folder = try TemporaryFolder()
  }

  @Test func `a manifest has one form, which no name breaks out of`() {
    #expect(
      text == #"""
        liveprobe-capture 1
        tool	0.1.0
        origin	running-kernel
        host	web17\u{1b}[2K
        release	6.1.0-56-amd64
        machine	x86_64
        build-id	a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3
        captured-at	2026-03-01T03:00:00Z
        taint	12288
        pages	14561
        bytes	13277904
        sha256	0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a
        check	kernel-text	found
        check	taint	clear

        """#)
  }

  @Test func `what is decoded is what was written`() throws {
    var manifest = manifest
    for taint in [nil, 0, UInt64.max] as [UInt64?] {
      manifest.taint = taint
      #expect(try CaptureManifest.decode(manifest.bytes) == manifest)
    }
  }

  @Test(arguments: [
    ("liveprobe-capture 1", "liveprobe-capture 2", "line 1: it does not begin"),
    ("running-kernel", "rumour", "line 3: field 1 is no origin"),
    ("web17", "web\u{e9}17", "line 4: it holds the byte 0xc3"),
    ("b0b1", "b0B1", "line 7: field 1 is no build id"),
    ("2026-03-01T", "2026-03-32T", "line 8: field 1 is no time"),
    ("12288", "-1", "line 9: field 1 is no number"),
    ("14561", "014561", "line 10: not as it is written"),
    ("13277904", "13277904\t", "line 11: 'bytes' takes 1 fields"),
    ("0a0a\ncheck", "0a\ncheck", "line 12: field 1 is no SHA-256"),
    ("kernel-text", "zebra", "line 14: each check stands once"),
    ("clear\n", "clear\ntaint\n", "line 15: 'signature' should stand there"),
  ]) func `whatever is wrong is refused, with its line`(_ old: String, _ new: String, _ complaint: String) {
    let wrong = text.replacing(old, with: new, maxReplacements: 1)
    #expect(wrong != text)
    do {
      _ = try CaptureManifest.decode(Array(wrong.utf8))
      Issue.record("\(new) was accepted")
    } catch {
      #expect(error.description.hasPrefix(complaint), "\(error)")
    }
  }

  @Test func `any flipped bit of a signed manifest is refused`() throws {
    let key = PrivateKey()
    let publicKey = key.publicKey
    let signed = manifest.signed(with: key, at: manifest.capturedAt)
    #expect(try CaptureManifest.decode(signed.bytes).verify(with: publicKey).keyID == publicKey.id)
    for position in signed.bytes.indices {
      var changed = signed.bytes
      changed[position] ^= 1 << UInt8(position % 7)
      let isAccepted = (try? CaptureManifest.decode(changed).verify(with: publicKey)) != nil
      #expect(!isAccepted, "byte \(position)")
    }
    #expect(throws: SignatureRefusal.unsigned) { try manifest.verify(with: publicKey) }
    let other = PrivateKey().publicKey
    #expect(throws: SignatureRefusal.foreignKey(publicKey.id, expected: other.id)) { try signed.verify(with: other) }
  }

  /// A baseline that someone signed is no manifest, whatever it is called.
  @Test func `a record of another kind is refused`() {
    #expect(throws: RecordFormatError.unknownForm(firstLine: "liveprobe-capture 1")) {
      _ = try CaptureManifest.decode(SampleBaseline.signed.bytes)
    }
  }

  /// FIPS 180-2, B.3: a million times the letter a.
  @Test func `a file's digest is that of all its bytes`() throws {
    try folder.write([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000), to: "million")
    let digest = try FileDigest(of: OpenedFile(folder.path(of: "million")))
    #expect(digest.sha256 == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    #expect(digest.byteCount == 1_000_000)
    try folder.write([], to: "empty")
    #expect(
      try FileDigest(of: OpenedFile(folder.path(of: "empty"))).sha256
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }
}

import Foundation
import Testing

/// `liveprobe reference` with signatures: what it takes, says and refuses.
@Suite struct ReferenceCommandTests {
  private let program = ProgramUnderTest()
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/OpenPGP").path
  private static let deb = "\(fixtures)/repository/linux-image-6.1.0-test_6.1.7-1_amd64.deb"
  private static let rpm = "\(fixtures)/repository/kernel-core-6.1.7-1.x86_64.rpm"
  private static let metadata = [
    "--metadata", "\(fixtures)/repository/InRelease", "--metadata", "\(fixtures)/repository/Packages.xz",
  ]
  private static let keyring = ["--keyring", "\(fixtures)/keyring.gpg"]
  private static let other = ["--keyring", "\(fixtures)/other.gpg"]

  private func withStore(
    _ body: (_ run: (_ command: String, [String]) throws -> ProgramUnderTest.Answer) throws -> Void
  )
    throws
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }  // a folder left in the temporary directory fails no test
    try body { command, arguments in
      try program.run(["reference", command, "--store", folder.path] + arguments)
    }
  }

  @Test func `who signed a package is shown, and verified again with the key alone`() throws {
    try withStore { run in
      let added = try run("add", Self.keyring + Self.metadata + [Self.deb])
      #expect(added.status == 0 && added.errors.isEmpty, "\(added.errors)")
      let build = String(added.output.prefix(40))
      let shown = try run("show", [build])
      #expect(shown.output.contains("  signed  by Example ed25519 <ed25519@example.org> "), "\(shown.output)")
      #expect(
        shown.output.contains(", over InRelease of 2024-03-01, Example, suite stable, codename test, made 2024-03-01; ")
      )
      // The key's year is over.
      #expect(shown.output.contains("; the key expired since, on 2025-03-01\n"))
      #expect(shown.output.contains("          list main/binary-amd64/Packages.xz, sha256 "))
      // Without a key nothing is verified again.
      let plain = try run("verify", [])
      #expect(
        plain.status == 0 && plain.output.contains(": verified when it was added, and not again: no keyring was given"))
      let again = try run("verify", Self.keyring)
      #expect(again.status == 0 && again.output.contains(": verified: signed by Example ed25519"), "\(again.output)")
      #expect(again.output.contains("; by the store's word alone: that its list names the package"))
      let others = try run("verify", Self.other)
      #expect(others.status == 3 && others.output.contains("not every package has a signature that was verified again"))
    }
  }

  @Test func `without a keyring nothing is called verified`() throws {
    try withStore { run in
      #expect(try run("add", [Self.rpm]).status == 0)
      let verified = try run("verify", [])
      #expect(verified.status == 0 && verified.output.contains(": not verified: signed by key "), "\(verified.output)")
      #expect(verified.output.contains("over the package's header; not verified: no keyring was given"))
      // What was kept is enough to verify it later, and what another key says is no answer.
      let later = try run("verify", Self.keyring)
      #expect(later.status == 0 && later.output.contains(": verified: signed by Example rsa"), "\(later.output)")
      #expect(try run("verify", Self.other).status == 3)
    }
  }

  @Test func `what is not signed by a key of the keyring is refused, and so is what is no keyring`() throws {
    try withStore { run in
      let refused = try run("add", Self.other + [Self.rpm])
      #expect(refused.status == 3 && refused.errors.contains("the keyring does not have key "), "\(refused.errors)")
      let unsigned = try run("add", Self.keyring + [Self.deb])
      #expect(unsigned.status == 3 && unsigned.errors.contains("give its repository's InRelease and Packages"))
      let noKeyring = try run("add", ["--keyring", Self.deb, Self.rpm])
      #expect(
        noKeyring.status == 3 && noKeyring.errors.contains("is no keyring: it is no OpenPGP data"),
        "\(noKeyring.errors)")
      let absent = try run("add", ["--keyring", "/nonexistent", Self.rpm])
      #expect(absent.status == 3 && absent.errors.contains("/nonexistent"))
      #expect(try run("list", []).output.isEmpty)
    }
  }
}

import Foundation
import Testing

@Suite struct CaptureCommandTests {
  private let program = ProgramUnderTest()
  private let folder: URL
  private var capture: URL { folder.appending(path: "c.kdump") }
  private var manifest: URL { folder.appending(path: "c.kdump.manifest") }
  private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? [] }

  /// Of a file with the three letters abc (FIPS 180-2, B.1).
  private static let text = """
    liveprobe-capture 1
    tool\t0.1.0
    origin\trunning-kernel
    host\tweb17
    release\t6.1.0-56-amd64
    machine\tx86_64
    build-id\ta0a1a2a3
    captured-at\t2026-03-01T03:00:00Z
    taint\t0
    pages\t1
    bytes\t3
    sha256\tba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
    check\ttaint\tclear

    """

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "captures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    try Data("abc".utf8).write(to: capture)
    try Data(Self.text.utf8).write(to: manifest)
  }

  private func tidy() { try? FileManager.default.removeItem(at: folder) }

  private func verify(_ arguments: [String] = []) throws -> ProgramUnderTest.Answer {
    try program.run(["capture", "verify", capture.path] + arguments)
  }

  @Test func `a capture that is as its manifest says is accepted`() throws {
    defer { tidy() }
    let answer = try verify()
    #expect(answer.status == 0)
    #expect(answer.output.contains("as the manifest says, its signature was not verified (no --public-key), of web17"))
  }

  @Test(arguments: [("abd", "its SHA-256 is"), ("abcd", "it has 4 bytes, and the manifest says 3")])
  func `a capture that was changed is not`(_ contents: String, _ complaint: String) throws {
    defer { tidy() }
    try Data(contents.utf8).write(to: capture)
    let answer = try verify()
    #expect(answer.status == 2)
    #expect(answer.errors.contains(complaint), "\(answer.errors)")
  }

  @Test func `without a manifest that can be read nothing can be told`() throws {
    defer { tidy() }
    try Data(Self.text.replacing("taint\t0", with: "taint\t00").utf8).write(to: manifest)
    let answer = try verify()
    #expect(answer.status == 3 && answer.errors.contains("line 9: not as it is written"), "\(answer.errors)")
    try FileManager.default.removeItem(at: manifest)
    #expect(try verify().status == 3)
  }

  @Test func `an unsigned manifest is refused where a key is asked for`() throws {
    defer { tidy() }
    let key = folder.appending(path: "k").path
    #expect(try program.run(["baseline", "keygen", "--output", key]).status == 0)
    let answer = try verify(["--public-key", key + ".pub"])
    #expect(answer.status == 2 && answer.errors.contains("the manifest is not signed"), "\(answer.errors)")
  }

  @Test func `a file that is there is not overwritten`() throws {
    defer { tidy() }
    let answer = try program.run(["capture", "-o", capture.path])
    #expect(answer.status == 3 && answer.errors.contains("--force replaces it"), "\(answer.errors)")
    #expect(try Data(contentsOf: capture) == Data("abc".utf8))
    #expect(names == ["c.kdump", "c.kdump.manifest"])
  }

  @Test func `a capture that fails leaves nothing behind, and what was there as it was`() throws {
    defer { tidy() }
    for output in [capture.path, folder.appending(path: "new").path] {
      let answer = try program.run(["capture", "--image", manifest.path, "-o", output, "--force"])
      #expect(answer.status == 3 && answer.errors.contains("nothing was captured"), "\(answer.errors)")
    }
    #expect(names == ["c.kdump", "c.kdump.manifest"])
    #expect(try Data(contentsOf: capture) == Data("abc".utf8))
  }
}

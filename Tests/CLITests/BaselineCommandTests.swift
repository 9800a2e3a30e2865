import Foundation
import Testing

/// Baselines as a user handles them: files, keys, and processes that die.
@Suite struct BaselineCommandTests {
  private let program = ProgramUnderTest()
  private let folder = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)")
  private static let buildID = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3"

  init() throws {
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  /// A baseline with as many facts as a kernel's.
  private func writeBaseline(_ name: String) throws {
    var text =
      "liveprobe-baseline 1\nrelease\t6.1.0\nmachine\tx86_64\nbuild-id\t\(Self.buildID)\ncheck\tsyscall-table\tanswered\n"
    for index in 0..<2000 { text += "fact\tsyscall-table\tsys_call_table\t\(index)\t\tplace\tsys_call\(index)\t0\t\n" }
    try Data(text.utf8).write(to: URL(filePath: path(name)))
  }

  private func cleanUp() {
    // A folder left in the temporary directory fails no test.
    try? FileManager.default.removeItem(at: folder)
  }

  @Test func `a baseline is signed, shown, listed, verified and forgotten`() throws {
    defer { cleanUp() }
    let file = "\(Self.buildID).baseline"
    try writeBaseline(file)
    for name in ["mine", "other"] {
      #expect(try program.run(["baseline", "keygen", "--output", path(name)]).status == 0)
    }
    let again = try program.run(["baseline", "keygen", "--output", path("mine")])
    #expect(again.status == 3 && again.errors.contains("it is there already"))
    let modes = ["mine.key", "mine.pub"].map {
      try? FileManager.default.attributesOfItem(atPath: path($0))[.posixPermissions] as? Int
    }
    #expect(modes == [0o600, 0o644])

    let verify = ["baseline", "verify", path(file), "--public-key"]
    let unsigned = try program.run(verify + [path("mine.pub")])
    #expect(unsigned.status == 2 && unsigned.errors.contains("is not signed; sign it where the private key is"))
    let signed = try program.run(["baseline", "sign", "--key", path("mine.key"), path(file)])
    #expect(signed.status == 0, "\(signed.errors)")
    #expect(try program.run(verify + [path("mine.pub")]).output.contains("for 6.1.0, build id \(Self.buildID)"))
    let foreign = try program.run(verify + [path("other.pub")])
    #expect(foreign.status == 2 && foreign.errors.contains("is signed by another key"))

    let shown = try program.run(["baseline", "show", path(file)])
    #expect(shown.status == 0)
    #expect(shown.output.contains("  * sys_call_table[1999]: sys_call1999+0x0\n"))
    let list = try program.run(["baseline", "list", "--store", folder.path])
    #expect(list.output.contains("\(Self.buildID)  6.1.0, 2000 facts, signed at "))
    #expect(list.output.contains("the running kernel has none; record one with: liveprobe baseline record"))
    #expect(try program.run(["baseline", "forget", Self.buildID, "--store", folder.path]).status == 0)
    #expect(try program.run(["baseline", "forget", Self.buildID, "--store", folder.path]).status == 3)
  }

  @Test func `a private key that others may read signs nothing`() throws {
    defer { cleanUp() }
    try writeBaseline("x")
    _ = try program.run(["baseline", "keygen", "--output", path("k")])
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path("k.key"))
    let answer = try program.run(["baseline", "sign", "--key", path("k.key"), path("x")])
    #expect(answer.status == 3 && answer.errors.contains("others than its owner may read the private key"))
  }

  /// What writes is the same code for signing and for recording, which needs a kernel.
  @Test(.timeLimit(.minutes(5))) func `killed eighty times while it writes, it never leaves half a baseline`()
    throws
  {
    defer { cleanUp() }
    try writeBaseline("x")
    _ = try program.run(["baseline", "keygen", "--output", path("k")])
    let sign = ["baseline", "sign", "--key", path("k.key"), path("x")]
    // The kills are spread over the time that a whole run takes.
    let begin = ContinuousClock.now
    for _ in 0..<5 { #expect(try program.run(sign).status == 0) }
    let run = begin.duration(to: .now) / 5
    var leftovers = 0
    for number in 0..<80 {
      let process = try program.start(sign)
      Thread.sleep(forTimeInterval: run.seconds * Double(number % 40) / 32)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      leftovers += try FileManager.default.contentsOfDirectory(atPath: folder.path).count > 3 ? 1 : 0
      if number.isMultiple(of: 4) || number == 79 {
        let answer = try program.run(["baseline", "verify", "--public-key", path("k.pub"), path("x")])
        #expect(answer.status == 0, "after kill \(number): \(answer.errors)")
      }
    }
    print("killed 80 times: \(leftovers) times with an unfinished file, never with half a baseline")
    #expect(try program.run(sign).status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["k.key", "k.pub", "x"])
  }
}

extension Duration {
  fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

import DecoderTrials
import Foundation
import TestKernel
import Testing
import Vendor

/// `liveprobe crash`, and `scan` of a dump: what they refuse, and what they make of the kernel's own words.
@Suite struct CrashCommandTests {
  private let program = ProgramUnderTest()
  private static let panics = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/Panics")

  private func withFile(_ bytes: some Sequence<UInt8>, _ body: (String) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }  // a file left in the temporary directory fails no test
    try body(file.path)
  }

  @Test(arguments: [
    (["crash"], "name a dump, or a text with --log"),
    (["crash", "/x", "--log", "/y"], "name a dump, or a text with --log"),
    (["crash", "--log", "/x", "--map", "/y"], "--log and --map contradict each other: a text has no memory"),
    (["crash", "--log", "/x", "--reference", "/y"], "--log and --reference contradict each other"),
    (["crash", "/x", "--log-lines=-1"], "--log-lines must not be negative"),
    (["crash", "/x", "--format", "xml"], "xml"),
    (["crash", "--log", "/nonexistent"], "/nonexistent: cannot be read: No such file or directory"),
    (["crash", "--log", "/dev/zero"], "/dev/zero: not a regular file: a device, a pipe or a folder is in its place"),
    (
      ["crash", "/nonexistent"], "the dump cannot be read: /nonexistent: it cannot be opened: No such file or directory"
    ),
    (["crash", "/dev/null"], "/dev/null: not a regular file"),
    (["crash", "/"], "/: not a regular file: a device, a pipe or a folder is in its place"),
    (["scan", "--map", "/x"], "--map needs --image"),
    (["syscalls", "--map", "/x"], "--map needs --image"),
    (["modules", "--image", "/nonexistent"], "/nonexistent: it cannot be opened"),
  ]) func `what cannot be done is status 3, and said on standard error`(_ arguments: [String], _ complaint: String)
    throws
  {
    let answer = try program.run(arguments)
    #expect(answer.status == 3)
    #expect(answer.errors.contains(complaint), "\(answer.errors)")
    #expect(answer.output.isEmpty)
  }

  @Test(arguments: [
    ("/nonexistent", "it cannot be opened: No such file or directory"), ("/dev/null", "not a regular file"),
    ("/", "a device, a pipe or a folder"),
  ]) func `a scan of what is no dump is UNKNOWN, and says why`(_ path: String, _ why: String) throws {
    let answer = try program.run(["scan", "--image", path])
    #expect(answer.status == 3)
    #expect(answer.output.hasPrefix("UNKNOWN   could not start"))
    #expect(answer.output.contains("  * \(path): ") && answer.output.contains(why))
  }

  @Test func `bytes of no meaning are taken for raw memory, which holds no kernel`() throws {
    var state: UInt64 = 88_172_645_463_325_252
    let noise = (0..<65_536).map { _ -> UInt8 in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state)
    }
    try withFile(noise) { path in
      let crash = try program.run(["crash", path])
      #expect(crash.status == 3)
      #expect(crash.output.isEmpty)
      #expect(crash.errors.contains("the dead kernel's page tables: the file was read as raw memory"))
      #expect(crash.errors.contains("nothing in its memory looks like VMCOREINFO"))
      let scan = try program.run(["scan", "--image", path, "--format", "json"])
      #expect(scan.status == 3)
      #expect(scan.output.contains("read as raw memory"))
      let mapped = try program.run(["crash", path, "--map", path])
      #expect(mapped.status == 3)
      #expect(mapped.errors.contains("the map of the memory makes no sense"))
    }
  }

  @Test(arguments: ["", "\u{7f}ELF", "KDUMP   ", "EMiL", "makedumpfile\0"])
  func `a file that only begins like a dump is refused`(_ text: String) throws {
    try withFile(text.utf8) { path in
      let answer = try program.run(["crash", path])
      #expect(answer.status == 3)
      #expect(answer.errors.hasPrefix("liveprobe: the dump cannot be read: "))
      #expect(answer.output.isEmpty)
    }
  }

  /// How a kernel's lines come to be in a file.
  enum Shape: CaseIterable {
    case serialConsole, dmesg, pstore, journal, bare

    func lines(_ console: [String]) -> [String] {
      let texts = console.map { $0.drop { $0 != "]" }.dropFirst(2) }
      return switch self {
      case .serialConsole: console.map { $0 + "\r" }
      case .dmesg: console
      case .pstore: ["Panic#1 Part1"] + console.map { "<4>\($0)" }
      case .journal: texts.map { "Nov 26 22:54:21 web-3 kernel: \($0)" }
      case .bare: texts.map(String.init)
      }
    }
  }

  @Test(
    arguments: [
      ("hooked-5.10", 2, "returns to 0xffffffffc0056060, where modules lie, for which"),
      ("hooked-6.1", 2, "returns to 0xffffffffc0331074, where modules lie, for which"),
      ("hooked-7.2", 2, "returns to 0xffffffffc05ff065, where modules lie, for which"),
      ("freed-text-6.12", 1, "faulty was unloaded before"),
      ("null-pointer-6.1", 0, "BUG: kernel NULL pointer dereference, address: 0000000000000020"),
      ("stack-of-a-driver-6.12", 0, "fill_name.constprop.0+0x"), ("hung-task-6.1", 0, "INFO: task sh:227 blocked"),
      ("requested-6.1", 0, "sysrq: Trigger a crash"),
    ] as [(String, Int32, String)], Shape.allCases)
  func `the kernel's own words are read in every shape that they come in`(
    _ panic: (name: String, status: Int32, words: String), _ shape: Shape
  ) throws {
    let file = Self.panics.appending(path: "\(panic.name).log")
    let console = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(console.count > 5)
    try withFile((shape.lines(console).joined(separator: "\n") + "\n").utf8) { path in
      let answer = try program.run(["crash", "--log", path])
      #expect(answer.status == panic.status)
      let text = answer.output.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
      #expect(text.contains(panic.words), "\(answer.output)")
      #expect(answer.errors.isEmpty)
      let json = try program.run(["crash", "--log", path, "--format", "json"])
      #expect(json.status == panic.status)
      let document = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect(document["schema"] as? String == "liveprobe-oops/1")
      #expect(document["exitStatus"] as? Int == Int(panic.status))
      #expect((document["reports"] as? [Any])?.count == 1)
    }
  }

  @Test func `a text may be larger than memory has room for, and come from standard input`() throws {
    let console = try String(contentsOf: Self.panics.appending(path: "hooked-6.1.log"), encoding: .utf8)
    // 20 MiB of other lines before it, and one that never ends.
    let noise = String(
      repeating: "[    1.000000] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n", count: 290_000)
    try withFile((noise + String(repeating: "x", count: 1 << 20) + "\n" + console).utf8) { path in
      for answer in [
        try program.run(["crash", "--log", path]), try program.run(["crash", "--log", "-"], input: path),
      ] {
        #expect(answer.status == 2, "\(answer.errors)")
        #expect(answer.output.contains("returns to 0xffffffffc0331074"))
      }
    }
  }

  @Test func `a pipe that nobody writes to is refused`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)").path
    #expect(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    for arguments in [["crash", "--log"], ["scan", "--signatures"], ["scan", "--config"]] {
      let answer = try program.run(arguments + [path])
      #expect(answer.status == 3)
      #expect(answer.errors.contains("not a regular file"), "\(answer.errors)")
    }
  }

  @Test(
    arguments: [
      ([0x1f, 0x8b, 8, 0], "its gzip data ends in the middle"),
      ([0x28, 0xb5, 0x2f, 0xfd], "its zstd data ends in the middle"),
      ([0x02, 0x21, 0x4c, 0x18], "compressed by lz4: unpack it, and send it through a pipe"),
      (Array("KDUMP   ".utf8), "a dump and no text: leave out --log"),
    ] as [([UInt8], String)]) func `what is no text is said, with what to do`(_ bytes: [UInt8], _ words: String) throws
  {
    try withFile(bytes) { path in
      let answer = try program.run(["crash", "--log", path])
      #expect(answer.status == 3)
      #expect(answer.errors.contains(words), "\(answer.errors)")
    }
  }

  @Test func `a compressed text is read as it is`() throws {
    let text = String(repeating: "[    1.000000] quiet\n", count: 5000) + SampleOops.fetch
    for compression in [Compression.gzip, .xz, .zstd, .bzip2] {
      let packed = try SampleCompression.compress(Array(text.utf8), compression)
      try withFile(packed) { path in
        let answer = try program.run(["crash", "--log", path])
        #expect(
          answer.output.contains("BUG: unable to handle page fault for address: ffffffffc0331000"), "\(compression)")
        #expect(answer.errors.isEmpty)
      }
      // What breaks off is read as far as it goes, and that is said.
      try withFile(packed.dropLast(12)) { path in
        let answer = try program.run(["crash", "--log", path])
        #expect(answer.errors.contains("its \(compression.rawValue) data ends in the middle"), "\(answer.errors)")
      }
    }
  }

  @Test func `a text without trouble is UNKNOWN`() throws {
    try withFile("[    0.000000] Linux version 6.1.0\n".utf8) { path in
      let answer = try program.run(["crash", "--log", path])
      #expect(answer.status == 3)
      #expect(answer.output == "UNKNOWN   there is no report of trouble in this text\n")
    }
  }
}

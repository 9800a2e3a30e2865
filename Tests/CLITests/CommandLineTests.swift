import Foundation
import Testing

/// The program as a user runs it: arguments in, text and exit status out.
@Suite struct CommandLineTests {
  private struct Answer {
    var status: Int32
    var output: String
    var errors: String
  }

  /// The program that was built along with these tests.
  private static let program: URL = {
    let built = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    var folder = built.deletingLastPathComponent()
    while folder.path != "/", !FileManager.default.isExecutableFile(atPath: folder.appending(path: "liveprobe").path) {
      folder.deleteLastPathComponent()
    }
    return folder.appending(path: "liveprobe")
  }()

  private func run(_ arguments: String...) throws -> Answer {
    try run(arguments)
  }

  private func run(_ arguments: [String]) throws -> Answer {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Answer(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: complaint, as: UTF8.self))
  }

  private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString).rules")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }  // a file left in the temporary directory fails no test
    try body(file.path)
  }

  @Test func `a map of system calls that cannot be asked for has status 3`() throws {
    for arguments in [["syscalls", "--abi", "arm"], ["syscalls", "--format", "xml"], ["syscalls", "extra"]] {
      #expect(try run(arguments).status == 3)
    }
  }

  @Test func `questions about the program are answered with status 0`() throws {
    #expect(try run("--version").output.hasPrefix("liveprobe "))
    let help = try run("--help")
    #expect(help.status == 0)
    #expect(["scan", "syscalls", "doctor", "list", "explain"].allSatisfy(help.output.contains))
    let list = try run("list")
    #expect(list.status == 0)
    #expect(list.output.contains("syscall-table"))
    let page = try run("explain", "syscall-table")
    #expect(page.status == 0)
    #expect(page.output.contains("What this check cannot see"))
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func `completions are written for each shell`(_ shell: String) throws {
    let script = try run("--generate-completion-script", shell)
    #expect(script.status == 0)
    #expect(script.output.contains("liveprobe"))
    #expect(script.output.contains("syscall-table"))
  }

  @Test(arguments: [
    (["scan", "--format", "json", "--format", "text"], "--format json and --format text contradict each other"),
    (["scan", "--only", "syscall-table", "--skip", "syscall-table"], "contradict each other"),
    (["scan", "--format", "json", "--colour", "always"], "contradict each other"),
    (["scan", "--explain-bytes", "vfs_read", "--only", "kernel-text"], "--explain-bytes and --only contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--skip", "kernel-text"], "--explain-bytes and --skip contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--around", "4K"], "--explain-bytes and --around contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--signatures", "/x"], "--explain-bytes and --signatures contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--format", "json"], "--explain-bytes and --format json contradict"),
    (["scan", "--explain-bytes", "vfs_read+"], "--explain-bytes"),
    (["scan", "--only", "nonsense"], "there is no check 'nonsense'; there are reader, "),
    (["scan", "--format", "xml"], "xml"),
    (["scan", "--around", "1G"], "--around"),
    (["scan", "--around", "18446744073709551616"], "--around"),
    (["explain", "nonsense"], "there is no check 'nonsense'"),
    (["frobnicate"], "frobnicate"),
    (["scan", "--signatures", "/nonexistent/rules"], "/nonexistent/rules: cannot be read"),
    (["scan", "--signatures", "/dev/zero"], "/dev/zero: larger than 16 MiB"),
  ]) func `wrong arguments are status 3 and say what is wrong`(_ arguments: [String], _ complaint: String) throws {
    let process = try run(arguments)
    #expect(process.status == 3)
    #expect(process.errors.contains(complaint))
    #expect(process.output.isEmpty)
  }

  @Test func `who skips every check asks nothing, which is status 3`() throws {
    let checks = try run("list").output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
    let answer = try run(["scan"] + checks.flatMap { ["--skip", String($0)] })
    #expect(checks.count > 1)
    #expect(answer.status == 3)
    #expect(answer.errors.contains("--skip leaves no check to ask"))
    #expect(answer.output.isEmpty)
  }

  @Test func `a signature file with an error is status 3, with its line`() throws {
    try withFile("family mine\n  string abcd\n  regex x\n") { path in
      let answer = try run("scan", "--signatures", path)
      #expect(answer.status == 3)
      #expect(answer.errors.contains("\(path):3: 'regex' is not known"))
    }
  }

  @Test func `a report in JSON is JSON, whatever this host lets us see, and its status is the exit status`() throws {
    let answer = try run("scan", "--format", "json")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any])
    #expect(report["exitStatus"] as? Int == Int(answer.status))
    #expect(report["schema"] as? String == "liveprobe/1")
  }

  @Test func `an HTML report is one page, whatever this host lets us see`() throws {
    let answer = try run("scan", "--format", "html")
    #expect(answer.output.hasPrefix("<!DOCTYPE html>\n"))
    #expect(answer.output.hasSuffix("</html>\n"))
    #expect(
      answer.output.contains(">\(try run("scan", "--format", "monitoring").output.split(separator: " ")[1])</span>"))
  }

  @Test func `a monitoring report is one line`() throws {
    let answer = try run("scan", "--format", "monitoring")
    #expect(answer.output.filter { $0 == "\n" }.count == 1)
    #expect(answer.output.hasPrefix("LIVEPROBE "))
  }

  @Test(.disabled(if: FileManager.default.fileExists(atPath: "/proc/kcore"), "this host has a /proc/kcore"))
  func `a host without kcore is UNKNOWN, never OK, and doctor says why`() throws {
    let scan = try run("scan")
    #expect(scan.status == 3)
    #expect(scan.output.contains("CONFIG_PROC_KCORE"))
    let explanation = try run("scan", "--explain-bytes", "vfs_read+0x4 [\u{1b}x]", "--format", "text")
    #expect(explanation.status == 3)
    #expect(explanation.output.hasPrefix("UNKNOWN     could not start: nothing is known of the bytes at vfs_read+0x4"))
    #expect(explanation.output.contains("CONFIG_PROC_KCORE"))
    #expect(!explanation.output.contains("\u{1b}"))
    let doctor = try run("doctor")
    #expect(doctor.status == 3)
    #expect(doctor.output.contains("NEEDED   /proc/kcore"))
  }
}

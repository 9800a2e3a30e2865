import Foundation
import Glibc
import Testing

/// The program as a user runs it: arguments in, text and exit status out.
@Suite struct CommandLineTests {
  private let program = ProgramUnderTest()

  private func run(_ arguments: String...) throws -> ProgramUnderTest.Answer {
    try run(arguments)
  }

  private func run(_ arguments: [String]) throws -> ProgramUnderTest.Answer {
    try program.run(arguments)
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

  @Test func `a list of hooks that cannot be asked for has status 3`() throws {
    for arguments in [["hooks", "--foreign", "--all"], ["hooks", "--format", "html"], ["hooks", "extra"]] {
      #expect(try run(arguments).status == 3)
    }
    let dump = try run("hooks", "--image", "/etc/hostname")
    #expect(dump.status == 3 && dump.errors.contains("the hooks cannot be listed"))
    #expect(try run("hooks", "--help").output.contains("--foreign"))
  }

  @Test func `questions about the program are answered with status 0`() throws {
    #expect(try run("--version").output.hasPrefix("liveprobe "))
    let help = try run("--help")
    #expect(help.status == 0)
    #expect(["scan", "hooks", "syscalls", "doctor", "list", "explain"].allSatisfy(help.output.contains))
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
    (["scan", "--format", "json", "--format", "text"], "2 --format and 0 --output: give each format its output"),
    (["scan", "--format", "json", "--format", "text", "--output", "-"], "2 --format and 1 --output"),
    (["scan", "--output", "/x", "--output", "/y"], "0 --format and 2 --output"),
    (["scan", "--format", "json", "--output", "-", "--format", "ecs", "--output", "-"], "--output - is given twice"),
    (["scan", "--output", ""], "--output needs a file"),
    (["scan", "--format", "ecs", "--colour", "always"], "contradict each other"),
    (["scan", "--explain-bytes", "vfs_read", "--output", "/x"], "--explain-bytes and --output contradict"),
    (["scan", "--only", "syscall-table", "--skip", "syscall-table"], "contradict each other"),
    (["scan", "--format", "json", "--colour", "always"], "contradict each other"),
    (["scan", "--format", "json", "-v"], "--verbose and --format json contradict each other"),
    (["scan", "--explain-bytes", "vfs_read", "-v"], "--explain-bytes and --verbose contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--only", "kernel-text"], "--explain-bytes and --only contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--skip", "kernel-text"], "--explain-bytes and --skip contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--around", "4K"], "--explain-bytes and --around contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--signatures", "/x"], "--explain-bytes and --signatures contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--format", "json"], "--explain-bytes and --format json contradict"),
    (["scan", "--explain-bytes", "vfs_read+"], "--explain-bytes"),
    (["scan", "--only", "nonsense"], "there is no check 'nonsense'; there are reader, "),
    (["scan", "--format", "xml"], "xml"),
    (["scan", "--format", "sqlite"], "--format sqlite needs a file"),
    (["scan", "--format", "json", "--output", "/x", "--format", "sqlite", "--output", "-"], "sqlite needs a file"),
    (["scan", "--around", "1G"], "--around"),
    (["scan", "--around", "18446744073709551616"], "--around"),
    (["scan", "--deep", "--skip", "registered-code"], "--deep is a part of registered-code"),
    (["scan", "--deep", "--only", "taint"], "--deep is a part of registered-code"),
    (["scan", "--deep-limit", "1G"], "--deep-limit needs --deep"),
    (["hooks", "--deep-limit", "1G"], "--deep-limit needs --deep"),
    (["scan", "--deep", "--deep-limit", "2P"], "--deep-limit"),
    (["scan", "--explain-bytes", "vfs_read", "--deep"], "--explain-bytes and --deep contradict"),
    (["explain", "nonsense"], "there is no check 'nonsense'"),
    (["frobnicate"], "frobnicate"),
    (["scan", "--public-key", "/x"], "--public-key needs --baseline"),
    (["scan", "--baseline", "/x", "--not-before", "2026-01-01T00:00:00Z"], "--not-before needs --public-key"),
    (["scan", "--baseline", "/x", "--public-key", "/dev/null"], "/dev/null: is not a plain file"),
    (["scan", "--explain-bytes", "vfs_read", "--baseline", "/x"], "--explain-bytes and --baseline contradict"),
    (["baseline", "list", "--store", "/nonexistent"], "record the first with: liveprobe baseline record"),
    (["baseline", "show", "/nonexistent"], "/nonexistent: no such file"),
    (["baseline", "forget", "xyz"], "see liveprobe baseline list"),
    (["baseline", "keygen", "--output", "/nonexistent/x"], "/nonexistent/: no such file"),
    (["baseline", "verify", "/etc/hostname"], "--public-key"),
    (["scan", "--signatures", "/nonexistent/rules"], "/nonexistent/rules: cannot be read"),
    (["scan", "--signatures", "/dev/zero"], "/dev/zero: not a regular file"),
    (["scan", "--allow", "/nonexistent/allow.d"], "/nonexistent/allow.d: cannot be read"),
    (["scan", "--config", "/nonexistent/liveprobe.conf"], "/nonexistent/liveprobe.conf: cannot be read"),
    (["scan", "--explain-bytes", "vfs_read", "--allow", "/x"], "--explain-bytes and --allow contradict"),
    (["scan", "--explain-bytes", "vfs_read", "--config", "/x"], "--explain-bytes and --config contradict"),
  ]) func `wrong arguments are status 3 and say what is wrong`(_ arguments: [String], _ complaint: String) throws {
    let process = try run(arguments)
    #expect(process.status == 3)
    #expect(process.errors.contains(complaint))
    #expect(process.output.isEmpty)
  }

  /// Nobody writes to the pipe: whoever opened it as one opens a file would wait for ever.
  @Test(arguments: [
    ["scan", "--signatures"], ["scan", "--config"], ["scan", "--allow"], ["scan", "--baseline"],
    ["scan", "--baseline", "/x", "--public-key"], ["scan", "--image"], ["scan", "--image", "/etc/hostname", "--map"],
    ["crash"], ["crash", "--log"], ["capture", "verify"], ["baseline", "show"], ["baseline", "sign", "/x", "--key"],
    ["baseline", "verify", "/x", "--public-key"], ["compare", "/x", "--public-key"],
  ]) func `a pipe in a file's place is refused at once`(_ arguments: [String]) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString).pipe").path
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let process = try program.start(arguments + [path])
    let deadline = Date.now + 10
    while process.isRunning, Date.now < deadline { usleep(20_000) }
    #expect(!process.isRunning)
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    #expect(process.terminationStatus == 3)
  }

  @Test func `who skips every check asks nothing, which is status 3`() throws {
    let checks = try run("list").output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
    let answer = try run(["scan"] + checks.flatMap { ["--skip", String($0)] })
    #expect(checks.count > 1)
    #expect(answer.status == 3)
    #expect(answer.errors.contains("--skip leaves no check to run"))
    #expect(answer.output.isEmpty)
  }

  @Test func `a signature file with an error is status 3, with its line`() throws {
    try withFile("family mine\n  string abcd\n  regex x\n") { path in
      let answer = try run("scan", "--signatures", path)
      #expect(answer.status == 3)
      #expect(answer.errors.contains("\(path):3: 'regex' is not known"))
    }
  }

  @Test(arguments: [
    ("[Scan]\nSkip=reader\nArround=1M\n", ":3: there is no key 'Arround'; did you mean 'Around'?"),
    ("[Scna]\n", ":1: there is no section 'Scna'; did you mean 'Scan'?"),
    ("# note\n[Scan]\nSkip=reader taints\n", ":3: there is no check 'taints'; did you mean 'taint'?"),
    ("[Scan]\nAround=far\n", ":2: Around=far is not a number of bytes"),
    ("[Scan]\nReference=debs\n", ":2: Reference=debs is not an absolute path"),
    ("[Scan]\nCopy=maybe\n", ":2: Copy=maybe is neither yes nor no"),
    ("[Scan]\nJobs=5\n", ":2: Jobs=5 is not a number from 1 to 4"),
    ("[Scan]\nDeep=2\n", ":2: Deep=2 is neither yes nor no"),
    ("[Scan]\nDeepLimit=all\n", ":2: DeepLimit=all is not a number of bytes"),
    ("Skip=reader\n", ":1: Skip= comes before any [Section]"),
    ("[Scan]\nskip everything\n", ":2: neither a [Section] nor a Key=Value: 'skip everything'"),
  ])
  func `an error in the configuration is status 3, with file, line, and what was probably meant`(
    text: String, complaint: String
  ) throws {
    try withFile(text) { path in
      let answer = try run("scan", "--config", path)
      #expect(answer.status == 3)
      #expect(answer.errors.contains(path + complaint))
      #expect(answer.output.isEmpty)
    }
  }

  @Test func `the configuration says what the command line does not`() throws {
    let checks = try run("list").output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
    let text = "[Scan]\n; all but one\nSkip=" + checks.dropFirst().joined(separator: " \\\n  ") + "\n"
    try withFile(text + "Skip=\(checks[0])\n") { path in
      let configured = try run("scan", "--config", path)
      #expect(configured.errors.contains("--skip leaves no check to run"))
      let outranked = try run("scan", "--config", path, "--skip", "taint")
      #expect(!outranked.errors.contains("--skip leaves no check to run"))
    }
  }

  @Test(arguments: [
    ("Module=edr\nCheck=syscall-table\nReason=x", ":1: the rule lacks BuildID= or Signer=: a module's name alone"),
    ("Module=edr\nBuildID=xyz\nCheck=syscall-table\nReason=x", ":3: 'xyz' is not a build id"),
    ("Module=edr\nBuildID=ab\nSigner=me\nCheck=syscall-table\nReason=x", ":4: BuildID= and Signer= in one rule"),
    ("Module=edr\nBuildID=ab\nCheck=syscal-table\nReason=x", ":4: there is no check 'syscal-table'; did you mean"),
    ("Module=edr\nBuildID=ab\nCheck=syscall-table", ":1: the rule lacks Reason="),
    ("BuildID=ab\nCheck=syscall-table\nReason=x", ":1: the rule lacks Module="),
    ("Program=watch\nCheck=bpf\nReason=x", ":1: the rule lacks Tag=: a BPF program's name alone"),
    ("Program=watch\nTag=12\nCheck=bpf\nReason=x", ":3: '12' is not a tag"),
    (
      "Program=watch\nTag=0123456789abcdef\nSigner=me\nCheck=bpf\nReason=x", ":4: BuildID= and Signer= are for a module"
    ),
    ("Program=watch\nModule=edr\nTag=0123456789abcdef\nCheck=bpf\nReason=x", ":2: Module= and Program= in one rule"),
    ("Module=edr\nBuildID=ab\nTag=0123456789abcdef\nCheck=bpf\nReason=x", ":4: Tag= is for a BPF program"),
    ("Modul=edr", ":2: there is no key 'Modul'; did you mean 'Module'?"),
    ("Module=edr\nModule=other", ":3: Module= is given twice in one rule"),
  ])
  func `an allow rule that is wrong, or too broad, is refused`(text: String, complaint: String) throws {
    try withFile("[Allow]\n\(text)\n") { path in
      let answer = try run("scan", "--allow", path)
      #expect(answer.status == 3)
      #expect(answer.errors.contains(path + complaint))
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

  @Test func `each report goes where it is wanted, and what cannot be written there is told and no success`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }  // what is left in the temporary directory fails no test
    func place(_ name: String) -> String { folder.appending(path: name).path }
    func text(_ name: String) throws -> String { try String(contentsOfFile: place(name), encoding: .utf8) }

    let answer = try run(
      "scan", "--format", "prometheus", "--output", place("liveprobe.prom"), "--format", "json", "--output",
      place("missing/report.json"), "--format", "monitoring", "--output", "-", "--format", "journal", "--output",
      place("liveprobe.export"), "--format", "ecs", "--output", place("liveprobe.ndjson"), "--format", "ocsf",
      "--output", place("liveprobe.ocsf"), "--format", "sqlite", "--output", place("liveprobe.sqlite"), "--no-copy")
    #expect(answer.status == 2 || answer.status == 3)
    #expect(
      answer.errors
        == "liveprobe: could not write the json report: \(place("missing/report.json")): cannot be written: "
        + "No such file or directory\n")
    #expect(answer.output.hasPrefix("LIVEPROBE ") && answer.output.count { $0 == "\n" } == 1)
    #expect(try text("liveprobe.prom").hasPrefix("# HELP liveprobe_info "))
    #expect(try text("liveprobe.export").hasPrefix("__REALTIME_TIMESTAMP="))
    #expect(try text("liveprobe.ndjson").hasPrefix("{\"@timestamp\":"))
    #expect(try text("liveprobe.ocsf").hasPrefix("{\"activity_id\":"))
    #expect(
      try Data(contentsOf: URL(filePath: place("liveprobe.sqlite"))).starts(with: Array("SQLite format 3\0".utf8)))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == ["liveprobe.export", "liveprobe.ndjson", "liveprobe.ocsf", "liveprobe.prom", "liveprobe.sqlite"])
    for (name, mode) in [
      ("liveprobe.prom", 0o644), ("liveprobe.export", 0o600), ("liveprobe.ndjson", 0o600), ("liveprobe.sqlite", 0o600),
    ] {
      let attributes = try FileManager.default.attributesOfItem(atPath: place(name))
      #expect(attributes[.posixPermissions] as? Int == mode)
    }
  }

  @Test func `standard output that takes nothing is told, and no success`() throws {
    let errors = Pipe()
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let process = try ProgramUnderTest().start(["scan", "--format", "ecs"], output: full, errors: errors)
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 2 || process.terminationStatus == 3)
    #expect(
      complaint == "liveprobe: could not write the ecs report: standard output: cannot be written: "
        + "No space left on device\n")
  }

  @Test(.disabled(if: FileManager.default.fileExists(atPath: "/run/systemd/journal/socket"), "this host has a journal"))
  func `a journal that is not there is told, and no success`() throws {
    let answer = try run("scan", "--format", "journal")
    #expect(answer.status == 2 || answer.status == 3)
    #expect(answer.output.isEmpty)
    #expect(
      answer.errors.hasPrefix(
        "liveprobe: could not write the journal report: the journal at /run/systemd/journal/socket: does not take"))
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

  /// The names below SUBCOMMANDS in a page of help.
  private static func subcommands(in help: String) -> [String] {
    help.split(separator: "\n", omittingEmptySubsequences: false).drop { $0 != "SUBCOMMANDS:" }.dropFirst()
      .prefix { !$0.isEmpty }.compactMap { line in
        line.hasPrefix("   ") ? nil : line.split(separator: " ").first.map(String.init)
      }
  }

  @Test func `no line of help is wider than a terminal`() throws {
    var waiting: [[String]] = [[]]
    var pages = 0
    while let command = waiting.popLast(), pages < 100 {
      let help = try run(command + ["--help"]).output
      pages += 1
      for line in help.split(separator: "\n") {
        #expect(line.count <= 80, "\(command.joined(separator: " ")): \(line)")
      }
      waiting += Self.subcommands(in: help).map { command + [$0] }
    }
    #expect((20..<100).contains(pages))
  }
}

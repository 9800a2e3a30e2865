import Foundation
import Glibc
import Testing

/// `liveprobe correlate` as a user runs it.
@Suite struct CorrelateCommandTests {
  private let program = ProgramUnderTest()

  /// Runs it beside six reports of crashed hosts with a module, six of healthy ones without, and what is no report.
  private func run(_ body: (_ folder: String, _ run: ([String]) throws -> ProgramUnderTest.Answer) throws -> Void)
    throws
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "well"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // a folder left in the temporary directory fails no test
    func scan(_ host: String, _ module: String) -> String {
      """
      {"schema": "liveprobe/1", "status": "OK", "kernel": {"release": "6.1.0"}, "checks": [], "implants": [], \
      "inventory": {"hostName": "\(host)", "taint": "", "modules": [{"name": "\(module)", "buildID": null, "taints": ""}]}}
      """
    }
    for index in 0..<6 {
      try Data(scan("well\(index)", "y").utf8).write(to: folder.appending(path: "well/\(index).json"))
    }
    let ill = (0..<6).map { #"{"schema": "liveprobe-crash/1", "scan": \#(scan("ill\($0)", "x"))}"# }
    try Data(ill.joined(separator: "\n").utf8).write(to: folder.appending(path: "ill.jsonl"))
    try Data(#"{"schema": "liveprobe-map/1"}"#.utf8).write(to: folder.appending(path: "\u{1b}[2K.json"))
    try body(folder.path) { try program.run(["correlate"] + $0) }
  }

  @Test func `a folder of reports is answered, and what is no report is named`() throws {
    try run { folder, run in
      let answer = try run([folder])
      #expect(answer.status == 0)
      #expect(answer.output.hasPrefix("6 affected hosts against 6 healthy, from 12 reports\n"))
      #expect(answer.output.contains("1. module-build x, no build id\n"))
      #expect(
        answer.errors == """
          liveprobe: left out: \(folder)/\\u{1b}[2K.json: is a document of the form liveprobe-map/1, not a report of a scan \
          or a crash

          """)
      let json = try run(["--format", "json", folder, "/nonexistent"])
      #expect(json.status == 0 && json.output.contains(#""schema" : "liveprobe-correlation/1""#))
      #expect(json.errors.contains("left out: /nonexistent: no such file"))
    }
  }

  @Test func `a text with a kernel's own words is a crashed host, known by its signature`() throws {
    try run { folder, run in
      for index in 0..<3 {
        let text = """
          BUG: kernel NULL pointer dereference, address: 0000000000000008
          CPU: 1 PID: \(index + 2) Comm: x Tainted: G OE 6.1.0 #1
          RIP: 0010:hook_read+0x1\(index)/0x20 [m]
          Modules linked in: m(OE)
          Call Trace:
           vfs_read+0x1\(index)/0x20

          """
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/text\(index).log"))
      }
      try Data("nothing at all\n".utf8).write(to: URL(filePath: "\(folder)/notes.txt"))
      let answer = try run([folder])
      #expect(answer.output.hasPrefix("9 affected hosts against 6 healthy, from 15 reports\n"))
      #expect(answer.output.contains("signature null-dereference: hook_read, vfs_read\n"))
      #expect(answer.errors.contains("notes.txt: is not JSON, and has no kernel's own words"))
    }
  }

  /// Opened as a file is, it would wait for somebody to write to it.
  @Test func `a pipe in a report's place is named, and left out`() throws {
    try run { folder, run in
      let path = "\(folder)/well/pipe.json"
      try #require(mkfifo(path, 0o600) == 0)
      #expect(try run([folder, path]).errors.contains("\(path): is not a regular file"))
    }
  }

  @Test func `who is affected and who is healthy can be told`() throws {
    try run { folder, run in
      let answer = try run(["--affected", folder + "/well", "--healthy", folder + "/ill.jsonl", folder])
      #expect(answer.status == 0)
      #expect(answer.output.contains("1. module-build y, no build id\n"))
    }
  }

  @Test func `without an answer the status is 3, and why is told`() throws {
    try run { folder, run in
      let nobody = try run([folder + "/well"])
      #expect(nobody.status == 3 && nobody.output.isEmpty)
      #expect(nobody.errors.contains("nothing can be correlated: no host is affected (6 healthy, 0 undecided)"))
      let none = try run(["/nonexistent"])
      #expect(none.status == 3 && none.errors.contains("none of what was given is a report"))
      #expect(try run([]).status == 3)
      #expect(try run(["--most", "0", folder]).status == 3)
    }
  }

  @Test func `tables are written once, and never over others`() throws {
    try run { folder, run in
      let tables = folder + "/tables"
      #expect(try run(["--sql", tables, folder]).status == 0)
      let reports = try String(contentsOfFile: tables + "/reports.csv", encoding: .utf8)
      #expect(reports.split(separator: "\n").count == 13)
      let again = try run(["--sql", tables, folder])
      #expect(again.status == 3 && again.errors.contains("reports.csv: cannot be written: File exists"))
      #expect(try String(contentsOfFile: tables + "/reports.csv", encoding: .utf8) == reports)
    }
  }

  /// Twelve hosts in one state; `change` makes another text of each report.
  private func states(_ change: (Int, String) -> String) -> Data {
    let lines = (0..<12).map { index in
      change(
        index,
        """
        {"schema": "liveprobe/1", "status": "OK", "kernel": {"release": "6.1.0", "buildID": {"claimed": "b1"}}, \
        "checks": [{"id": "taint", "findings": []}], "inventory": {"hostName": "web\(index)"}, \
        "run": {"startedAt": "2026-03-02T03:00:00Z"}, "state": {"digest": "d", "checks": [{"id": "taint", "digest": "e", \
        "isAnswered": true, "facts": [{"subject": "taint", "value": "none"}]}]}}
        """)
    }
    return Data(lines.joined(separator: "\n").utf8)
  }

  @Test func `what hosts are like is told by the status, the worst of all`() throws {
    try run { folder, run in
      let file = "\(folder)/states.jsonl"
      func status(_ more: [String], _ change: (Int, String) -> String) throws -> Int {
        try states(change).write(to: URL(filePath: file))
        return Int(try run(["--consensus", file] + more).status)
      }
      func replaced(_ text: String, by other: String) -> (Int, String) -> String {
        { $0 == 3 ? $1.replacingOccurrences(of: text, with: other) : $1 }
      }
      let same = { (_: Int, text: String) in text }
      let finding = #""findings": [{"severity": "critical", "subject": {"name": "open"}, "message": "hooked"}]"#
      let everywhere = { (index: Int, text: String) in
        index < 6 ? text.replacingOccurrences(of: #""findings": []"#, with: finding) : text
      }
      let given = [
        try status([], same),
        try status([], replaced(#""none""#, by: #""K""#)),
        try status([], replaced("\"isAnswered\": true", by: "\"isAnswered\": false")),
        try status([], replaced(#""findings": []"#, by: finding)),
        try status([], everywhere),
        try status(["--silent-after", "24"], replaced("2026-03-02", by: "2026-02-01")),
        try status(["--silent-after", "0"], same),
      ]
      #expect(given == [0, 1, 3, 2, 2, 3, 3])
    }
  }

  @Test func `hosts of an inventory that did not report are named`() throws {
    try run { folder, run in
      let (file, inventory) = ("\(folder)/states.jsonl", "\(folder)/hosts")
      try states { $1 }.write(to: URL(filePath: file))
      try Data((0..<12).map { "web\($0)\n" }.joined().utf8).write(to: URL(filePath: inventory))
      let all = try run(["--consensus", "--inventory", inventory, file])
      #expect(all.status == 0 && all.output.contains("ALL 12 hosts REPORTED within 48 hours of the newest report\n"))
      try Data("web1\nweb77\n".utf8).write(to: URL(filePath: inventory))
      let one = try run(["--consensus", "--inventory", inventory, file, file])
      #expect(one.status == 3 && one.output.contains("SILENT: 1 of 2 hosts; nobody knows how they are\n"))
      #expect(one.output.contains("web77") && one.output.contains("not in the inventory"))
      let json = try run(["--inventory", inventory, "--format", "json", folder])
      #expect(json.status == 3 && json.output.contains("web77"))
      try Data("# nobody\n".utf8).write(to: URL(filePath: inventory))
      let none = try run(["--consensus", "--inventory", inventory, file])
      #expect(none.status == 3 && none.errors.contains("names no host"))
    }
  }
}

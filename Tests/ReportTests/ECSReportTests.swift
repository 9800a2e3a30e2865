import Audit
import KernelModel
import Report
import Testing

struct ECSReportTests {
  private func lines(_ verdict: Verdict) throws -> [JSONValue] {
    let report = ECSReport(toolVersion: "0.1.0", hostName: "web\u{1b}1").render(verdict, Sample.measurements)
    #expect(report.hasSuffix("}\n"))
    return try report.split(separator: "\n").map { try JSONValue.parse(String($0)) }
  }

  @Test func `the verdict of a healthy kernel`() {
    let expected =
      #"""
      {"@timestamp":"2026-03-01T03:00:00Z","ecs":{"version":"8.11.0"},"event":{"action":"scan-concluded","category":["host"],"dataset":"liveprobe.scan","duration":412000000,"kind":"state","module":"liveprobe","outcome":"success","provider":"liveprobe","severity":0,"start":"2026-03-01T03:00:00Z","type":["info"]},"host":{"architecture":"x86_64","hostname":"web\\u{1b}1","name":"web\\u{1b}1","os":{"kernel":"6.1.0-56-amd64","type":"linux"}},"liveprobe":{"kernel":{"build_id":{"claimed":"000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7","in_memory":"000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7"},"kaslr_offset":"0x1a000000","machine":"x86_64","release":"6.1.0-56-amd64","version":"#1 SMP Debian 6.1.199-1 (2026-02-01)","withheld":[]},"status":"OK","verdict":{"accepted":0,"checks":2,"code_pointers":[],"critical":0,"exit_status":0,"first_steps":[],"implants":0,"incidents":[],"remarks":[],"unanswered":0,"warnings":0},"version":"0.1.0"},"log":{"level":"info","logger":"liveprobe"},"message":"OK: nothing found: 1 check clear, 1 does not apply"}

      """#
    #expect(
      ECSReport(toolVersion: "0.1.0", hostName: "web\u{1b}1").render(Sample.clean, Sample.measurements) == expected)
  }

  @Test func `a finding is an alert of the rule that is its check`() throws {
    let lines = try lines(Sample.hooked)
    #expect(lines.count == 3)
    #expect(lines.map { $0["event"]?["action"]?.text } == ["scan-concluded", "finding-reported", "finding-reported"])
    let finding = lines[1]
    #expect(finding["event"]?["kind"] == .text("alert"))
    #expect(finding["event"]?["category"] == .list([.text("intrusion_detection")]))
    #expect(finding["event"]?["severity"] == .number(99))
    #expect(finding["rule"]?["id"] == .text("syscall-table"))
    #expect(finding["liveprobe"]?["subject"] == .text("sys_call_table[0] (read)"))
    #expect(finding["liveprobe"]?["finding"]?["owner"]?["kind"] == .text("nobody"))
    #expect(finding["liveprobe"]?["finding"]?["innocent_causes"]?.list?.count == 1)
    #expect(finding["liveprobe"]?["implant"] == .number(1))
  }

  @Test func `drift is a change of configuration, by its kind`() throws {
    let drift = try lines(Sample.drifted).dropFirst()
    #expect(
      drift.map { $0["event"]?["type"] }
        == ["change", "creation", "deletion", "info"].map { .list([.text($0)]) })
    #expect(drift.first?["liveprobe"]?["drift"]?["was"] == .text("__x64_sys_execve+0x0"))
    #expect(drift.first?["liveprobe"]?["drift"]?["now"] == .text("not the expected handler"))
  }

  @Test func `open questions, obstacles, baselines that are missing and accepted findings have lines`() throws {
    #expect(try lines(Sample.unknown).dropFirst().count == 3)
    let couldNotStart = try lines(Sample.couldNotStart)
    #expect(couldNotStart[0]["event"]?["outcome"] == .text("failure"))
    #expect(couldNotStart[0]["liveprobe"]?["verdict"]?["critical"] == nil)
    #expect(couldNotStart.dropFirst().map { $0["event"]?["outcome"]?.text } == ["failure", "failure"])
    let withoutBaseline = try lines(Sample.withoutBaseline)
    #expect(withoutBaseline[0]["event"]?["outcome"] == .text("unknown"))
    #expect(
      withoutBaseline[1]["liveprobe"]?["unanswered"]?["reason"]
        == .text("there is none at /var/lib/liveprobe/baselines"))
    let accepted = try lines(Sample.allowed)
    #expect(accepted[1]["event"]?["type"] == .list([.text("allowed")]))
    #expect(accepted[1]["liveprobe"]?["acceptance"]?["rule"] == .text("/etc/liveprobe/allow.d/edr.conf:3"))
  }

  /// The schema's fields that are used: whether each line must have it, its kind, and the values that are allowed.
  ///
  /// Source: ECS 8.11, "ECS Field Reference" and "ECS Categorization Fields". A keyword is a string here, a long an
  /// integer, and an array stands where the schema says that the field is to be one.
  private static let fields: [String: (isNeeded: Bool, type: String, values: Set<String>?)] = [
    "@timestamp": (true, "string", nil),
    "ecs.version": (true, "string", ["8.11.0"]),
    "event.action": (
      true, "string",
      ["scan-concluded", "finding-reported", "drift-detected", "question-unanswered", "finding-accepted"]
    ),
    "event.category": (true, "array", ["configuration", "host", "intrusion_detection"]),
    "event.dataset": (true, "string", ["liveprobe.scan"]),
    "event.duration": (false, "integer", nil),
    "event.kind": (true, "string", ["alert", "event", "state"]),
    "event.module": (true, "string", ["liveprobe"]),
    "event.outcome": (false, "string", ["failure", "success", "unknown"]),
    "event.provider": (true, "string", ["liveprobe"]),
    "event.severity": (true, "integer", nil),
    "event.start": (false, "string", nil),
    "event.type": (true, "array", ["allowed", "change", "creation", "deletion", "info"]),
    "host.architecture": (false, "string", nil),
    "host.hostname": (true, "string", nil),
    "host.name": (true, "string", nil),
    "host.os.kernel": (false, "string", nil),
    "host.os.type": (true, "string", ["linux"]),
    "log.level": (true, "string", ["info", "warning", "error", "critical"]),
    "log.logger": (true, "string", ["liveprobe"]),
    "message": (true, "string", nil),
    "rule.description": (false, "string", nil),
    "rule.id": (false, "string", nil),
    "rule.name": (false, "string", nil),
    "rule.ruleset": (false, "string", ["liveprobe"]),
    "rule.version": (false, "string", nil),
    "threat.framework": (false, "string", ["MITRE ATT&CK"]),
    "threat.technique.id": (false, "array", nil),
    "threat.technique.name": (false, "array", nil),
    "threat.technique.subtechnique.id": (false, "array", nil),
    "threat.technique.subtechnique.name": (false, "array", nil),
  ]

  /// The types that ECS expects in each category we use.
  private static let typesOfCategory: [String: Set<String>] = [
    "configuration": ["access", "change", "creation", "deletion", "info"],
    "host": ["access", "change", "end", "info", "start"],
    "intrusion_detection": ["allowed", "denied", "info"],
  ]

  /// Every value below `value` that is no object, with its dotted name; what is under `liveprobe` is ours.
  private func leaves(_ value: JSONValue, _ name: String = "") -> [(String, JSONValue)] {
    guard let members = value.object else { return [(name, value)] }
    return members.filter { name != "" || $0.key != "liveprobe" }
      .flatMap { leaves($0.value, name.isEmpty ? $0.key : "\(name).\($0.key)") }
  }

  @Test(arguments: Sample.all.map(\.name))
  func `each line has the schema's fields, of the schema's types, and no other`(name: String) throws {
    for line in try lines(try #require(Sample.all.first { $0.name == name }).verdict) {
      let leaves = leaves(line)
      for (field, value) in leaves {
        let known = try #require(Self.fields[field], "\(field) is no field that the table has")
        #expect(value.types.contains(known.type), "\(field)")
        for text in value.list ?? [value] {
          if let values = known.values { #expect(values.contains(text.text ?? ""), "\(field)") }
        }
      }
      for field in Self.fields.filter(\.value.isNeeded).keys {
        #expect(leaves.contains { $0.0 == field }, "\(field) is missing")
      }
      let category = try #require(line["event"]?["category"]?.list?.first?.text)
      let type = try #require(line["event"]?["type"]?.list?.first?.text)
      #expect(Self.typesOfCategory[category]?.contains(type) == true)
      let own = try #require(line["liveprobe"])
      #expect(own["version"] == .text("0.1.0") && own["status"] != nil)
    }
  }

  /// Names under `liveprobe` at any depth.
  private func names(_ value: JSONValue) -> [String] {
    (value.object ?? [:]).flatMap { [$0.key] + names($0.value) } + (value.list ?? []).flatMap(names)
  }

  @Test(arguments: Sample.all.map(\.name))
  func `names of our own are lower case with underscores`(name: String) throws {
    for line in try lines(try #require(Sample.all.first { $0.name == name }).verdict) {
      for name in names(try #require(line["liveprobe"])) { #expect(name.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil) }
    }
  }
}

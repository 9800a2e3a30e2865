import Audit
import Crash
import FoundationEssentials
import KernelFormats
import KernelModel
import Report
import TestKernel
import Testing

/// Keeps `docs/report.schema.json` and the Swift types that are encoded in step.
struct JSONSchemaTests {
  private let schema: JSONSchema

  init() throws {
    schema = try JSONSchema(named: "report.schema.json")
  }

  private func encoded(_ verdict: Verdict) throws -> JSONValue {
    // As long as a digest, and as good as one for a form.
    let report = JSONReport(toolVersion: "0.1.0") { String(repeating: $0.count % 2 == 0 ? "0" : "a", count: 64) }
    return try JSONValue.parse(report.render(verdict, Sample.measurements))
  }

  @Test func `the schema is closed, complete and described`() {
    #expect(schema.faults == [])
  }

  @Test(arguments: Sample.all.map(\.name).filter { $0 != "many" })
  func `every report keeps to the schema`(name: String) throws {
    let verdict = try #require(Sample.all.first { $0.name == name }).verdict
    #expect(schema.examine(try encoded(verdict)).problems == [])
  }

  @Test func `the reports of these tests have every property of the schema`() throws {
    var seen: Set<String> = []
    for (_, verdict) in Sample.all where verdict.findings.count < 100 {
      seen.formUnion(schema.examine(try encoded(verdict)).seen)
    }
    #expect(schema.properties.subtracting(seen) == [])
    #expect(seen.count > 90)
  }

  @Test func `a document that leaves the schema is noticed`() throws {
    guard case .object(var document) = try encoded(Sample.guarded) else { return #expect(Bool(false)) }
    document["extra"] = .null
    document["run"] = nil
    document["exitStatus"] = .number(4)
    document["status"] = .text("FINE")
    #expect(
      schema.examine(.object(document)).problems.sorted() == [
        "$.exitStatus: too large", "$.status: text(\"FINE\") not listed", "$: extra is not in the schema",
        "$: run is missing",
      ])
  }

  @Test func `every word for an owner, an outcome and a rung is in the schema`() {
    func words(_ definition: String, _ property: String) -> [String] {
      schema.root["$defs"]?[definition]?["properties"]?[property]?["enum"]?.list?.compactMap(\.text) ?? []
    }
    let place = Place(symbol: "x")
    let owners: [Owner] = [
      .kernelText(place), .kernelData(place), .module(place), .generatedCode(place), Sample.nobody(),
      .nobody(.unmapped), .nobody(.unknown("why")),
    ]
    #expect(words("owner", "kind") == owners.map(\.kind))
    let outcomes: [Outcome] = [.clear(facts: 1), .found(.critical, count: 1), .unknown([]), .notApplicable("why")]
    #expect(words("check", "outcome") == outcomes.map(\.word))
    #expect(words("expectation", "rung") == Expectation.Rung.allCases.map(\.rawValue))
    #expect(
      schema.root["properties"]?["status"]?["enum"]?.list?.compactMap(\.text)
        == [Status.ok, .warning, .critical, .unknown].map(\.word))
  }
}

/// Keeps `docs/crash.schema.json` and the story that is encoded in step.
struct CrashSchemaTests {
  private let schema: JSONSchema

  init() throws {
    schema = try JSONSchema(
      named: "crash.schema.json", others: ["report.schema.json": JSONSchema(named: "report.schema.json")])
  }

  private func encoded(_ report: CrashReport) throws -> JSONValue {
    try JSONValue.parse(report.json(toolVersion: "0.1.0"))
  }

  @Test func `the schema is closed, complete and described`() {
    #expect(schema.faults == [])
  }

  @Test(arguments: SampleCrash.all.map(\.name)) func `every story keeps to the schema`(name: String) throws {
    let report = try #require(SampleCrash.all.first { $0.name == name }).report
    let document = try encoded(report)
    #expect(schema.examine(document).problems == [])
    #expect(document["status"] == .text(report.status.word))
    #expect(document["exitStatus"] == .number(Double(report.status.rawValue)))
    #expect(document["scan"]?["schema"] == .text("liveprobe/1"))
  }

  @Test func `the stories of these tests have every property of the schema`() throws {
    let seen = try SampleCrash.all.reduce(into: Set<String>()) { seen, sample in
      seen.formUnion(schema.examine(try encoded(sample.report)).seen)
    }
    #expect(schema.properties.subtracting(seen) == [])
    #expect(seen.count > 100)
  }

  @Test func `a story that leaves the schema, or a scan that leaves its own, is noticed`() throws {
    guard case .object(var document) = try encoded(SampleCrash.hooked),
      case .object(var scan)? = document["scan"]
    else { return #expect(Bool(false)) }
    scan["extra"] = .null
    document["scan"] = .object(scan)
    document["extra"] = .null
    document["headline"] = nil
    document["status"] = .text("WARNING")
    #expect(
      schema.examine(.object(document)).problems.sorted() == [
        "$.scan: extra is not in the schema", "$.status: text(\"WARNING\") not listed", "$: extra is not in the schema",
        "$: headline is missing",
      ])
  }

  @Test func `what cannot be told is null, with its reason`() throws {
    let document = try encoded(SampleCrash.untold)
    for key in ["host", "context", "systemCall", "stack"] { #expect(document[key] == .null, "\(key)") }
    #expect(
      document["unknown"]?.list?.compactMap(\.text).map { $0.prefix { $0 != ":" } } == [
        "the log", "where it was", "the stack",
      ])
  }

  @Test func `every word for an owner, an interface and a source is in the schema`() throws {
    func words(_ definition: String, _ property: String) -> [String]? {
      schema.root["$defs"]?[definition]?["properties"]?[property]?["enum"]?.list?.compactMap(\.text)
    }
    let scan = try JSONSchema(named: "report.schema.json")
    #expect(
      schema.root["$defs"]?["ownerKind"]?["enum"]
        == scan.root["$defs"]?["owner"]?["properties"]?["kind"]?["enum"])
    #expect(words("frame", "knownBy") == StackFrame.Origin.allCases.map(\.rawValue))
    #expect(words("context", "processorKnownBy") == PanicContext.ProcessorSource.allCases.map(\.rawValue))
    #expect(words("systemCall", "abi") == X86_64.SystemCallInterface.allCases.map(\.rawValue))
  }
}

/// Keeps `docs/oops.schema.json` and the reports that are encoded in step.
struct OopsSchemaTests {
  private let schema: JSONSchema

  init() throws {
    schema = try JSONSchema(named: "oops.schema.json")
  }

  private static let texts = [
    SampleOops.stackProtector, SampleOops.fetch, SampleOops.newer, "sysrq: Trigger a crash\n", "nothing\n",
    """
    [    1.500000] BUG: kernel NULL pointer dereference, address: 0000000000000008
    Oops: 0002 [#1] SMP
    Modules linked in: m(POE) n
    RIP: 0010:f+0x2e/0x70 [m]
    Code: 48 8b <48> 89 42 08 48 89 10
    RAX: dead000000000200 RDX: 0000000000000000
    Call Trace:
     <TASK>
     ? g+0x1/0x2
    """,
  ]

  private func encoded(_ text: String) throws -> JSONValue {
    try JSONValue.parse(OopsReport(OopsText.all(in: Array(text.utf8))).json(toolVersion: "0.1.0"))
  }

  @Test func `the schema is closed, complete and described`() {
    #expect(schema.faults == [])
  }

  @Test(arguments: texts) func `every report keeps to the schema`(text: String) throws {
    #expect(schema.examine(try encoded(text)).problems == [])
  }

  @Test func `the reports of these tests have every property of the schema`() throws {
    let seen = try Self.texts.reduce(into: Set<String>()) { $0.formUnion(schema.examine(try encoded($1)).seen) }
    #expect(schema.properties.subtracting(seen) == [])
  }

  @Test func `what was parsed is there: address, access, code, registers, letters, line`() throws {
    let report = try #require(try encoded(Self.texts[5])["reports"]?.list?.first)
    #expect(report["kind"] == .text("null-dereference"))
    #expect(report["address"] == .text("0x8"))
    #expect(report["access"] == .text("write"))
    #expect(report["errorCode"] == .text("0x2"))
    #expect(report["instruction"] == .text("mov qword ptr [rdx + 8], rax"))
    #expect(report["code"]?["bytes"] == .text("48 8b 48 89 42 08 48 89 10"))
    #expect(report["code"]?["instructionAt"] == .number(2))
    #expect(report["registers"]?.list?.first?["value"] == .text("0xdead000000000200"))
    #expect(report["moduleFlags"]?.list?.first?["flags"] == .text("POE"))
    #expect(report["culprit"]?.text?.hasPrefix("f of the module m (proprietary") == true)
    #expect(report["line"] == .number(1))
  }
}

extension JSONSchema {
  /// A schema of the folder `docs`.
  fileprivate init(named name: String, others: [String: JSONSchema] = [:]) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/\(name)")
    try self.init(text: String(decoding: Data(contentsOf: file), as: UTF8.self), others: others)
  }
}

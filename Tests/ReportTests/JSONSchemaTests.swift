import Audit
import FoundationEssentials
import KernelModel
import Report
import Testing

/// Keeps `docs/report.schema.json` and the Swift types that are encoded in step.
struct JSONSchemaTests {
  private let schema: JSONSchema

  init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/report.schema.json")
    schema = try JSONSchema(text: String(decoding: Data(contentsOf: file), as: UTF8.self))
  }

  private func encoded(_ verdict: Verdict) throws -> JSONValue {
    try JSONValue.parse(JSONReport(toolVersion: "0.1.0").render(verdict, Sample.measurements))
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

internal import FoundationEssentials
package import KernelModel

/// What one report says of its host, as far as hosts are compared by it.
package struct HostReport: Hashable, Sendable {
  /// The host's name for itself; nil if it has none by which it could be told from others.
  package var host: String?
  /// Whether it is of a crash rather than of a scan.
  package var isCrash: Bool
  package var cohort: Cohort
  /// When the scan began, in RFC 3339; nil if it does not say, or not in the one form this project writes.
  package var takenAt: String?
  /// What it speaks of at all: a host whose report is silent about modules does not lack any.
  package var known: Set<Condition.Kind>
  /// What the host has; of the kinds that are known.
  package var conditions: Set<Condition>
  /// How many conditions were left out because there were too many.
  package var omitted = 0

  /// Conditions of one report at most.
  package static let mostConditions = 20_000

  /// Documents of the forms that are understood.
  private static let scan = "liveprobe/1"
  private static let crashes: Set = ["liveprobe-crash/1", "liveprobe-oops/1"]
  /// Names that a host has as long as nobody gives it one.
  private static let namesOfNobody: Set = ["", "(none)", "localhost", "localhost.localdomain"]

  /// The report that `document` holds.
  package init(decoding document: [UInt8]) throws(NotAReport) {
    let contents = try Self.decode(ReportContents.self, from: document)
    isCrash = Self.crashes.contains(contents.schema)
    guard Self.isReport(contents.schema) else { throw .otherDocument(contents.schema) }
    cohort = isCrash ? .affected : Self.cohort(contents)
    host = Self.name(contents.inventory?.hostName)
    takenAt = contents.run?.startedAt.flatMap { UTCTime($0) == nil ? nil : $0 }
    let reading = ConditionReading(contents, isCrash: isCrash)
    known = reading.known
    conditions = reading.conditions
    omitted = reading.omitted
  }

  static func isReport(_ schema: String) -> Bool { schema == scan || crashes.contains(schema) }

  /// The name by which a host can be told from others; nil if it has none.
  static func name(_ text: String?) -> String? { text.flatMap { namesOfNobody.contains($0) ? nil : $0 } }

  /// Which kernel the report is of, as it calls itself, and its build id as memory has it, or else as it is claimed.
  package static func kernel(
    in document: [UInt8]
  ) throws(NotAReport) -> (release: String, version: String, machine: String, buildID: BuildID?) {
    let contents = try decode(ReportContents.self, from: document)
    guard let kernel = contents.kernel, let release = kernel.release else { throw .malformed("kernel.release") }
    return (
      release, kernel.version ?? "", kernel.machine ?? "", kernel.buildID?.known.flatMap { BuildID(hexadecimal: $0) }
    )
  }

  private static func cohort(_ contents: ReportContents) -> Cohort {
    let findings = (contents.checks ?? []).flatMap { $0.findings ?? [] }
    if findings.contains(where: { $0.severity == "critical" }) { return .affected }
    return contents.status == "OK" || contents.status == "WARNING" ? .healthy : .undecided
  }

  /// As much of a document as `Value` has.
  static func decode<Value: Decodable>(_ type: Value.Type, from document: [UInt8]) throws(NotAReport) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(document))
    } catch {
      throw reason(error)
    }
  }

  private static func reason(_ error: any Error) -> NotAReport {
    switch error as? DecodingError {
    case .keyNotFound(let key, let context): .malformed(path(context.codingPath + [key]))
    case .typeMismatch(_, let context), .valueNotFound(_, let context): .malformed(path(context.codingPath))
    case .dataCorrupted(let context) where !context.codingPath.isEmpty: .malformed(path(context.codingPath))
    default: .notJSON
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "an object" : keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
  }
}

/// Why a file's content cannot be used.
package enum NotAReport: Error, Hashable, Sendable, CustomStringConvertible {
  case notJSON
  /// What the document says it is; hostile text.
  case otherDocument(String)
  /// Where in the document something is missing, or of another type than reports have there; hostile text.
  case malformed(String)

  package var description: String {
    switch self {
    case .notJSON:
      "is not JSON, and has no kernel's own words: give it reports that liveprobe scan --format json wrote, or texts of crashes"
    case .otherDocument(let schema): "is a document of the form \(schema), not a report of a scan or a crash"
    case .malformed(let place): "is not a report of liveprobe's: \(place) is missing or of another type"
    }
  }
}

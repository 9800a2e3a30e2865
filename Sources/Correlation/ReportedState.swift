package import KernelModel

/// Whose a report is and when it was made, and the state that it has.
package struct ReportedState: Sendable {
  /// The host's name for itself, or else where the report was read.
  package let host: String
  /// When the scan began; nil if the report does not say.
  package let time: UTCTime?
  /// nil if the report has none.
  package let state: HostState?
  let identity: ReportIdentity

  package init(decoding document: [UInt8], from source: String) throws(NotAReport) {
    // A crash's report has one of a scan in it, whose host and time are its own.
    let outer = try HostReport.decode(Outer.self, from: document)
    guard HostReport.isReport(outer.schema) else { throw .otherDocument(outer.schema) }
    let contents = outer.contents
    let host = HostReport.name(contents.inventory?.hostName) ?? HostReport.name(outer.host) ?? source
    let time = contents.time
    let state = outer.isScan ? HostState(contents, host: host) : nil
    self.host = host
    self.time = time
    self.state = state
    identity = state.map { ReportIdentity(host, time, $0) } ?? ReportIdentity(host, time, document)
  }

  init(_ state: HostState) {
    host = state.host
    time = UTCTime(state.takenAt)
    self.state = state
    identity = ReportIdentity(host, time, state)
  }

  private struct Outer: Decodable {
    let schema: String
    let contents: HostState.Contents
    let isScan: Bool
    let host: String?

    private enum Key: CodingKey {
      case schema, scan, host
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      schema = try values.decode(String.self, forKey: .schema)
      isScan = !values.contains(.scan)
      contents =
        try isScan ? HostState.Contents(from: decoder) : values.decode(HostState.Contents.self, forKey: .scan)
      host = isScan ? nil : try values.decodeIfPresent(String.self, forKey: .host)
    }
  }
}

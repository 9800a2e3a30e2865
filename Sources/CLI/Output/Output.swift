internal import Audit
internal import Glibc
internal import Report

/// One report, and where it is wanted.
struct Output {
  let format: ReportOptions.Format
  /// A path, `-` for standard output, or nil for where the format goes by itself.
  let destination: String?
  let theme: Theme

  static let standardOutput = "-"

  /// Says the verdict there.
  func write(_ verdict: Verdict, _ measurements: Measurements) throws(OutputFailure) {
    if format == .journal, let path = socketPath {
      let journal = try JournalSocket(path: path)
      for entry in JournalReport(toolVersion: Liveprobe.version).entries(verdict, measurements) {
        try journal.send(entry.bytes)
      }
      return
    }
    let bytes = render(verdict, measurements)
    if let destination, destination != Self.standardOutput {
      // node_exporter runs as a user of its own.
      try ReportFile(path: destination, mode: format == .prometheus ? 0o644 : 0o600).write(bytes)
    } else if !Terminal.write(bytes, to: .standardOutput) {
      throw OutputFailure(place: "standard output", reason: "cannot be written: " + String(cString: strerror(errno)))
    }
  }

  /// The socket that takes the journal's entries; nil if they are to be exported to a file.
  private var socketPath: String? {
    guard let destination, destination != JournalSocket.standardPath else { return JournalSocket.standardPath }
    var present = stat()
    return stat(destination, &present) == 0 && present.st_mode & S_IFMT == S_IFSOCK ? destination : nil
  }

  private func render(_ verdict: Verdict, _ measurements: Measurements) -> [UInt8] {
    let version = Liveprobe.version
    func text(_ report: some ReportFormat) -> [UInt8] { Array(report.render(verdict, measurements).utf8) }
    return switch format {
    case .text: text(TextReport(theme: theme))
    case .json: text(JSONReport(toolVersion: version))
    case .html: text(HTMLReport(toolVersion: version))
    case .monitoring: text(MonitoringReport())
    case .prometheus: text(PrometheusReport(toolVersion: version))
    case .ecs: text(ECSReport(toolVersion: version, hostName: HostName.current()))
    case .journal: JournalReport(toolVersion: version).export(verdict, measurements)
    }
  }
}

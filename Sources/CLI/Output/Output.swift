internal import Audit
internal import Cryptography
internal import Files
internal import Report

/// One report, and where it is wanted.
struct Output {
  let format: ReportOptions.Format
  /// A path, `-` for standard output, or nil for where the format goes by itself.
  let destination: String?
  let theme: Theme
  /// Whether a text shows everything.
  var isVerbose = false

  static let standardOutput = "-"
  private static let pieceSize = 256 << 10

  /// Whether it goes to a file, and neither to a stream nor to the journal.
  var isFile: Bool {
    guard let destination else { return false }
    return destination != Self.standardOutput && !(format == .journal && socketPath != nil)
  }

  /// Says the verdict there.
  ///
  /// - Returns: what was written, if that is a file.
  func write(_ verdict: Verdict, _ measurements: Measurements) throws(OutputFailure) -> WrittenReport? {
    if format == .journal, let path = socketPath {
      let journal = try JournalSocket(path: path)
      for entry in JournalReport(toolVersion: Liveprobe.version).entries(verdict, measurements) {
        try journal.send(entry.bytes)
      }
      journal.waitUntilTaken()
      return nil
    }
    let bytes = try render(verdict, measurements)
    if let destination, destination != Self.standardOutput {
      // node_exporter runs as a user of its own.
      return try Self.write(bytes, to: destination, mode: format == .prometheus ? 0o644 : 0o600)
    }
    guard Terminal.write(bytes, to: .standardOutput) else {
      throw OutputFailure(place: "standard output", reason: "cannot be written: \(SystemError.latest.words)")
    }
    return nil
  }

  /// Puts a file with these bytes in the place of whatever file is there.
  ///
  /// - Parameter mode: who may read it, as chmod(2) takes it.
  private static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(OutputFailure) -> WrittenReport {
    do throws(FileFault) {
      let file = try AtomicFile(path, mode: mode)
      let digest = bytes.withUnsafeBytes { Digest.sha256.of($0) }
      // Another copy, of a piece at a time: what edits writes may do so in the memory that it is handed.
      for start in stride(from: 0, to: bytes.count, by: pieceSize) {
        let piece = bytes[start..<min(start + pieceSize, bytes.count)]
        let copy = [UInt8](unsafeUninitializedCapacity: piece.count) { copy, count in
          count = copy.initialize(fromContentsOf: piece)
        }
        try file.write(contentsOf: copy, at: UInt64(start))
      }
      try file.finish()
      return WrittenReport(path: path, bytes: bytes, digest: digest, file: file)
    } catch {
      let reason =
        switch error.reason {
        case .refused(let errno): "cannot be written: \(SystemError(errno).words)"
        case .notRegular: "is there and is not a regular file; - is standard output"
        default: error.why
        }
      throw OutputFailure(place: path, reason: reason)
    }
  }

  /// The socket that takes the journal's entries; nil if they are to be exported to a file.
  private var socketPath: String? {
    guard let destination, destination != JournalSocket.standardPath else { return JournalSocket.standardPath }
    return FileStatus(at: destination, followingLinks: true)?.kind == .socket ? destination : nil
  }

  private func render(_ verdict: Verdict, _ measurements: Measurements) throws(OutputFailure) -> [UInt8] {
    let version = Liveprobe.version
    func text(_ report: some ReportFormat) -> [UInt8] { Array(report.render(verdict, measurements).utf8) }
    return switch format {
    case .text: text(TextReport(theme: theme, isVerbose: isVerbose))
    case .json:
      JSONReport(toolVersion: version) { $0.withUnsafeBytes { Digest.sha256.of($0) } }.bytes(verdict, measurements)
    case .html: text(HTMLReport(toolVersion: version))
    case .monitoring: text(MonitoringReport())
    case .prometheus: text(PrometheusReport(toolVersion: version))
    case .ecs: text(ECSReport(toolVersion: version, hostName: HostName.current()))
    case .ocsf: text(OCSFReport(toolVersion: version, hostName: HostName.current()))
    case .journal: JournalReport(toolVersion: version).export(verdict, measurements)
    case .sqlite: try SQLiteFile.bytes(of: VerdictTables(verdict, measurements, toolVersion: version).all)
    }
  }
}

/// Why a report is not where it was wanted.
package struct OutputFailure: Error, CustomStringConvertible {
  /// A path, or words for what has none.
  let place: String
  /// Lower case.
  let reason: String

  package var description: String { "\(place): \(reason)" }
}

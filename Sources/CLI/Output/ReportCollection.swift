internal import Correlation
internal import Files
internal import KernelFormats
internal import KernelModel
internal import Report

/// The documents in files and folders, each file once; what cannot be read is told on standard error.
struct ReportFiles {
  private var seen: Set<String> = []

  /// What a report in a folder is called, and a text that has a kernel's own words.
  private static let suffixes = [".json", ".jsonl", ".ndjson", ".log", ".txt"]

  /// Hands each document in a file, or in all files of a folder, to `body`, and where it was read.
  mutating func read(_ path: String, _ body: ([UInt8], String) throws -> Void) throws {
    do {
      guard let files = try Folder.files(below: path) else { return try readFile(path, body) }
      for file in files where Self.suffixes.contains(where: file.hasSuffix) { try readFile(file, body) }
    } catch let fault as FileFault {
      Self.leaveOut(path, fault.problem)
    }
  }

  private mutating func readFile(_ file: String, _ body: ([UInt8], String) throws -> Void) throws {
    guard seen.insert(realPath(file) ?? file).inserted else { return }
    do {
      let documents = try ReportDocuments(path: file)
      while let (document, source) = try documents.next() { try body(document, source) }
    } catch let error as ReportDocuments.Unreadable {
      Self.leaveOut(file, error.reason)
    }
  }

  /// Why something was left out.
  private struct LeftOut: Error, CustomStringConvertible {
    let description: String
  }

  static func leaveOut(_ source: String, _ reason: String) {
    Terminal.write(Refusal.line("left out", LeftOut(description: "\(source): \(reason)")), to: .standardError)
  }
}

/// Reads reports one by one; what is none is told on standard error.
struct ReportCollection {
  private(set) var fleet = Fleet(now: .now())
  private let tables: TableFolder?
  private var files = ReportFiles()

  init(tables: TableFolder?) {
    self.tables = tables
  }

  /// Adds the reports in a file, or in all files of a folder.
  ///
  /// - Parameter cohort: what its hosts are, whatever their reports say; nil if they are to be believed.
  mutating func add(_ path: String, as cohort: Cohort? = nil) throws {
    try files.read(path) { document, source in
      do {
        var report = try HostReport(decoding: Self.report(on: document))
        report.cohort = cohort ?? report.cohort
        guard fleet.add(report, from: source) else { return }
        try tables?.add(report, number: fleet.reportCount, from: source)
      } catch let error as NotAReport {
        ReportFiles.leaveOut(source, error.description)
      }
    }
  }

  /// Has all tables on disk.
  func finish() throws(OutputFailure) { try tables?.close() }

  /// What is no JSON may be a kernel's own words of its death: the report that `crash --log` makes of them.
  private static func report(on document: [UInt8]) -> [UInt8] {
    guard document.first(where: { $0 > 0x20 }) != UInt8(ascii: "{") else { return document }
    let words = OopsText.all(in: document)
    return words.isEmpty ? document : Array(OopsReport(words).json(toolVersion: Liveprobe.version).utf8)
  }
}

/// Reads what reports say of their hosts' states, one by one; what is no report is told on standard error.
struct StateCollection {
  private(set) var states = ConsensusStates(now: .now())
  private var files = ReportFiles()

  mutating func add(_ path: String) throws {
    try files.read(path) { document, source in
      do {
        states.add(try ReportedState(decoding: document, from: source))
      } catch let error as NotAReport {
        ReportFiles.leaveOut(source, error.description)
      }
    }
  }
}

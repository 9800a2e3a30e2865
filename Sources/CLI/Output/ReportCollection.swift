internal import Correlation
internal import Files
internal import KernelFormats
internal import Report

/// Reads reports one by one; what is none is told on standard error.
struct ReportCollection {
  private(set) var fleet = Fleet()
  private let tables: TableFolder?
  /// Files that were read: each speaks once.
  private var seen: Set<String> = []

  /// What a report in a folder is called, and a text that has a kernel's own words.
  private static let suffixes = [".json", ".jsonl", ".ndjson", ".log", ".txt"]

  init(tables: TableFolder?) {
    self.tables = tables
  }

  /// Adds the reports in a file, or in all files of a folder.
  ///
  /// - Parameter cohort: what its hosts are, whatever their reports say; nil if they are to be believed.
  mutating func add(_ path: String, as cohort: Cohort? = nil) throws {
    do {
      guard let files = try Folder.files(below: path) else { return try read(path, cohort) }
      for file in files where Self.suffixes.contains(where: file.hasSuffix) { try read(file, cohort) }
    } catch let fault as FileFault {
      leaveOut(path, fault.problem)
    }
  }

  /// Has all tables on disk.
  func finish() throws(OutputFailure) { try tables?.close() }

  private mutating func read(_ file: String, _ cohort: Cohort?) throws {
    guard seen.insert(realPath(file) ?? file).inserted else { return }
    do {
      let documents = try ReportDocuments(path: file)
      while let (document, source) = try documents.next() { try add(document, from: source, cohort) }
    } catch let error as ReportDocuments.Unreadable {
      leaveOut(file, error.reason)
    }
  }

  private mutating func add(_ document: [UInt8], from source: String, _ cohort: Cohort?) throws {
    do {
      var report = try HostReport(decoding: Self.report(on: document))
      report.cohort = cohort ?? report.cohort
      fleet.add(report, from: source)
      try tables?.add(report, number: fleet.reportCount, from: source)
    } catch let error as NotAReport {
      leaveOut(source, error.description)
    }
  }

  /// What is no JSON may be a kernel's own words of its death: the report that `crash --log` makes of them.
  private static func report(on document: [UInt8]) -> [UInt8] {
    guard document.first(where: { $0 > 0x20 }) != UInt8(ascii: "{") else { return document }
    let words = OopsText.all(in: document)
    return words.isEmpty ? document : Array(OopsReport(words).json(toolVersion: Liveprobe.version).utf8)
  }

  /// Why something was left out.
  private struct LeftOut: Error, CustomStringConvertible {
    let description: String
  }

  private func leaveOut(_ source: String, _ reason: String) {
    Terminal.write(Refusal.line("left out", LeftOut(description: "\(source): \(reason)")), to: .standardError)
  }
}

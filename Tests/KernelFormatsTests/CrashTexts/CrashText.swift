import Foundation
import KernelFormats

/// One text of Tests/Fixtures/CrashTexts: what a kernel prints of one trouble, and what is true of it.
struct CrashText {
  /// What must be told of it.
  struct Truth {
    var kind = ""
    var complaint: String?
    var place: String?
    var entryCount = 0
    var panicMessage: String?
    var comm: String?
    var pid: UInt64?
    var processor: UInt64?
    var release: String?
  }

  var name: String
  var truth: Truth
  var lines: [String]

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/CrashTexts")

  /// All texts, each with names and numbers of its own.
  static func all() throws -> [CrashText] {
    var texts: [CrashText] = []
    for file in ["x86.txt", "others.txt"] {
      let whole = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
      for part in whole.components(separatedBy: "\n@ ").dropFirst() {
        var lines = part.components(separatedBy: "\n")
        let heading = lines.removeFirst()
        while lines.last?.isEmpty == true { lines.removeLast() }
        texts.append(CrashText(heading, lines, number: texts.count))
      }
    }
    return texts
  }

  private init(_ heading: String, _ lines: [String], number: Int) {
    let comms = [
      "kworker/3:2", "dd", "Web Content", "java", "udevd", "irq/55-acme", "kworker/u16:3-ev", "(spawn)", "a.out",
    ]
    let functions = [
      "acme_refresh", "bluefs_lookup", "qv_session_get", "dw_probe.part.0", "khk_patch_one", "guard_match",
    ]
    let modules = ["acme_av", "bluefs", "qvault", "dw_q", "khk", "xt_guard"]
    let pid = 300 + number * 37
    let processor = number % 24
    let parts = heading.components(separatedBy: " | ")
    let releases = ["6.1.0-40-generic", "5.14.0-503.el9", "4.4.0-210", "3.10.0-1160.119.1.el7", "7.0.4-arch1-1"]
    func filled(_ text: String) -> String {
      var text = text
      for (mark, value) in [
        ("{f}", functions[number % functions.count]), ("{m}", modules[number / 2 % modules.count]),
        ("{c}", comms[number % comms.count]), ("{p}", "\(pid)"), ("{u}", "\(processor)"),
        ("{r}", releases[number % releases.count]),
      ] { text = text.replacingOccurrences(of: mark, with: value) }
      return text
    }
    name = parts[0]
    self.lines = lines.map(filled)
    truth = Truth()
    let words = parts[1].split(separator: " ", maxSplits: 1).map(String.init)
    truth.kind = words[0]
    truth.complaint = words.count > 1 ? words[1] : nil
    (truth.comm, truth.pid, truth.processor) = (filled("{c}"), UInt64(pid), UInt64(processor))
    truth.release = filled("{r}")
    for part in parts.dropFirst(2) {
      let words = part.split(separator: " ", maxSplits: 1).map(String.init)
      switch words[0] {
      case "at": truth.place = filled(words[1])
      case "trace": truth.entryCount = Int(words[1]) ?? 0
      case "panic": truth.panicMessage = filled(words[1])
      case "lacks":
        if words[1].contains("task") { (truth.comm, truth.pid) = (nil, nil) }
        if words[1].contains("cpu") { truth.processor = nil }
        if words[1].contains("release") { truth.release = nil }
      default: preconditionFailure("unknown: \(part)")
      }
    }
  }

  /// What is told wrongly of it; empty if all is right.
  func errors(in reports: [OopsText]) -> [String] {
    guard let report = OopsText.decisive(among: reports) else { return ["no report"] }
    var errors: [String] = []
    func check<Value: Equatable>(_ what: String, _ found: Value?, _ expected: Value?) {
      guard found != expected else { return }
      let words = [found, expected].map { $0.map { "\($0)" } ?? "nothing" }
      errors.append("\(what) is \(words[0]) and not \(words[1])")
    }
    check("the kind", "\(report.kind)".components(separatedBy: "(")[0], truth.kind)
    check("the complaint", report.complaint?.rawValue, truth.complaint)
    if let place = truth.place { check("the place", report.instructionPointer?.description, place) }
    check("the trace", report.traces.first?.entries.count ?? 0, truth.entryCount)
    check("the panic", report.panicMessage, truth.panicMessage)
    if let comm = truth.comm { check("the task", report.comm, comm) }
    if let pid = truth.pid { check("its number", report.pid, pid) }
    if let processor = truth.processor { check("the processor", report.processor, processor) }
    if let release = truth.release { check("the release", report.release, release) }
    return errors
  }
}

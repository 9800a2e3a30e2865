import Lab

/// What a scan of a scenario must end with: no more and no less.
struct Expectation: Sendable {
  enum Verdict: Int, Sendable {
    case ok = 0
    case warning, critical, unknown

    var word: String {
      switch self {
      case .ok: "OK"
      case .warning: "WARNING"
      case .critical: "CRITICAL"
      case .unknown: "UNKNOWN"
      }
    }
  }

  let verdict: Verdict
  /// The slots that findings must name, and no others.
  var slots: Set<ScanReport.Subject> = []
  /// Must be part of what each finding says about the owner.
  var owner: String?
  /// Must all be found in one and the same implant.
  var implantStrings: [String] = []

  static let clean = Expectation(verdict: .ok)
  static let unanswered = Expectation(verdict: .unknown)

  static func slots(_ indices: [Int], of table: String = "sys_call_table") -> Set<ScanReport.Subject> {
    Set(indices.map { ScanReport.Subject(name: table, index: $0) })
  }

  /// What differs from the expectation, in words; empty if nothing does.
  func complaints(about scan: Scan) -> [String] {
    var complaints: [String] = []
    if scan.exitStatus != verdict.rawValue {
      complaints.append("exit status \(scan.exitStatus) instead of \(verdict.rawValue)")
    }
    guard let report = scan.report else { return complaints + [scan.complaint] }
    if report.status != verdict.word { complaints.append("status \(report.status) instead of \(verdict.word)") }
    let found = Set(report.findings.map(\.subject))
    for subject in found.subtracting(slots).sorted(by: { "\($0)" < "\($1)" }) {
      let message = report.findings.first { $0.subject == subject }?.message ?? ""
      complaints.append("an unexpected finding about \(subject): \(message)")
    }
    for subject in slots.subtracting(found).sorted(by: { "\($0)" < "\($1)" }) {
      complaints.append("no finding about \(subject)")
    }
    if let owner {
      for finding in report.findings
      where slots.contains(finding.subject) && finding.owner?.text.contains(owner) != true {
        complaints.append("\(finding.subject) is owned by \"\(finding.owner?.text ?? "")\" instead of \(owner)")
      }
    }
    if !implantStrings.isEmpty {
      let telling = (report.implants ?? []).filter { implant in
        implantStrings.allSatisfy { implant.strings?.text.contains($0) == true }
      }
      if telling.count != 1 {
        complaints.append("\(telling.count) implants instead of 1 show \(implantStrings.joined(separator: ", "))")
      }
    }
    switch (verdict, report.check("syscall-table")?.outcome) {
    case (.ok, "clear"), (.warning, "found"), (.critical, "found"): break
    // A scan that could not start has no checks; one that lacks something has one without an answer.
    case (.unknown, nil), (.unknown, "unknown"): break
    case (_, let outcome): complaints.append("the outcome of syscall-table is \(outcome ?? "not reported")")
    }
    return complaints
  }
}

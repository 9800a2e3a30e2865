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

  /// A finding that must be there: of which check, and what its subject, its message or its evidence must contain;
  /// nothing if any finding of the check will do.
  struct Named: Sendable {
    let check: String
    let text: String
  }

  /// The checks that also see what another one is asked about: a table of handlers is read-only data, and on kernels that
  /// dispatch by it, the dispatcher.
  static let witnesses: Set<String> = ["kernel-text", "module-text", "syscall-dispatch"]

  let verdict: Verdict
  /// The slots that findings of `syscall-table` must name, and no others.
  var slots: Set<ScanReport.Subject> = []
  /// Must be part of what each of those findings says about the owner.
  var owner: String?
  /// Must all be found in one and the same implant; a guest may have more of the kind, from rows before.
  var implantStrings: [String] = []
  /// What allow rules must have accepted.
  var accepted: Set<ScanReport.Subject> = []
  /// Findings of other checks that must be there.
  var named: [Named] = []
  /// Checks that may have findings of their own about the same thing.
  var witnesses: Set<String> = []

  static let clean = Expectation(verdict: .ok)
  static let unanswered = Expectation(verdict: .unknown)
  /// Nothing is wrong, but without the vendor's image not every byte can be vouched for.
  static let cleanWithoutImage = Expectation(verdict: .unknown)

  /// Entries of tables that lead elsewhere.
  static func replaced(
    slots: Set<ScanReport.Subject>, owner: String? = nil, implantStrings: [String] = [], and named: [Named] = []
  ) -> Expectation {
    Expectation(
      verdict: .critical, slots: slots, owner: owner, implantStrings: implantStrings, named: named,
      witnesses: witnesses)
  }

  /// Code that runs where nobody owns the memory.
  static let unownedCode = Named(check: "executable-memory", text: "no owner")

  static func slots(_ indices: [Int], of table: String = "sys_call_table") -> Set<ScanReport.Subject> {
    Set(indices.map { ScanReport.Subject(name: table, index: $0) })
  }

  /// A change that one check must find and name, and no other check but those may see.
  static func tampered(
    _ check: String, _ text: String, and named: [Named] = [], alsoSeenBy others: Set<String> = []
  ) -> Expectation {
    Expectation(verdict: .critical, named: [Named(check: check, text: text)] + named, witnesses: others)
  }

  /// What differs from the expectation, in words; empty if nothing does.
  func complaints(about scan: Scan) -> [String] {
    var complaints: [String] = []
    if scan.exitStatus != verdict.rawValue {
      complaints.append("exit status \(scan.exitStatus) instead of \(verdict.rawValue)")
    }
    guard let report = scan.report else { return complaints + [scan.complaint] }
    if report.status != verdict.word { complaints.append("status \(report.status) instead of \(verdict.word)") }
    return complaints + complaintsAboutTables(report) + complaintsAboutNamed(report) + complaintsAboutChecks(report)
  }

  private func complaintsAboutTables(_ report: ScanReport) -> [String] {
    var complaints: [String] = []
    let findings = report.check("syscall-table")?.findings ?? []
    let found = Set(findings.map(\.subject))
    for subject in found.subtracting(slots).sorted(by: { "\($0)" < "\($1)" }) {
      let message = findings.first { $0.subject == subject }?.message ?? ""
      complaints.append("an unexpected finding about \(subject): \(message)")
    }
    for subject in slots.subtracting(found).sorted(by: { "\($0)" < "\($1)" }) {
      complaints.append("no finding about \(subject)")
    }
    if let owner {
      for finding in findings where slots.contains(finding.subject) && finding.owner?.text.contains(owner) != true {
        complaints.append("\(finding.subject) is owned by \"\(finding.owner?.text ?? "")\" instead of \(owner)")
      }
    }
    if !implantStrings.isEmpty {
      let telling = (report.implants ?? []).filter { implant in
        implantStrings.allSatisfy { implant.strings?.text.contains($0) == true }
      }
      if telling.isEmpty {
        complaints.append("no implant shows \(implantStrings.joined(separator: ", "))")
      }
    }
    return complaints
  }

  private func complaintsAboutNamed(_ report: ScanReport) -> [String] {
    var complaints: [String] = []
    for named in named {
      let findings = report.check(named.check)?.findings ?? []
      if !findings.contains(where: {
        named.text.isEmpty || "\($0.subject) \($0.message)\n\($0.words)".contains(named.text)
      }) {
        let said = findings.map { "\($0.subject): \($0.message)" }.joined(separator: "; ")
        complaints.append("no finding of \(named.check) about \(named.text), but: \(said.isEmpty ? "none" : said)")
      }
    }
    let expected = witnesses.union(named.map(\.check)).union(["syscall-table"])
    for check in report.checks ?? [] where !expected.contains(check.id) {
      for finding in check.findings ?? [] where !isAboutFixture(check, finding) {
        complaints.append("an unexpected finding of \(check.id) about \(finding.subject): \(finding.message)")
      }
    }
    return complaints
  }

  /// Whether it is said of one of our own modules that nothing vouches for it, where something worse is expected besides.
  private func isAboutFixture(_ check: ScanReport.Check, _ finding: ScanReport.Finding) -> Bool {
    verdict == .critical && check.id == "vendor-files" && Self.isOfFixture(finding)
  }

  /// Whether a finding of `vendor-files` is of one of our own modules.
  static func isOfFixture(_ finding: ScanReport.Finding) -> Bool {
    finding.severity == "warning" && fixtures.contains { finding.subject.name == "module \($0)" }
  }

  private static let fixtures = ["faulty", "hooked", "lying", "resident", "unmapped"]

  private func complaintsAboutChecks(_ report: ScanReport) -> [String] {
    var complaints: [String] = []
    switch (verdict, slots.isEmpty, report.check("syscall-table")?.outcome) {
    case (.ok, _, "clear"), (.warning, true, "clear"), (.critical, true, "clear"), (.critical, false, "found"): break
    // A scan that could not start has no checks; one that lacks something has one without an answer.
    case (.unknown, _, nil), (.unknown, _, "unknown"), (.unknown, _, "clear"): break
    case (_, _, let outcome): complaints.append("the outcome of syscall-table is \(outcome ?? "not reported")")
    }
    let accepted = Set((report.checks ?? []).flatMap { $0.accepted ?? [] }.map(\.subject))
    for subject in self.accepted.subtracting(accepted) { complaints.append("\(subject) was not accepted") }
    if self.accepted.isEmpty, !accepted.isEmpty { complaints.append("accepted without need: \(accepted)") }
    if verdict == .ok {
      for check in report.checks ?? [] {
        if check.outcome != "clear", check.outcome != "not-applicable" {
          complaints.append("the outcome of \(check.id) is \(check.outcome)")
        }
        if check.unexplainedBytes != 0, check.accepted?.isEmpty != false {
          complaints.append("\(check.id) leaves \(check.unexplainedBytes) bytes unexplained")
        }
        if check.unexplainedPointers != 0, check.accepted?.isEmpty != false {
          complaints.append("\(check.id) leaves \(check.unexplainedPointers) pointers unexplained")
        }
        if check.id == "static-pointers", check.outcome == "clear", (check.pointerAccounts ?? []).isEmpty {
          complaints.append("static-pointers counted nothing")
        }
      }
    }
    return complaints
  }
}

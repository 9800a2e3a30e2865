internal import Audit
internal import KernelModel

/// A finding with its place in the report.
struct ReportedFinding {
  /// From 1 on, over the whole report.
  var number: Int
  /// The number of the incident that it is of.
  var incident: Int
  var finding: Finding
  var check: Manual
  /// The number of the implant it leads into, from 1 on, if there is one.
  var implant: Int?

  var innocentCauses: [String] { check.innocentCauses(of: finding) }
  /// What else it could be, where it must be said that there is nothing else.
  var causesOrNone: [String] { innocentCauses.isEmpty ? ["none known"] : innocentCauses }
  /// What to do, in order.
  var response: [String] { check.response(to: finding) }

  /// Where and what, on one line.
  var line: PlainText { "\(finding.subject): \(sentence: finding.observed.words)" }

  /// What makes findings alike: one check, one severity, one kind of owner, one module, one implant.
  struct Likeness: Hashable {
    var check: String
    var severity: Finding.Severity
    var owner: String?
    var module: String?
    var implant: Int?
  }

  var likeness: Likeness {
    Likeness(
      check: check.id, severity: finding.severity, owner: finding.owner?.kind, module: finding.owner?.place?.module,
      implant: implant)
  }

  /// The findings of `verdict`, incident by incident; of each the critical ones first, then in the checks' order, then by
  /// subject.
  static func all(of verdict: Verdict, implants: [Implant]) -> [ReportedFinding] {
    ReportedIncident.all(of: verdict, implants).flatMap(\.findings)
  }

  /// Runs of findings that are alike, in the order of their first one.
  static func groups(of findings: [ReportedFinding]) -> [[ReportedFinding]] {
    var groups: [[ReportedFinding]] = []
    var indexOfGroup: [Likeness: Int] = [:]
    for finding in findings {
      if let index = indexOfGroup[finding.likeness] {
        groups[index].append(finding)
      } else {
        indexOfGroup[finding.likeness] = groups.count
        groups.append([finding])
      }
    }
    return groups
  }
}

extension Finding {
  /// What is wrong, in the words and the order of every report for a person.
  var parts: [(name: PlainText, text: PlainText)] {
    var parts: [(name: PlainText, text: PlainText)] = [
      ("wrong", PlainText(sentence: message)), ("expected", PlainText(sentence: expected.words)),
      ("observed", PlainText(sentence: observed.words)),
    ]
    if let owner { parts.append(("owner", PlainText(sentence: owner.description))) }
    return parts
  }
}

extension Answer {
  /// The findings by severity, worst first, then by subject and message.
  var sortedFindings: [Finding] {
    findings.sorted {
      $0.severity != $1.severity
        ? $0.severity > $1.severity
        : ($0.subject, $0.message, $0.observed.words) < ($1.subject, $1.message, $1.observed.words)
    }
  }
}

extension Implant {
  /// Whether the finding leads into this run.
  func explains(_ finding: Finding) -> Bool {
    guard let target = finding.target else { return subjects.contains(finding.subject) }
    return run.contains(target)
  }
}

extension Verdict {
  /// The implants by address.
  var sortedImplants: [Implant] {
    implants.sorted { ($0.run.start, $0.run.byteCount) < ($1.run.start, $1.run.byteCount) }
  }
}

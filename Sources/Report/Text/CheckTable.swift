internal import Audit
internal import KernelModel

extension Page {
  /// One line for each check, the outcome in a fixed column, and under it what the answer rests on.
  ///
  /// - Parameter isVerbose: whether all that it rests on is told, or only what came of the second look.
  mutating func writeChecks(_ answers: [Answer], isVerbose: Bool) {
    guard !answers.isEmpty else { return }
    blank()
    line("CHECKS", as: .heading)
    let column = 13 + min(20, answers.map(\.check.id.count).max() ?? 0)
    for answer in answers {
      let head: PlainText = "\(answer.tableWord.padded(to: 8)) \(answer.check.id)"
      entry(head, answer.summary, indent: 2, column: column, as: Theme.Role(answer.status))
      if isVerbose {
        for expectation in answer.sortedExpectations { write(expectation) }
      }
      let remarks = isVerbose ? answer.allRemarks : answer.remarks
      entries("remark", remarks.map { PlainText(sentence: $0) }, indent: 11, column: Self.details)
    }
  }

  private static var details: Int { 21 }

  private mutating func write(_ expectation: Expectation) {
    entry("compared", expectation.sentence, indent: 11, column: Self.details)
    for reason in expectation.whyNotBetter {
      entry("-", PlainText(sentence: reason), indent: Self.details, column: Self.details + 2)
    }
  }
}

extension Expectation {
  /// What was compared with what, and how good that is; the reasons why there was nothing better follow it.
  var sentence: PlainText {
    let rungs = Rung.allCases
    let rung = (rungs.firstIndex(of: self.rung) ?? 0) + 1
    let colon: PlainText = whyNotBetter.isEmpty ? "" : "; nothing better because:"
    return
      "\(subject) with \(sentence: source) (\(self.rung.rawValue), rung \(rung) of \(rungs.count))\(colon)"
  }
}

extension Answer {
  /// The outcome's word in the table; what is found stands out without colour.
  var tableWord: PlainText {
    switch outcome {
    case .clear: "clear"
    case .found: "FOUND"
    case .unknown: "unknown"
    case .notApplicable: "n-a"
    }
  }

  var summary: PlainText {
    let facts = Conclusion.count(examination.facts.count, "fact")
    switch outcome {
    case .clear:
      return "nothing found in \(facts)"
    case .found:
      let critical = findings.count { $0.severity == .critical }
      let warnings = findings.count - critical
      var parts: [PlainText] = []
      if critical > 0 { parts.append(Conclusion.count(critical, "critical finding")) }
      if warnings > 0 { parts.append(Conclusion.count(warnings, "warning")) }
      let open = openQuestions.count
      let rest: PlainText = open > 0 ? "; \(Conclusion.count(open, "question")) left open" : ""
      return "\(PlainText.join(parts, " and ")), from \(facts)\(rest)"
    case .unknown:
      return "\(Conclusion.count(openQuestions.count, "question")) left open after \(facts)"
    case .notApplicable(let reason):
      return PlainText(sentence: reason)
    }
  }
}

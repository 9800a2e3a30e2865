internal import Audit
internal import KernelModel

/// What a person is to do about a verdict, each list of steps once.
struct Instructions {
  struct Entry {
    /// From 1 on.
    var number: Int
    var steps: [String]
    /// The findings it is for; none if it is about something else.
    var findings: [Int]
    /// What it is about, if not findings.
    var subject: PlainText
  }

  private(set) var entries: [Entry] = []
  private var numbers: [[String]: Int] = [:]
  private let limit: Int

  init(_ verdict: Verdict, _ plan: FindingPlan, _ limits: TextLimits) {
    limit = limits.entries
    for reported in plan.entries.map(\.first) {
      add(reported.response, for: [reported.number], about: "")
    }
    for question in verdict.answers.flatMap(\.openQuestions) {
      add([question.remedy], for: [], about: "questions left open")
    }
    guard let baseline = verdict.baseline else { return }
    if let withheld = baseline.withheld { add([withheld.whatToDo], for: [], about: "the baseline") }
    if !baseline.drift.isEmpty { add([BaselineComparison.afterDrift], for: [], about: "what drifted") }
  }

  /// The number of the list that has just these steps, or nil if there was no room for it.
  func number(of steps: [String]) -> Int? { numbers[steps] }

  private mutating func add(_ steps: [String], for findings: [Int], about subject: PlainText) {
    guard steps.contains(where: { !$0.isEmpty }) else { return }
    if let number = numbers[steps] {
      entries[number - 1].findings += findings
    } else if entries.count < limit {
      numbers[steps] = entries.count + 1
      entries.append(Entry(number: entries.count + 1, steps: steps, findings: findings, subject: subject))
    }
  }
}

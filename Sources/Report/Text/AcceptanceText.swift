internal import Audit
internal import KernelModel

extension Page {
  /// What allow rules or the baseline accept: never silently, and no part of the status.
  mutating func writeAcceptances(_ answers: [Answer], _ limits: TextLimits) {
    let accepted = answers.flatMap { answer in answer.accepted.map { (answer.check.id, $0) } }
    guard !accepted.isEmpty else { return }
    blank()
    line("ACCEPTED  \(accepted.count), no part of the status", as: .heading)
    for (check, acceptance) in accepted.prefix(limits.entries) {
      let finding = acceptance.finding
      entry(
        "*", "\(finding.subject) (\(check)): \(sentence: finding.message)", indent: 2, column: 4, hanging: 6)
      entry("who", PlainText(sentence: acceptance.identity), indent: 4, column: 10)
      entry("rule", PlainText(sentence: acceptance.rule), indent: 4, column: 10)
      entry("why", PlainText(sentence: acceptance.reason), indent: 4, column: 10)
    }
    if accepted.count > limits.entries {
      line("and \(accepted.count - limits.entries) more: \(TextLimits.elsewhere)", indent: 2)
    }
  }
}

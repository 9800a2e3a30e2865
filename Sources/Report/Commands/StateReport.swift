package import KernelModel

/// What a baseline holds, for a person.
package struct StateReport {
  private let state: RecordedState
  private let source: String
  private let signature: String?

  /// - Parameter signature: what the baseline's signature claims; nil if it has none.
  package init(_ state: RecordedState, source: String, signature: String?) {
    self.state = state
    self.source = source
    self.signature = signature
  }

  /// A line for each fact, under its check.
  package var text: String {
    var page = Page(theme: .plain)
    page.entry("baseline", PlainText(source), indent: 0, column: 10)
    page.entry(
      "kernel", "\(state.release) \(state.machine), build id \(state.buildID)", indent: 0, column: 10)
    page.entry("signature", PlainText(sentence: signature ?? "none"), indent: 0, column: 10)
    for check in state.checks {
      page.blank()
      let word: PlainText = check.isAnswered ? "answered" : "not wholly answered"
      page.line("\(check.id): \(word), \(Conclusion.count(check.facts.count, "fact"))")
      for subject in check.unanswered {
        page.entry("?", "\(subject) was not answered", indent: 2, column: 4, hanging: 6)
      }
      for fact in check.facts {
        page.entry("*", "\(fact.subject): \(sentence: fact.fact.description)", indent: 2, column: 4, hanging: 6)
      }
    }
    return page.text
  }
}

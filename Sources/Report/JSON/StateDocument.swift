internal import Audit
internal import KernelModel

/// What lasts of a kernel's state, as JSON says it: the facts that a baseline would remember, without addresses and times.
///
/// Two hosts in one state have the same digest.
struct StateDocument: Encodable {
  let digest: PlainText
  let checks: [OfCheck]

  struct OfCheck: Encodable {
    let id: PlainText
    let isAnswered: Bool
    let digest: PlainText
    /// None where there are more than ``StateDocument/mostFacts``: the digest tells whether they are the same.
    let facts: OrNull<[OneFact]>
  }

  struct OneFact: Encodable {
    let subject: PlainText
    let value: PlainText
  }

  /// Facts of one check that are listed.
  static let mostFacts = 256

  /// - Parameter digest: of bytes, as text.
  init(_ state: RecordedState, _ digest: ([UInt8]) -> String) {
    var all = ""
    checks = state.checks.map { check in
      let facts = Dictionary(grouping: check.facts, by: \.subject).map { subject, facts in
        OneFact(
          subject: PlainText(sentence: subject.description),
          value: .join(facts.map { PlainText(sentence: $0.fact.description) }, "; "))
      }.sorted { $0.subject.description < $1.subject.description }
      let text = facts.map { "\($0.subject)\t\($0.value)\n" }.joined()
      let own = digest(Array(text.utf8))
      all += "\(check.id)\t\(check.isAnswered)\t\(own)\n"
      return OfCheck(
        id: PlainText(check.id), isAnswered: check.isAnswered, digest: PlainText(own),
        facts: OrNull(facts.count > Self.mostFacts ? nil : facts))
    }
    self.digest = PlainText(digest(Array("\(state.release)\t\(state.buildID)\n\(all)".utf8)))
  }
}

internal import Audit
internal import KernelModel

/// One check's answer as JSON says it.
struct CheckDocument: Encodable {
  let id: PlainText
  let question: PlainText
  let outcome: PlainText
  /// Why the question does not arise, if it does not.
  let notApplicable: OrNull<PlainText>
  let facts: Int
  let remarks: [PlainText]
  let expectations: [ExpectationDocument]
  let textAccounts: [TextAccountDocument]
  let pointerAccounts: [PointerAccountDocument]
  let unanswered: [UnansweredDocument]
  let findings: [FindingDocument]
  let accepted: [AcceptanceDocument]

  init(_ answer: Answer) {
    id = PlainText(answer.check.id)
    question = PlainText(sentence: answer.check.question)
    outcome = PlainText(answer.outcome.word)
    if case .notApplicable(let reason) = answer.outcome {
      notApplicable = OrNull(PlainText(sentence: reason))
    } else {
      notApplicable = OrNull(nil)
    }
    facts = answer.examination.facts.count
    remarks = answer.allRemarks.map { PlainText(sentence: $0) }
    expectations = answer.sortedExpectations.map(ExpectationDocument.init)
    textAccounts = answer.examination.accounts.map(TextAccountDocument.init)
    pointerAccounts = answer.examination.pointerAccounts.map(PointerAccountDocument.init)
    unanswered = answer.openQuestions.map(UnansweredDocument.init)
    findings = answer.sortedFindings.map { FindingDocument($0, answer.check, hasData: true) }
    accepted = answer.accepted.map(AcceptanceDocument.init)
  }
}

/// What a check compared with.
struct ExpectationDocument: Encodable {
  let subject: PlainText
  let rung: PlainText
  let source: PlainText
  let whyNotBetter: [PlainText]

  init(_ expectation: Expectation) {
    subject = PlainText(expectation.subject)
    rung = PlainText(expectation.rung.rawValue)
    source = PlainText(sentence: expectation.source)
    whyNotBetter = expectation.whyNotBetter.map { PlainText(sentence: $0) }
  }
}

/// What was compared of one object, and what explains its changed bytes.
struct TextAccountDocument: Encodable {
  let object: PlainText
  let comparedBytes: UInt64
  let mechanisms: [MechanismDocument]
  let unexplainedBytes: UInt64

  init(_ account: TextAccount) {
    object = PlainText(account.object)
    comparedBytes = account.comparedBytes
    mechanisms = account.rows.map(MechanismDocument.init)
    unexplainedBytes = account.unexplainedBytes
  }
}

/// What one mechanism explains of one object.
struct MechanismDocument: Encodable {
  let id: PlainText
  let title: PlainText
  let sites: UInt64
  let changedBytes: UInt64

  init(_ row: TextAccount.Row) {
    id = PlainText(row.mechanism)
    title = PlainText(sentence: row.title)
    sites = row.sites
    changedBytes = row.changedBytes
  }
}

/// Where the pointers to code of one object lead.
struct PointerAccountDocument: Encodable {
  let object: PlainText
  let pointers: UInt64
  let unchanged: UInt64
  let samePrototype: UInt64
  let unknownPrototype: UInt64
  let empty: UInt64
  let followed: UInt64
  let unexplained: UInt64

  init(_ account: PointerAccount) {
    object = PlainText(account.object)
    pointers = account.pointers
    unchanged = account.unchanged
    samePrototype = account.alike
    unknownPrototype = account.untyped
    empty = account.empty
    followed = account.followed
    unexplained = account.unexplained
  }
}

/// A part of the question that has no answer.
struct UnansweredDocument: Encodable {
  let subject: SubjectDocument
  let reason: PlainText
  let remedy: PlainText

  init(_ question: OpenQuestion) {
    subject = SubjectDocument(question.subject)
    reason = PlainText(sentence: question.reason)
    remedy = PlainText(sentence: question.remedy)
  }
}

/// What a finding is about.
struct SubjectDocument: Encodable {
  let name: PlainText
  let index: OrNull<Int>
  let label: OrNull<PlainText>

  init(_ subject: Subject) {
    name = PlainText(subject.name)
    index = OrNull(subject.index)
    label = OrNull(subject.label.map { PlainText($0) })
  }
}

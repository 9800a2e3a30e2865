internal import Audit
internal import KernelModel

/// A finding that an allow rule accepts, as JSON says it.
struct AcceptanceDocument: Encodable {
  let subject: SubjectDocument
  let message: PlainText
  let severity: PlainText
  let owner: OrNull<OwnerDocument>
  let identity: PlainText
  let rule: PlainText
  let reason: PlainText

  init(_ acceptance: Acceptance) {
    subject = SubjectDocument(acceptance.finding.subject)
    message = PlainText(sentence: acceptance.finding.message)
    severity = PlainText(acceptance.finding.severity.rawValue)
    owner = OrNull(acceptance.finding.owner.map(OwnerDocument.init))
    identity = PlainText(sentence: acceptance.identity)
    rule = PlainText(sentence: acceptance.rule)
    reason = PlainText(sentence: acceptance.reason)
  }
}

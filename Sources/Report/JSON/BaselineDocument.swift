internal import Audit
internal import KernelModel

/// How a kernel compares with its baseline, as JSON says it.
struct BaselineDocument: Encodable {
  let source: PlainText
  let outcome: PlainText
  /// When the baseline was signed or, if no signature was asked for, written.
  let recordedAt: OrNull<PlainText>
  /// Of the key whose signature was verified.
  let keyID: OrNull<PlainText>
  /// Why nothing was compared.
  let withheld: OrNull<WithheldDocument>
  let remarks: [PlainText]
  let drift: [DriftDocument]

  init(_ comparison: BaselineComparison) {
    source = PlainText(comparison.source)
    outcome = PlainText(comparison.outcome.word)
    recordedAt = OrNull(comparison.recordedAt.map { PlainText($0) })
    keyID = OrNull(comparison.keyID.map { PlainText($0) })
    withheld = OrNull(comparison.withheld.map(WithheldDocument.init))
    remarks = comparison.remarks.map { PlainText(sentence: $0) }
    drift = comparison.drift.map(DriftDocument.init)
  }
}

/// One fact that is not as it was.
struct DriftDocument: Encodable {
  let kind: PlainText
  let check: PlainText
  let subject: SubjectDocument
  let was: OrNull<PlainText>
  let now: OrNull<PlainText>

  init(_ drift: Drift) {
    kind = PlainText(drift.kind.rawValue)
    check = PlainText(drift.check)
    subject = SubjectDocument(drift.subject)
    was = OrNull(drift.was.map { PlainText(sentence: $0) })
    now = OrNull(drift.now.map { PlainText(sentence: $0) })
  }
}

extension BaselineComparison {
  /// Why nothing was compared; nil if it was.
  var withheld: Withheld? {
    switch outcome {
    case .absent(let withheld), .refused(let withheld): withheld
    case .unchanged, .drifted: nil
    }
  }
}

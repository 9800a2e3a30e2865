internal import KernelModel

/// One finding as JSON says it.
struct FindingDocument: Encodable {
  let severity: PlainText
  let subject: SubjectDocument
  let message: PlainText
  let expected: PlainText
  let observed: PlainText
  let owner: OrNull<OwnerDocument>
  let target: OrNull<PlainText>
  let evidence: [EvidenceDocument]
  let meaning: PlainText
  let innocentCauses: [PlainText]
  let response: [PlainText]

  init(_ finding: Finding, _ check: Manual) {
    severity = PlainText(finding.severity.rawValue)
    subject = SubjectDocument(finding.subject)
    message = PlainText(sentence: finding.message)
    expected = PlainText(sentence: finding.expected)
    observed = PlainText(sentence: finding.observed)
    owner = OrNull(finding.owner.map(OwnerDocument.init))
    target = OrNull(finding.target.map { "\($0)" })
    evidence = finding.evidence.map(EvidenceDocument.init)
    meaning = PlainText(sentence: finding.meaning)
    innocentCauses = ReportedFinding.innocentCauses(of: finding, check).map { PlainText(sentence: $0) }
    response = ReportedFinding.response(to: finding, check).map { PlainText(sentence: $0) }
  }
}

/// Whose memory something is in.
struct OwnerDocument: Encodable {
  let kind: PlainText
  let place: OrNull<PlaceDocument>
  let description: PlainText

  init(_ owner: Owner) {
    kind = PlainText(owner.kind)
    place = OrNull(owner.place.map(PlaceDocument.init))
    description = PlainText(sentence: owner.description)
  }
}

/// A symbol and an offset.
struct PlaceDocument: Encodable {
  let symbol: PlainText
  let offset: UInt64
  let module: OrNull<PlainText>

  init(_ place: Place) {
    symbol = PlainText(place.symbol)
    offset = place.offset
    module = OrNull(place.module.map { PlainText($0) })
  }
}

/// A name and a value that support a finding.
struct EvidenceDocument: Encodable {
  let name: PlainText
  let value: PlainText

  init(_ evidence: Finding.Evidence) {
    name = PlainText(evidence.name)
    value = PlainText(sentence: evidence.value)
  }
}

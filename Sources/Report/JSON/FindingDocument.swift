internal import KernelModel

/// One finding as JSON says it: in words, and its values whole where the document has room for them.
struct FindingDocument: Encodable {
  let severity: PlainText
  let subject: SubjectDocument
  let message: PlainText
  let expected: PlainText
  let observed: PlainText
  /// What `expected` and `observed` were made from.
  let expectedData: [ValueDocument]?
  let observedData: [ValueDocument]?
  let owner: OrNull<OwnerDocument>
  let target: OrNull<PlainText>
  let evidence: [EvidenceDocument]
  let techniques: [TechniqueDocument]
  let meaning: PlainText
  let innocentCauses: [PlainText]
  let response: [PlainText]

  /// - Parameter hasData: false for streams of events: an index has no use for lists of values of several kinds.
  init(_ finding: Finding, _ check: Manual, hasData: Bool) {
    severity = PlainText(finding.severity.rawValue)
    subject = SubjectDocument(finding.subject)
    message = PlainText(sentence: finding.message)
    expected = PlainText(sentence: finding.expected.words)
    observed = PlainText(sentence: finding.observed.words)
    expectedData = hasData ? ValueDocument.all(of: finding.expected) : nil
    observedData = hasData ? ValueDocument.all(of: finding.observed) : nil
    owner = OrNull(finding.owner.map(OwnerDocument.init))
    target = OrNull(finding.target.map { "\($0)" })
    evidence = finding.evidence.map { EvidenceDocument($0, hasData: hasData) }
    techniques = finding.techniques.map(TechniqueDocument.init)
    meaning = PlainText(sentence: finding.meaning)
    innocentCauses = check.innocentCauses(of: finding).map { PlainText(sentence: $0) }
    response = check.response(to: finding).map { PlainText(sentence: $0) }
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
  /// What `value` was made from.
  let data: [ValueDocument]?

  init(_ evidence: Finding.Evidence, hasData: Bool) {
    name = PlainText(evidence.name)
    value = PlainText(sentence: evidence.value.words)
    data = hasData ? ValueDocument.all(of: evidence.value) : nil
  }
}

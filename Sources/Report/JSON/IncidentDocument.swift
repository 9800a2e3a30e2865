internal import Audit
internal import KernelModel

/// An incident as JSON says it.
struct IncidentDocument: Encodable {
  let number: Int
  let severity: PlainText
  let culprit: Culprit
  let sentence: PlainText
  let paragraph: PlainText
  let effects: [EffectDocument]
  let grounds: [GroundDocument]
  let families: [PlainText]
  let techniques: [TechniqueDocument]
  /// The numbers of the implants that it consists of.
  let implants: [Int]
  let findings: [Reference]

  struct Culprit: Encodable {
    let kind: PlainText
    let name: OrNull<PlainText>
    let address: OrNull<PlainText>
    let description: PlainText
  }

  /// Which finding of which check.
  struct Reference: Encodable {
    let check: PlainText
    let subject: SubjectDocument
  }

  init(_ reported: ReportedIncident, _ allImplants: [Implant]) {
    let incident = reported.incident
    number = reported.number
    severity = PlainText(incident.severity.rawValue)
    let address: PlainText? = if case .unownedCode(let address) = incident.culprit { "\(address)" } else { nil }
    culprit = Culprit(
      kind: incident.culprit.kind, name: OrNull(incident.culprit.name.map { PlainText($0) }), address: OrNull(address),
      description: incident.culprit.words(.whole))
    sentence = incident.headline(.headline)
    paragraph = .join(reported.paragraph(allImplants, .whole), " ")
    effects = incident.effects.map(EffectDocument.init)
    grounds = incident.grounds.map(GroundDocument.init)
    families = incident.families.map { PlainText($0) }
    techniques = incident.techniques.map(TechniqueDocument.init)
    implants = incident.implants.map { $0 + 1 }
    findings = reported.findings.map {
      Reference(check: PlainText($0.check.id), subject: SubjectDocument($0.finding.subject))
    }
  }
}

/// What was done, and to what.
struct EffectDocument: Encodable {
  let verb: PlainText
  let object: PlainText

  init(_ effect: Finding.Effect) {
    verb = PlainText(effect.verb.rawValue)
    object = PlainText(effect.object)
  }
}

/// How something is known.
struct GroundDocument: Encodable {
  let proof: PlainText
  let rung: OrNull<PlainText>
  let checks: [PlainText]

  init(_ ground: Incident.Ground) {
    proof = PlainText(ground.proof.rawValue)
    rung = OrNull(ground.rung.map { PlainText($0.rawValue) })
    checks = ground.checks.map { PlainText($0) }
  }
}

/// A technique of MITRE ATT&CK.
struct TechniqueDocument: Encodable {
  let id: PlainText
  let name: PlainText

  init(_ technique: Technique) {
    id = PlainText(technique.number)
    name = PlainText(technique.title)
  }
}

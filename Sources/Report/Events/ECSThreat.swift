internal import Audit
internal import KernelModel

/// The fields of `threat`.
///
/// Source: Elastic Common Schema 8.11, "Threat Fields": arrays, in which the names stand as the numbers do.
struct ECSThreat: Encodable {
  let framework: PlainText = "MITRE ATT&CK"
  let technique: Techniques

  struct Techniques: Encodable {
    let id: [PlainText]
    let name: [PlainText]
    let subtechnique: Kinds?
  }

  struct Kinds: Encodable {
    let id: [PlainText]
    let name: [PlainText]
  }

  /// - Returns: nil if there is no technique.
  init?(_ techniques: [Technique]) {
    guard !techniques.isEmpty else { return nil }
    var names: [String: String] = [:]
    for technique in techniques { names[technique.id] = technique.name }
    let sorted = names.sorted { $0.key < $1.key }
    let kinds = techniques.compactMap(\.kind)
    technique = Techniques(
      id: sorted.map { PlainText($0.key) }, name: sorted.map { PlainText($0.value) },
      subtechnique: kinds.isEmpty
        ? nil : Kinds(id: kinds.map { PlainText($0.id) }, name: kinds.map { PlainText($0.name) }))
  }
}

extension VerdictEvent {
  /// The techniques that it is a sign of, by number.
  var techniques: [Technique] {
    switch self {
    case .verdict(let verdict): Technique.of(verdict.findings.flatMap(\.effects))
    case .finding(let reported): reported.finding.techniques
    case .accepted(let acceptance, _): acceptance.finding.techniques
    case .drift, .unanswered: []
    }
  }
}

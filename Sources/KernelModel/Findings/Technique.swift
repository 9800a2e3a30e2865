/// A technique of adversaries, by the number and the name that MITRE ATT&CK gives it.
///
/// Source: MITRE ATT&CK for Enterprise, v15, platform Linux.
package struct Technique: Hashable, Sendable {
  /// `T1547`.
  package let id: String
  package let name: String
  /// Of the technique, where one of its kinds is meant: `.006` and its name.
  package let kind: Kind?

  package struct Kind: Hashable, Sendable {
    /// `T1547.006`.
    package let id: String
    package let name: String
  }

  /// The number that says most: the kind's, where there is one.
  package var number: String { kind?.id ?? id }
  package var title: String { kind.map { "\(name): \($0.name)" } ?? name }

  private init(_ id: String, _ name: String, _ kind: Kind? = nil) {
    self.id = id
    self.name = name
    self.kind = kind
  }

  static let rootkit = Technique("T1014", "Rootkit")
  static let masquerading = Technique("T1036", "Masquerading")
  static let triggeredExecution = Technique("T1546", "Event Triggered Execution")
  static let kernelModule = Technique(
    "T1547", "Boot or Logon Autostart Execution", Kind(id: "T1547.006", name: "Kernel Modules and Extensions"))
  static let elevation = Technique("T1548", "Abuse Elevation Control Mechanism")
  static let subvertedTrust = Technique("T1553", "Subvert Trust Controls")
  static let compromisedFile = Technique("T1554", "Compromise Host Software Binary")
  static let impairedDefenses = Technique("T1562", "Impair Defenses")
  static let blockedIndicators = Technique(
    "T1562", "Impair Defenses", Kind(id: "T1562.006", name: "Indicator Blocking"))
  static let hiddenArtifacts = Technique("T1564", "Hide Artifacts")
}

extension Finding.Effect.Verb {
  /// The techniques that it is a part of.
  package var techniques: [Technique] {
    switch self {
    case .redirectsSystemCall, .redirects, .callsUnownedCode, .intercepts, .alters, .runsUnownedCode: [.rootkit]
    case .hidesModule: [.rootkit, .kernelModule]
    case .hides: [.rootkit, .hiddenArtifacts]
    case .falsifies: [.rootkit, .blockedIndicators]
    case .loadsModule: [.kernelModule]
    case .grantsRights: [.elevation]
    case .disguises: [.masquerading]
    case .trustsKey: [.subvertedTrust]
    case .startsProgram: [.triggeredExecution]
    case .unprotects: [.impairedDefenses]
    case .replacesFile: [.compromisedFile]
    }
  }
}

extension Finding {
  /// The techniques that the finding is a sign of, each once, by number.
  package var techniques: [Technique] { Technique.of(effects) }
}

extension Technique {
  /// The techniques of `effects`, each once, by number.
  package static func of(_ effects: some Sequence<Finding.Effect>) -> [Technique] {
    Set(effects.flatMap(\.verb.techniques)).sorted { $0.number < $1.number }
  }
}

package import KernelModel

/// What happened, as far as findings of one cause tell it: who, what they do, and how that is known.
package struct Incident: Hashable, Sendable {
  /// Who did it, by what is known of them.
  package enum Culprit: Hashable, Sendable {
    /// A module that is missing from a list that it belongs on.
    case hiddenModule(String)
    /// A listed module, and whether something vouches for it.
    case module(String, isVouchedFor: Bool)
    /// Code in memory that nothing accounts for: the lowest place that is led to.
    case unownedCode(KernelAddress)
    /// A BPF program.
    case program(Finding.Program, Finding.LoadedProgram?)
    case unknown

    /// Whether it has a name or a place.
    package var isKnown: Bool { self != .unknown }
  }

  /// One way of knowing, and the checks that know by it.
  package struct Ground: Hashable, Sendable {
    package var proof: Finding.Proof
    /// The best that a comparison compared with; nil for another proof, and where the check does not say.
    package var rung: Expectation.Rung?
    /// Their ids, in the order of the findings.
    package var checks: [String]
  }

  package var culprit: Culprit
  package var severity: Finding.Severity
  /// Its findings, by their places in the list that was grouped, lowest first.
  package var witnesses: [Int]
  /// What was done, each once, by the order of the verbs and then of the findings.
  package var effects: [Finding.Effect]
  package var grounds: [Ground]
  /// The implants that it consists of, by their places in the list that was given, lowest first.
  package var implants: [Int]
  /// Whose marks the implants bear, each family once, the most specific first.
  package var families: [String]

  package var techniques: [Technique] { Technique.of(effects) }

  /// One finding, and what its check says of it.
  package struct Witness: Hashable, Sendable {
    package var finding: Finding
    package var check: Manual
    /// The best that its check compared with.
    package var rung: Expectation.Rung?

    package init(_ finding: Finding, of answer: Answer) {
      self.finding = finding
      check = answer.check
      let rungs = answer.examination.expectations.map(\.rung)
      rung = Expectation.Rung.allCases.first(where: rungs.contains)
    }
  }
}

extension Incident {
  /// What `witnesses` tell of, the worst first and whoever is known before who is not.
  ///
  /// A pure function: the same findings in the same order, the same incidents.
  package static func all(of witnesses: [Witness], _ implants: [Implant]) -> [Incident] {
    let groups = IncidentGroups(witnesses.map(\.finding), implants).groups
    return groups.map { Incident($0, witnesses, implants) }.sorted {
      ($1.severity, $0.culprit.isKnown ? 0 : 1, $0.witnesses[0]) < (
        $0.severity, $1.culprit.isKnown ? 0 : 1, $1.witnesses[0]
      )
    }
  }

  /// - Parameter group: places in `witnesses`, at least one, lowest first.
  private init(_ group: [Int], _ all: [Witness], _ implants: [Implant]) {
    let witnesses = group.map { all[$0] }
    let findings = witnesses.map(\.finding)
    self.witnesses = group
    culprit = Culprit(of: findings)
    severity = findings.map(\.severity).max() ?? .warning
    let effects = Self.effects(of: findings)
    self.effects = Finding.Effect.Verb.allCases.flatMap { verb in effects.filter { $0.verb == verb } }
    grounds = Self.grounds(witnesses)
    self.implants = implants.indices.filter { index in findings.contains { implants[index].isLedInto(by: $0) } }
    var families: Set<String> = []
    self.families = self.implants.flatMap { implants[$0].signatures.map(\.family) }.filter {
      families.insert($0).inserted
    }
  }

  /// What the findings say was done, each once; what a system call is changed by is not told beside the call.
  private static func effects(of findings: [Finding]) -> [Finding.Effect] {
    let calls = findings.filter { $0.effects.contains { $0.verb == .redirectsSystemCall } }.flatMap(\.places)
    var seen: Set<Finding.Effect> = []
    return findings.flatMap { finding -> [Finding.Effect] in
      guard finding.effects.contains(where: { $0.verb == .redirects }), !finding.places.isEmpty,
        finding.places.allSatisfy({ place in calls.contains { $0.overlaps(place) } })
      else { return finding.effects }
      return finding.effects.filter { $0.verb != .redirects }
    }.filter { seen.insert($0).inserted }
  }

  private static func grounds(_ witnesses: [Witness]) -> [Ground] {
    var grounds: [Ground] = []
    for witness in witnesses {
      let proof = witness.check.proof(of: witness.finding)
      let rung = proof == .comparison ? witness.rung : nil
      if let index = grounds.firstIndex(where: { $0.proof == proof && $0.rung == rung }) {
        if !grounds[index].checks.contains(witness.check.id) { grounds[index].checks.append(witness.check.id) }
      } else {
        grounds.append(Ground(proof: proof, rung: rung, checks: [witness.check.id]))
      }
    }
    let order = Finding.Proof.allCases
    return grounds.enumerated().sorted {
      (order.firstIndex(of: $0.element.proof) ?? 0, $0.offset) < (
        order.firstIndex(of: $1.element.proof) ?? 0, $1.offset
      )
    }.map(\.element)
  }
}

extension Incident.Culprit {
  /// Who did what `findings` of one cause show: whoever is hidden before who is listed, a module before bare memory.
  fileprivate init(of findings: [Finding]) {
    if let hidden = findings.lazy.compactMap(\.hiddenModule).first {
      self = .hiddenModule(hidden)
    } else if let stranger = findings.lazy.compactMap(\.stranger?.module).first {
      self = .module(stranger, isVouchedFor: false)
    } else if let module = findings.lazy.compactMap(\.leadingModule).first {
      self = .module(module, isVouchedFor: true)
    } else if let place = findings.compactMap(\.unownedTarget).min() {
      self = .unownedCode(place)
    } else if let finding = findings.first(where: { $0.program != nil }), let program = finding.program {
      self = .program(program, finding.loadedProgram)
    } else {
      self = .unknown
    }
  }
}

extension Implant {
  /// Whether the finding leads into this run or what it refers to.
  fileprivate func isLedInto(by finding: Finding) -> Bool {
    guard let target = finding.target else { return subjects.contains(finding.subject) }
    return run.contains(target) || finding.unownedTarget != nil && referencedRuns.contains { $0.contains(target) }
  }
}

internal import KernelModel

/// The operator's allow rules, applied to what the checks find in one kernel.
final class Allowance {
  private let rules: [AllowRule]
  private let identifier: any ModuleIdentifier
  private let kernel: Kernel
  /// Which module really is loaded under each name, found out once for all checks: all of its code is compared.
  private var identities: [String: Result<ModuleIdentity, CannotCheck>] = [:]

  init(rules: [AllowRule], identifier: any ModuleIdentifier, in kernel: Kernel) {
    self.rules = rules
    self.identifier = identifier
    self.kernel = kernel
  }

  /// What came of one check's findings.
  struct Ruling {
    var kept: [Finding] = []
    var accepted: [Acceptance] = []
    /// Why rules about the owners of findings do not apply.
    var remarks: [String] = []
  }

  /// Which of `findings` of the check `id` are accepted.
  func rule(on findings: [Finding], of id: String) -> Ruling {
    var ruling = Ruling()
    var modules: Set<String> = []
    var programs: Set<Finding.Program> = []
    let rules = rules.filter { $0.checks.contains(id) }
    for finding in findings {
      if let program = finding.program {
        programs.insert(program)
        if let rule = rules.first(where: { $0.program == program }) {
          ruling.accepted.append(
            Acceptance(
              finding: finding, rule: rule.source, identity: "BPF program \(program.name), tag \(program.tag)",
              reason: rule.reason))
        } else {
          ruling.kept.append(finding)
        }
        continue
      }
      guard let module = finding.owningModule, rules.contains(where: { $0.proof(for: module) != nil }) else {
        ruling.kept.append(finding)
        continue
      }
      modules.insert(module)
      let identity = identity(of: module)
      if let acceptance = rules.lazy.compactMap({ Self.accept(finding, by: $0, module, identity) }).first {
        ruling.accepted.append(acceptance)
      } else {
        ruling.kept.append(finding)
      }
    }
    for module in modules.sorted() {
      for rule in rules {
        if let proof = rule.proof(for: module), let why = Self.objection(to: proof, module, identity(of: module)) {
          ruling.remarks.append("the allow rule at \(rule.source) does not apply: \(why)")
        }
      }
    }
    for rule in rules {
      guard let meant = rule.program, !programs.contains(meant),
        let other = programs.filter({ $0.name == meant.name }).map(\.tag).min()
      else { continue }
      ruling.remarks.append(
        "the allow rule at \(rule.source) does not apply: the tag of BPF program \(meant.name) is \(other)")
    }
    return ruling
  }

  private func identity(of module: String) -> Result<ModuleIdentity, CannotCheck> {
    if let known = identities[module] { return known }
    let identity = Result { () throws(CannotCheck) in try identifier.identity(ofModule: module, in: kernel) }
    identities[module] = identity
    return identity
  }

  private static func accept(
    _ finding: Finding, by rule: AllowRule, _ module: String, _ identity: Result<ModuleIdentity, CannotCheck>
  ) -> Acceptance? {
    guard case .success(let identity) = identity, let words = rule.proof(for: module)?.match(identity, of: module)
    else { return nil }
    return Acceptance(finding: finding, rule: rule.source, identity: words, reason: rule.reason)
  }

  private static func objection(
    to proof: AllowRule.Proof, _ module: String, _ identity: Result<ModuleIdentity, CannotCheck>
  ) -> String? {
    switch (identity, proof) {
    case (.failure(let reason), _):
      return "it could not be found out which module \(module) is: \(reason)"
    case (.success(let identity), _) where proof.match(identity, of: module) != nil:
      return nil
    case (.success(let identity), .buildID):
      return "the build id of \(module) is \(identity.buildID.map(\.description) ?? "not there")"
    case (.success(let identity), .signer):
      return "\(module) is signed by \(identity.signer ?? "no one that the kernel trusts")"
    }
  }
}

extension Finding {
  /// The module whose memory the thing found lies in or leads to, or that hides; nil if it is no module's.
  var owningModule: String? {
    guard case .module(let place) = owner else { return hiddenModule }
    return place.module
  }
}

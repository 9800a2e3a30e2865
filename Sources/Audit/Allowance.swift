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
    for finding in findings {
      let candidates = rules.filter { $0.checks.contains(id) && $0.module == finding.owningModule }
      guard let module = finding.owningModule, !candidates.isEmpty else {
        ruling.kept.append(finding)
        continue
      }
      modules.insert(module)
      let identity = identity(of: module)
      if let acceptance = candidates.lazy.compactMap({ Self.accept(finding, by: $0, identity) }).first {
        ruling.accepted.append(acceptance)
      } else {
        ruling.kept.append(finding)
      }
    }
    for module in modules.sorted() {
      for rule in rules where rule.module == module && rule.checks.contains(id) {
        if let why = Self.objection(to: rule, identity(of: module)) {
          ruling.remarks.append("the allow rule at \(rule.source) does not apply: \(why)")
        }
      }
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
    _ finding: Finding, by rule: AllowRule, _ identity: Result<ModuleIdentity, CannotCheck>
  ) -> Acceptance? {
    guard case .success(let identity) = identity, let words = rule.match(identity) else { return nil }
    return Acceptance(finding: finding, rule: rule.source, identity: words, reason: rule.reason)
  }

  private static func objection(to rule: AllowRule, _ identity: Result<ModuleIdentity, CannotCheck>) -> String? {
    switch (identity, rule.proof) {
    case (.failure(let reason), _):
      return "it could not be found out which module \(rule.module) is: \(reason)"
    case (.success(let identity), _) where rule.match(identity) != nil:
      return nil
    case (.success(let identity), .buildID):
      return "the build id of \(rule.module) is \(identity.buildID.map(\.description) ?? "not there")"
    case (.success(let identity), .signer):
      return "\(rule.module) is signed by \(identity.signer ?? "nobody the kernel trusts")"
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

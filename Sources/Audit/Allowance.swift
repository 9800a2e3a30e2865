internal import KernelModel

/// The operator's allow rules, applied to findings.
struct Allowance {
  let rules: [AllowRule]
  let identifier: any ModuleIdentifier

  /// What came of one check's findings.
  struct Ruling {
    var kept: [Finding] = []
    var accepted: [Acceptance] = []
    /// Why rules about the owners of findings do not apply.
    var remarks: [String] = []
  }

  /// Which of `findings` of the check `id` are accepted in `kernel`.
  func rule(on findings: [Finding], of id: String, in kernel: Kernel) -> Ruling {
    var ruling = Ruling()
    var identities: [String: Result<ModuleIdentity, CannotCheck>] = [:]
    for finding in findings {
      let candidates = rules.filter { $0.checks.contains(id) && $0.module == finding.owningModule }
      guard let module = finding.owningModule, !candidates.isEmpty else {
        ruling.kept.append(finding)
        continue
      }
      let identity = identities[module] ?? identify(module, in: kernel)
      identities[module] = identity
      if let acceptance = candidates.lazy.compactMap({ Self.accept(finding, by: $0, identity) }).first {
        ruling.accepted.append(acceptance)
      } else {
        ruling.kept.append(finding)
      }
    }
    for (module, identity) in identities.sorted(by: { $0.key < $1.key }) {
      for rule in rules where rule.module == module && rule.checks.contains(id) {
        if let why = Self.objection(to: rule, identity) {
          ruling.remarks.append("the allow rule at \(rule.source) does not apply: \(why)")
        }
      }
    }
    return ruling
  }

  private func identify(_ module: String, in kernel: Kernel) -> Result<ModuleIdentity, CannotCheck> {
    do throws(CannotCheck) {
      return .success(try identifier.identity(ofModule: module, in: kernel))
    } catch {
      return .failure(error)
    }
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
  /// The listed module whose memory the thing found lies in or leads to; nil if it is no module's.
  var owningModule: String? {
    guard case .module(let place) = owner else { return nil }
    return place.module
  }
}

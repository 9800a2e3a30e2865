package import KernelModel

/// The operator's word that a module which is not the vendor's, or a BPF program, may do what a check reports.
///
/// A name alone never accepts anything: the rule says which build of the module, or whose signature, or which program, and
/// which checks.
package struct AllowRule: Hashable, Sendable {
  /// Whose doing is accepted, and what shows that it is the one that is meant.
  package enum Whose: Hashable, Sendable {
    case module(String, Proof)
    case program(Finding.Program)
  }

  /// What shows that the module is the one that is meant.
  package enum Proof: Hashable, Sendable {
    case buildID(BuildID)
    case signer(String)
  }

  /// Where the rule stands: `/etc/liveprobe/allow.d/vendor.conf:3`.
  package var source: String
  package var whose: Whose
  /// The ids of the checks whose findings it accepts.
  package var checks: Set<String>
  /// Why, in the operator's words.
  package var reason: String

  package init(source: String, whose: Whose, checks: Set<String>, reason: String) {
    self.source = source
    self.whose = whose
    self.checks = checks
    self.reason = reason
  }

  /// What shows that `module` is the one that is meant; nil if it is about another.
  func proof(for module: String) -> Proof? {
    if case .module(module, let proof) = whose { proof } else { nil }
  }

  /// The program that is meant; nil if it is about a module.
  var program: Finding.Program? {
    if case .program(let program) = whose { program } else { nil }
  }
}

extension AllowRule.Proof {
  /// The words for what in `identity` the rule rests on; nil if `identity` is another.
  func match(_ identity: ModuleIdentity, of module: String) -> String? {
    switch self {
    case .buildID(let buildID):
      identity.buildID == buildID ? "module \(module), build id \(buildID)" : nil
    case .signer(let signer):
      identity.signer == signer ? "module \(module), signed by \(signer)" : nil
    }
  }
}

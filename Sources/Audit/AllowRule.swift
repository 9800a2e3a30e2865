package import KernelModel

/// The operator's word that a module which is not the vendor's may do what a check reports.
///
/// A name alone never accepts anything: the rule says which build of the module, or whose signature, and which checks.
package struct AllowRule: Hashable, Sendable {
  /// What shows that the module is the one that is meant.
  package enum Proof: Hashable, Sendable {
    case buildID(BuildID)
    case signer(String)
  }

  /// Where the rule stands: `/etc/liveprobe/allow.d/vendor.conf:3`.
  package var source: String
  package var module: String
  package var proof: Proof
  /// The ids of the checks whose findings it accepts.
  package var checks: Set<String>
  /// Why, in the operator's words.
  package var reason: String

  package init(source: String, module: String, proof: Proof, checks: Set<String>, reason: String) {
    self.source = source
    self.module = module
    self.proof = proof
    self.checks = checks
    self.reason = reason
  }

  /// The words for what in `identity` the rule rests on; nil if `identity` is another.
  func match(_ identity: ModuleIdentity) -> String? {
    switch proof {
    case .buildID(let buildID):
      identity.buildID == buildID ? "module \(module), build id \(buildID)" : nil
    case .signer(let signer):
      identity.signer == signer ? "module \(module), signed by \(signer)" : nil
    }
  }
}

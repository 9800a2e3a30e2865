package import KernelModel

/// A finding that the operator's allow rules accept: told in the report, and no part of the status.
package struct Acceptance: Hashable, Sendable {
  package var finding: Finding
  /// The file and line of the rule: `/etc/liveprobe/allow.d/vendor.conf:3`.
  package var rule: String
  /// What shows that the finding's owner is the one the rule means: its module, and its build id or signer.
  package var identity: String
  /// Why the operator accepts it, in the rule's words.
  package var reason: String

  package init(finding: Finding, rule: String, identity: String, reason: String) {
    self.finding = finding
    self.rule = rule
    self.identity = identity
    self.reason = reason
  }
}

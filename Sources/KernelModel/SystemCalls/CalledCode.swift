/// Code that is called where a function runs, besides it or in its place: by a tracer, a probe or a live patch.
package struct CalledCode: Hashable, Sendable {
  package var address: KernelAddress
  package var owner: Owner
  /// What calls it: `the function tracer`.
  package var means: String
  /// Whether it says where the function's callers go instead.
  package var redirects: Bool
  /// How bad it is; nil if its owner may do so.
  package var severity: Finding.Severity?

  package init(
    address: KernelAddress, owner: Owner, means: String, redirects: Bool, severity: Finding.Severity? = nil
  ) {
    self.address = address
    self.owner = owner
    self.means = means
    self.redirects = redirects
    self.severity = severity
  }
}

extension CalledCode: CustomStringConvertible {
  package var description: String {
    "\(redirects ? "its calls are sent to" : "it calls") \(address), \(owner), by \(means)"
  }
}

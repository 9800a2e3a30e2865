/// Why no kernel could be acquired: the needed things that cannot be had, each with what to do.
package struct CannotAcquire: Error, Sendable {
  /// Everything that was looked for.
  package let preflight: Preflight
  /// The needed items that cannot be had; never empty.
  package var missing: [Preflight.Item] { preflight.missing }

  package init(preflight: Preflight) {
    self.preflight = preflight
  }
}

extension CannotAcquire: CustomStringConvertible {
  package var description: String {
    "the kernel cannot be looked at: " + missing.map { "\($0.name): \($0.state)" }.joined(separator: "; ")
  }
}

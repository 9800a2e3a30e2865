/// What a host's kernel has, so that hosts can be compared: which host it is, its taint, its modules.
///
/// It decides nothing: what is wrong with it, checks have found.
package struct Inventory: Sendable {
  /// As `uname -n` says: hostile text.
  package var hostName: Result<String, Withheld>
  /// Letters, as an oops prints them; empty if the kernel has no taint.
  package var taint: Result<String, Withheld>
  /// The modules on the kernel's list, by name.
  package var modules: Result<[Module], Withheld>

  package init(
    hostName: Result<String, Withheld>, taint: Result<String, Withheld>, modules: Result<[Module], Withheld>
  ) {
    self.hostName = hostName
    self.taint = taint
    self.modules = modules
  }

  /// The same, with the name that a host goes by where memory does not say it.
  ///
  /// - Parameter told: nil, or empty, if nobody told one.
  package func orNamed(_ told: String?) -> Inventory {
    guard case .failure = hostName, let told, !told.isEmpty else { return self }
    var inventory = self
    inventory.hostName = .success(told)
    return inventory
  }

  /// A loaded module.
  package struct Module: Hashable, Sendable {
    package var name: String
    /// Nil if it has none, or if it cannot be read.
    package var buildID: BuildID?
    /// Letters; empty if it does not taint the kernel.
    package var taints: String

    package init(name: String, buildID: BuildID?, taints: String) {
      self.name = name
      self.buildID = buildID
      self.taints = taints
    }
  }
}

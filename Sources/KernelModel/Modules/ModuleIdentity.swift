/// What shows that a loaded module is the one somebody means, where its name shows nothing.
package struct ModuleIdentity: Hashable, Sendable {
  /// The build id of the file that the module in memory was compared with, byte for byte; nil if the file has none.
  package var buildID: BuildID?
  /// Who signed that file, if the kernel accepted the signature when it loaded it.
  package var signer: String?

  package init(buildID: BuildID?, signer: String?) {
    self.buildID = buildID
    self.signer = signer
  }
}

/// Finds out which module really is loaded under a name.
package protocol ModuleIdentifier: Sendable {
  /// The identity of the module that is loaded as `name`.
  ///
  /// - Throws: if its memory is not what its file says, if it hides from any list, or if that cannot be found out: such a
  ///   module is nobody's.
  func identity(ofModule name: String, in kernel: Kernel) throws(CannotCheck) -> ModuleIdentity
}

/// What was compared of one object's code and constants, and what explains the bytes that are not as the vendor's file
/// has them.
package struct TextAccount: Hashable, Sendable {
  /// `kernel`, or a module's name.
  package var object: String
  /// Bytes of code and constants that were compared.
  package var comparedBytes: UInt64
  /// One for each mechanism that there is, in the kernel's order.
  package var rows: [Row]
  /// Bytes that differ and that nothing explains.
  package var unexplainedBytes: UInt64

  package init(object: String, comparedBytes: UInt64, rows: [Row], unexplainedBytes: UInt64) {
    self.object = object
    self.comparedBytes = comparedBytes
    self.rows = rows
    self.unexplainedBytes = unexplainedBytes
  }

  /// What one mechanism explains.
  package struct Row: Hashable, Sendable {
    /// The mechanism's name, in kebab case: `jump-labels`.
    package var mechanism: String
    /// What it is, for a reader.
    package var title: String
    /// Places where it decides.
    package var sites: UInt64
    /// Bytes there that are not as the file has them.
    package var changedBytes: UInt64

    package init(mechanism: String, title: String, sites: UInt64, changedBytes: UInt64) {
      self.mechanism = mechanism
      self.title = title
      self.sites = sites
      self.changedBytes = changedBytes
    }
  }
}

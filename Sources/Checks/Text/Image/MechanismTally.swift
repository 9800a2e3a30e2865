/// What one mechanism explains of a stretch of memory.
package struct MechanismTally: Hashable, Sendable {
  /// Places where the mechanism decides.
  package var sites = 0
  /// Bytes there that are not the vendor's as they lie in the file.
  package var changedBytes = 0

  package init(sites: Int = 0, changedBytes: Int = 0) {
    self.sites = sites
    self.changedBytes = changedBytes
  }

  package static func += (left: inout Self, right: Self) {
    left.sites += right.sites
    left.changedBytes += right.changedBytes
  }
}

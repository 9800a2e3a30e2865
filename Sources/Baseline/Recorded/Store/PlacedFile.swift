/// A file that is written where a user says: a signed baseline, a key.
package struct PlacedFile {
  private let folder: String
  private let name: String

  package init(_ path: String) {
    let components = path.split(separator: "/", omittingEmptySubsequences: false)
    name = components.last.map(String.init) ?? ""
    folder = components.count > 1 ? components.dropLast().joined(separator: "/") + "/" : "."
  }

  /// Writes it whole or not at all, in place of the one that is there; for its owner alone.
  package func replace(with bytes: [UInt8]) throws(StoreError) {
    try StoreFolder(folder, mustBeOurs: false).replace(name, with: bytes)
  }

  /// Writes it if there is none.
  ///
  /// - Parameter isPrivate: whether only its owner may read it.
  package func create(with bytes: [UInt8], isPrivate: Bool) throws(StoreError) {
    try StoreFolder(folder, mustBeOurs: false).create(name, with: bytes, mode: isPrivate ? 0o600 : 0o644)
  }
}

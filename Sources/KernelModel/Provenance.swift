/// How far a file that the kernel is compared with can be trusted to be the vendor's.
///
/// On a suspect host the files on disk are claims too: whoever changed the kernel may have changed its image.
package enum Provenance: Hashable, Sendable {
  /// The person who scans brought it (`--reference`).
  case brought
  /// Its digest is the one that the package manager recorded.
  ///
  /// The record is on the same host, so this shows that nobody changed the file alone.
  case recorded(PackageRecord)
  /// Its digest is not the one recorded: the file was changed after it was installed.
  case altered(PackageRecord, actual: String)
  /// Nobody vouches for it, and why: no package manager known, or no package that owns the file.
  case unvouched(String)
}

/// What a package manager recorded of one file.
package struct PackageRecord: Hashable, Sendable {
  /// `dpkg` or `rpm`.
  package var manager: String
  /// The package's name, and its version where that is known.
  package var package: String
  /// `md5`, `sha256` and the like.
  package var algorithm: String
  /// Lower-case hexadecimal.
  package var digest: String

  package init(manager: String, package: String, algorithm: String, digest: String) {
    self.manager = manager
    self.package = package
    self.algorithm = algorithm
    self.digest = digest
  }
}

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
  /// It is what DKMS built here, from a source tree that is as a package brought it.
  ///
  /// The build is not repeated: that the source became this file is DKMS's word.
  case built(SourceTree)
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

/// A folder of source code that a package brought and nobody changed.
package struct SourceTree: Hashable, Sendable {
  /// The folder.
  package var path: String
  /// `dpkg` or `rpm`.
  package var manager: String
  /// The package's name, and its version where that is known.
  package var package: String

  package init(path: String, manager: String, package: String) {
    self.path = path
    self.manager = manager
    self.package = package
  }
}

/// A public key that the kernel trusts when it is asked whether a module may be loaded.
package struct TrustedKey: Hashable, Sendable {
  package enum Value: Hashable, Sendable {
    /// Both numbers with their highest byte first.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// A point of P-256 or P-384 as SEC 1, 2.3.3 writes it: uncompressed, 65 or 97 bytes.
    case ellipticCurve(point: [UInt8])
  }

  /// Whose it is: the common name in its certificate.
  package var name: String
  /// Where it was found, in words: `the kernel image's certificates`.
  package var origin: String
  package var value: Value

  package init(name: String, origin: String, value: Value) {
    self.name = name
    self.origin = origin
    self.value = value
  }
}

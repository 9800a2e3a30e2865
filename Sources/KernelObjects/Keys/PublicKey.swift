package import KernelModel

/// The public key that a key of the kernel's holds: those by which it takes modules are such.
///
/// Source: `struct public_key`, include/crypto/public_key.h; `asym_crypto`, the first of a key's payload, in
/// include/keys/asymmetric-type.h (Linux v5.10 to v6.12).
package struct PublicKey: Hashable, Sendable {
  /// What it is called; nil if that cannot be read.
  package var description: String?
  /// Its bytes: those that its certificate has.
  package var bytes: [UInt8]

  private static let mostBytes: UInt32 = 4096

  /// Nil if the key holds none of a reasonable size.
  ///
  /// - Parameter key: a `struct key`.
  package init?(of key: KernelObject) throws(CannotCheck) {
    guard let payload = try key.target("payload.data", as: "public_key") else { return nil }
    let count: UInt32 = try payload["keylen"]
    guard count > 0, count <= Self.mostBytes else { return nil }
    bytes = try key.snapshot.bytes(at: payload["key"], count: Int(count))
    description = key.snapshot.live.text(at: try key["description"])
  }
}

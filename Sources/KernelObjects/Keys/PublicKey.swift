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
  /// - Parameter address: of a `struct key`.
  package init?(ofKey address: UInt64, _ snapshot: Snapshot) throws(CannotCheck) {
    let payload = try snapshot.word("payload.data", of: "key", at: address)
    guard payload != 0 else { return nil }
    let count = try snapshot.value(UInt32.self, "keylen", of: "public_key", at: payload)
    guard count > 0, count <= Self.mostBytes else { return nil }
    bytes = try snapshot.bytes(at: try snapshot.word("key", of: "public_key", at: payload), count: Int(count))
    description = snapshot.live.text(at: try snapshot.word("description", of: "key", at: address))
  }
}

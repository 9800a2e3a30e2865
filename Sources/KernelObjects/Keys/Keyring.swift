internal import KernelModel

/// What is on one of the kernel's keyrings, and on those that are linked to it.
///
/// Source: `struct key`, include/linux/key.h; keyring_ptr_to_key(), security/keys/keyring.c (Linux v5.10 to v6.12): bit 1 of
/// a pointer on a keyring says that it leads to another keyring.
package struct Keyring {
  /// The addresses of the keys (`struct key`) that are no keyrings, as far as they can be followed.
  package let keys: Walk<UInt64>

  /// Keys and nodes of a keyring at most, of those that are linked to it too.
  private static let most = 4096

  /// - Parameter address: of its `struct key`.
  package init(at address: UInt64, _ snapshot: Snapshot) {
    keys = Walk { (found: inout [UInt64]) throws(CannotCheck) in
      let root = try snapshot.offset("keys", in: "key")
      var waiting = [address]
      var seen: Set<UInt64> = []
      var left = Self.most
      while let keyring = waiting.popLast() {
        guard seen.insert(keyring).inserted else { continue }
        let array = snapshot.associativeArray(at: keyring &+ root, limit: left)
        left -= array.elements.count + 1
        guard left > 0 else { throw .torn("the keyring at \(KernelAddress(address))", "has no end") }
        for pointer in array.elements {
          if pointer & 2 == 0 { found.append(pointer) } else { waiting.append(pointer & ~3) }
        }
        _ = try array.whole()
      }
    }
  }
}

internal import KernelModel

/// What is on one of the kernel's keyrings, and on those that are linked to it.
///
/// Source: `struct key`, include/linux/key.h; keyring_ptr_to_key(), security/keys/keyring.c (Linux v5.10 to v6.12): bit 1 of
/// a pointer on a keyring says that it leads to another keyring.
package struct Keyring {
  /// The keys (`struct key`) that are no keyrings, as far as they can be followed.
  package let keys: Walk<KernelObject>

  /// Keys and nodes of a keyring at most, of those that are linked to it too.
  private static let most = 4096

  /// - Parameter keyring: its `struct key`.
  package init(_ keyring: KernelObject) {
    let (key, snapshot) = (keyring.type, keyring.snapshot)
    keys = Walk { (found: inout [KernelObject]) throws(CannotCheck) in
      var waiting = [keyring]
      var seen: Set<UInt64> = []
      var left = Self.most
      while let next = waiting.popLast() {
        guard seen.insert(next.address).inserted else { continue }
        let array = snapshot.associativeArray(at: try next.address(of: "keys"), limit: left)
        left -= array.elements.count + 1
        guard left > 0 else { throw .torn("the keyring at \(KernelAddress(keyring.address))", "has no end") }
        for pointer in array.elements {
          let linked = KernelObject(key, at: pointer & ~3, snapshot)
          if pointer & 2 == 0 { found.append(linked) } else { waiting.append(linked) }
        }
        _ = try array.whole()
      }
    }
  }
}

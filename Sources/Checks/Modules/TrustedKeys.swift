internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The keys by which a kernel takes modules: those of the vendor's image, and those of its own keyrings in memory.
///
/// The keyrings are the suspect's: whoever writes kernel memory can add a key there. They are asked for what the image
/// does not have: keys that the machine's owner added (MOK), and those of its firmware.
enum TrustedKeys {
  /// Bytes of certificates at most: a distribution's kernel carries some thousand.
  private static let mostBytes: UInt64 = 1 << 20
  /// Bytes of a key at most.
  private static let mostKeyBytes: UInt32 = 4096
  private static let mostNodes = 4096
  /// `ASSOC_ARRAY_FAN_OUT`, include/linux/assoc_array.h.
  private static let fanOut: UInt64 = 16

  static func of(_ kernel: Kernel) -> [TrustedKey] {
    let image = inImage(of: kernel)
    let known = Set(image.map(\.value))
    return image + inMemory(of: kernel).filter { !known.contains($0.value) }
  }

  /// None if there is no image to ask.
  ///
  /// Source: certs/system_certificates.S, load_system_certificate_list() in certs/system_keyring.c (Linux v5.10 to v6.12):
  /// the key that was made with the build, and those that the vendor added. Certificates of revoked keys, and those of
  /// wireless regulations, stand elsewhere.
  private static func inImage(of kernel: Kernel) -> [TrustedKey] {
    // Why there is none is told by the checks that compare with it.
    guard let vendor = try? kernel.vendorKernel, let list = vendor.symbols["system_certificate_list"],
      let size = vendor.symbols["system_certificate_list_size"],
      let count = bytes(of: vendor, at: size, count: 8)?.loadUnaligned(as: UInt64.self), count <= mostBytes,
      let bytes = bytes(of: vendor, at: list, count: count)
    else { return [] }
    return X509Certificate.all(bytes.bindMemory(to: UInt8.self).span).map {
      TrustedKey(name: $0.name, origin: "the certificates in \(vendor.object.source)", value: $0.key)
    }
  }

  private static func bytes(of vendor: VendorKernel, at address: UInt64, count: UInt64) -> UnsafeRawBufferPointer? {
    vendor.object.bytes(at: MemoryRegion(start: KernelAddress(address &- vendor.offset), byteCount: count))
  }

  /// The keys on the keyrings that modules' signatures are held against.
  ///
  /// Source: mod_verify_sig() in kernel/module/signing.c, certs/system_keyring.c (Linux v5.10 to v6.12).
  private static func inMemory(of kernel: Kernel) -> [TrustedKey] {
    // Where structures cannot be read, a key is not found, and what it signed is vouched for by nobody.
    guard let structures = try? kernel.structures else { return [] }
    var found: [TrustedKey] = []
    for variable in ["builtin_trusted_keys", "secondary_trusted_keys", "platform_trusted_keys"] {
      let onKeyring = try? structures.now { (reader) throws(CannotCheck) in
        guard let keyring = try reader.value(UInt64.self, of: variable), keyring != 0 else { return [TrustedKey]() }
        return try Self.keys(on: keyring, called: variable, reader)
      }
      found += onKeyring ?? []
    }
    return found
  }

  /// Walks a keyring, and those that are linked to it.
  ///
  /// Source: `struct assoc_array_node` and `struct assoc_array_shortcut`, include/linux/assoc_array_priv.h; `struct key`,
  /// include/linux/key.h; keyring_ptr_to_key(), security/keys/keyring.c (Linux v5.10 to v6.12). Of a pointer, bit 0 says
  /// that it leads to a node, and bit 1 then that this is a shortcut; of one to a key, bit 1 says that it is a keyring.
  private static func keys(
    on keyring: UInt64, called name: String, _ reader: Snapshot
  ) throws(CannotCheck) -> [TrustedKey] {
    let slots = try reader.offset("slots", in: "assoc_array_node")
    var found: [TrustedKey] = []
    var waiting = [try reader.word("keys.root", of: "key", at: keyring)]
    var seen: Set<UInt64> = []
    while let pointer = waiting.popLast() {
      let place = pointer & ~3
      guard place != 0, seen.insert(pointer).inserted else { continue }
      guard seen.count <= mostNodes else { throw .torn(name, "has no end") }
      switch pointer & 3 {
      case 1:
        for slot in 0..<fanOut { waiting.append(try reader.load(UInt64.self, at: place &+ slots &+ slot * 8)) }
      case 3:
        waiting.append(try reader.word("next_node", of: "assoc_array_shortcut", at: place))
      case 2:
        waiting.append(try reader.word("keys.root", of: "key", at: place))
      default:
        if let key = try key(at: place, reader) { found.append(key) }
      }
    }
    return found
  }

  /// The key at `place`; its bytes are those of its certificate.
  ///
  /// Source: `struct public_key`, include/crypto/public_key.h; `asym_crypto`, the first of a key's payload, in
  /// include/keys/asymmetric-type.h (Linux v5.10 to v6.12).
  private static func key(
    at place: UInt64, _ reader: Snapshot
  ) throws(CannotCheck) -> TrustedKey? {
    let payload = try reader.word("payload.data", of: "key", at: place)
    guard payload != 0 else { return nil }
    let count = try reader.value(UInt32.self, "keylen", of: "public_key", at: payload)
    guard count > 0, count <= mostKeyBytes else { return nil }
    let address = try reader.word("key", of: "public_key", at: payload)
    let bytes = try reader.bytes(at: address, count: Int(count))
    guard let value = X509Certificate.rsaKey(bytes.span, in: 0..<bytes.count) ?? X509Certificate.ellipticCurveKey(bytes)
    else { return nil }
    let name = reader.live.text(at: try reader.word("description", of: "key", at: place)) ?? "?"
    return TrustedKey(name: name, origin: "the kernel's keyrings in memory", value: value)
  }
}

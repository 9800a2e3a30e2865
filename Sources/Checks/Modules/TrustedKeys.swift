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

  static func of(_ kernel: Kernel) -> [TrustedKey] {
    let image = inImage(of: kernel)
    let known = Set(image.map(\.value))
    return image + inMemory(of: kernel).filter { !known.contains($0.value) }
  }

  /// Those of the vendor's image; none if there is no image to ask.
  static func inImage(of kernel: Kernel) -> [TrustedKey] {
    // Why there is none is told by the checks that compare with it.
    guard let vendor = try? kernel.vendorKernel, let bytes = certificates(of: kernel) else { return [] }
    return X509Certificate.all(bytes.bindMemory(to: UInt8.self).span).map {
      TrustedKey(name: $0.name, origin: "the certificates in \(vendor.object.source)", value: $0.key)
    }
  }

  /// The certificates in the vendor's image, one behind the other; nil if there is no image, or it has none.
  ///
  /// Source: certs/system_certificates.S, load_system_certificate_list() in certs/system_keyring.c (Linux v5.10 to v6.12):
  /// the key that was made with the build, and those that the vendor added. Certificates of revoked keys, and those of
  /// wireless regulations, stand elsewhere.
  static func certificates(of kernel: Kernel) -> UnsafeRawBufferPointer? {
    guard let vendor = try? kernel.vendorKernel, let list = vendor.symbols["system_certificate_list"],
      let size = vendor.symbols["system_certificate_list_size"],
      let count = bytes(of: vendor, at: size, count: 8)?.loadUnaligned(as: UInt64.self), count <= mostBytes
    else { return nil }
    return bytes(of: vendor, at: list, count: count)
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
        guard let keyring = try reader.target("key", of: variable) else { return [TrustedKey]() }
        let keys = try Keyring(keyring).keys.whole().map { key throws(CannotCheck) in try PublicKey(of: key) }
        return keys.compactMap { $0.flatMap(Self.trusted) }
      }
      found += onKeyring ?? []
    }
    return found
  }

  /// Nil if it is of another kind than modules are signed with.
  private static func trusted(_ key: PublicKey) -> TrustedKey? {
    let bytes = key.bytes
    return (X509Certificate.rsaKey(bytes.span, in: 0..<bytes.count) ?? X509Certificate.ellipticCurveKey(bytes)).map {
      TrustedKey(name: key.description ?? "?", origin: "the kernel's keyrings in memory", value: $0)
    }
  }
}

package import KernelModel
internal import KernelObjects

/// The keys that the kernel trusts because it was built with them should be those of the vendor's image.
package struct Keyrings: Check {
  package static let manual = Manual(
    id: "keyrings",
    question: "Are the keys that the kernel trusts as built in exactly the vendor's?",
    method: """
      Walks the keyrings in memory whose keys let the kernel accept modules, kernels and the like. The keyring of \
      built-in keys is filled once, at boot, with the certificates in the kernel's image, and cannot be added to \
      after that: the bytes of each public key on it must be in the certificates of the vendor's image. The keys on \
      the secondary, the machine and the platform keyrings come from the owner and the firmware: they are facts, \
      which a baseline records.
      """,
    innocentCauses: [],
    blindSpots: [
      "keys on the other keyrings that no one enrolled: without a baseline they are facts",
      "a built-in key that is missing",
      "keyrings for single purposes, such as those of IMA and of the radio rules",
    ],
    response: [
      "compare the loaded modules with their packages: liveprobe modules; the key admits whatever it signed",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "treat the host as compromised: only a write to kernel memory can put such a key there",
    ])

  /// Sources: certs/system_keyring.c, certs/blacklist.c, security/integrity/ (Linux v5.10 to v7.2).
  private static let others = [
    ("secondary", "secondary_trusted_keys"), ("machine", "machine_trusted_keys"), ("platform", "platform_trusted_keys"),
  ]

  private static let leastBytes = 32

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let structures = try kernel.structures
    guard try structures.reader.symbols.addressIfAny(of: "builtin_trusted_keys") != nil else {
      throw .notApplicable("this kernel was built without keys of its own (CONFIG_SYSTEM_TRUSTED_KEYRING)")
    }
    var examination = Examination()
    examination.expect(structures.expectation)
    let builtIn = try Self.keys("builtin_trusted_keys", structures)
    note("built-in", builtIn, into: &examination)
    if let certificates = TrustedKeys.certificates(of: kernel) {
      for key in builtIn where !Self.has(certificates, key.bytes) { examination.report(finding(key)) }
    } else if !builtIn.isEmpty {
      examination.leaveUnanswered(Subject("built-in keys"), withheld(kernel))
    }
    for (name, variable) in Self.others {
      do throws(CannotCheck) {
        guard try structures.reader.symbols.addressIfAny(of: variable) != nil else { continue }
        // The built-in ones are linked to the secondary keyring.
        note(name, try Self.keys(variable, structures).filter { !builtIn.contains($0) }, into: &examination)
      } catch {
        examination.leaveUnanswered(Subject("\(name) keys"), error)
      }
    }
    return examination
  }

  private func note(_ name: String, _ keys: [PublicKey], into examination: inout Examination) {
    let names = keys.map { $0.description ?? "a key without a name" }.sorted()
    examination.note(Subject("\(name) keys"), .text(names.isEmpty ? "none" : names.joined(separator: "; ")))
  }

  private static func keys(_ variable: String, _ structures: KernelStructures) throws(CannotCheck) -> [PublicKey] {
    try structures.now { (snapshot) throws(CannotCheck) in
      guard let keyring = try snapshot.target("key", of: variable) else { return [] }
      var keys: [PublicKey] = []
      for key in try Keyring(keyring).keys.whole() {
        // What is no public key signs nothing.
        if let key = try PublicKey(of: key) { keys.append(key) }
      }
      return keys
    }
  }

  private static func has(_ certificates: UnsafeRawBufferPointer, _ key: [UInt8]) -> Bool {
    // Fewer bytes stand anywhere, and are no key.
    guard key.count >= leastBytes, key.count <= certificates.count, let first = key.first else { return false }
    for start in 0...(certificates.count - key.count) where certificates[start] == first {
      if certificates[start..<start + key.count].elementsEqual(key) { return true }
    }
    return false
  }

  private func withheld(_ kernel: Kernel) -> CannotCheck {
    do throws(CannotCheck) {
      _ = try kernel.vendorKernel
      return .withheld(Withheld("the vendor's certificates", why: "the kernel's image does not say where they are"))
    } catch {
      return error
    }
  }

  private func finding(_ key: PublicKey) -> Finding {
    Finding(
      kind: .stranger, severity: .critical,
      subject: Subject("built-in key", label: key.description ?? "without a name"),
      message: "the kernel trusts a key as built in that the vendor did not build in",
      expected: "a key of the certificates in the vendor's image", observed: "\(start: Finding.Bytes(key.bytes))",
      effects: [.init(.trustsKey, key.description ?? "without a name")],
      meaning: "whatever that key signed is taken for the vendor's: modules, kernels, certificates")
  }
}

internal import KernelModel

/// Whether the CPUs enter the kernel by FRED instead of the older ways, and how that is known.
///
/// Flexible Return and Event Delivery: in Linux since v6.9; the kernel then uses neither MSR_LSTAR nor the gates.
struct FredState {
  /// For a baseline.
  let fact: String
  /// For the reader of the report.
  let sentence: String

  /// ERETS, which returns from an event that FRED delivered.
  ///
  /// Source: arch/x86/include/asm/asm.h and asm/fred.h, `ERETS` (Linux v6.12): f2 0f 01 ca.
  private static let erets: [UInt8] = [0xf2, 0x0f, 0x01, 0xca]

  init(of kernel: Kernel) {
    guard let entry = kernel.symbols.symbols(named: "asm_fred_entrypoint_user").first(where: { $0.module == nil })
    else {
      (fact, sentence) = ("none", "FRED: this kernel has no code for it")
      return
    }
    if case .success(let cpus) = kernel.claims.entryPoints, !cpus.isEmpty,
      cpus.allSatisfy({ ($0.fredConfiguration ?? 0) & ~0xfff != entry.address.rawValue })
    {
      (fact, sentence) = ("not active", "FRED: not active: MSR_IA32_FRED_CONFIG of no CPU names its entry point")
      return
    }
    // The kernel replaces this code by ERETS if and only if it uses FRED (arch/x86/entry/entry_64_fred.S, Linux v6.12).
    let patched = "asm_fred_entry_from_kvm"
    guard let function = kernel.symbols.symbols(named: patched).first(where: { $0.module == nil }) else {
      (fact, sentence) = ("unknown", "FRED: whether it is active is not known; its entry code is followed all the same")
      return
    }
    do throws(MemoryFault) {
      let end = kernel.symbols.next(above: function.address)?.address.offset(from: function.address) ?? 128
      let code = try kernel.memory.bytes(at: function.address, count: Int(min(end, 256)))
      let isActive = code.indices.contains { code[$0...].starts(with: Self.erets) }
      fact = isActive ? "active" : "not active"
      sentence = "FRED: \(fact): \(patched) returns \(isActive ? "by" : "without") ERETS"
    } catch {
      (fact, sentence) = ("unknown", "FRED: whether it is active is not known: \(error)")
    }
  }
}

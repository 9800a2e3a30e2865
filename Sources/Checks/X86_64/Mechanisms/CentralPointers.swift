internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Pointers that the kernel patched thousands of sites by: each must lead to a function of the kernel's own.
///
/// Text that follows a changed pointer consistently is legal text; so the pointers are judged too. Source: struct
/// paravirt_patch_template in arch/x86/include/asm/paravirt_types.h, x86_return_thunk in arch/x86/kernel/cpu/bugs.c
/// (Linux v5.10 to v7.2).
struct CentralPointers {
  private(set) var violations: [PatchViolation] = []

  init(facts: KernelFacts) {
    if let thunk = facts.returnThunk, facts.ownership.standing(of: thunk) != .kernelFunction {
      note(.returnThunk, "x86_return_thunk", leadsTo: thunk, facts)
    }
    guard let operations = facts.symbols["pv_ops"],
      let byteCount = facts.structure("paravirt_patch_template")?.byteCount ?? Self.extent(of: "pv_ops", facts),
      byteCount <= 4096,
      let bytes = facts.live.bytes(at: operations, count: byteCount)
    else { return }
    bytes.withUnsafeBytes { raw in
      for index in 0..<byteCount / 8 {
        let function = raw.value(UInt64.self, at: index * 8)
        guard function != 0, facts.ownership.standing(of: function) != .kernelFunction else { continue }
        note(.paravirt, "pv_ops[\(index)]", leadsTo: function, facts)
      }
    }
  }

  /// Bytes up to the next symbol, where nothing says how many the variable has; what fills them up is no pointer.
  private static func extent(of variable: String, _ facts: KernelFacts) -> Int? {
    guard facts.types.lacksOthers, case .found(let place) = facts.symbols.lookUp(variable) else { return nil }
    return place.byteCount.map { Int(clamping: $0) & ~7 }
  }

  private mutating func note(
    _ mechanism: X86_64.Mechanism, _ subject: String, leadsTo address: UInt64, _ facts: KernelFacts
  ) {
    violations.append(
      PatchViolation(
        mechanism: mechanism, subject: subject, message: "does not lead to a function of the kernel's own",
        expected: "the start of a function in the kernel's text", observed: facts.ownership.value(of: address),
        target: address))
  }
}

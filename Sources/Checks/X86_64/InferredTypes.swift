internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The few layouts that verifying the kernel's own text needs, found by what lies there, for a kernel that nobody's type
/// information tells of.
///
/// Each is believed only if what it leads to is what it must be; one that is not is left out, and whoever asks for it is
/// told why there is no type information.
///
/// Source: struct cpuinfo_x86 in arch/x86/include/asm/processor.h (Linux v5.10 to v7.2).
struct InferredTypes {
  let types: KernelTypes

  /// - Parameters:
  ///   - obstacle: why there is no type information.
  ///   - modules: what memory shows of modules.
  init(
    lacking obstacle: CannotCheck, symbols: SymbolIndex, tables: PatchTables, text: Range<UInt64>,
    modules: [BTF.Outline], _ live: LivePages
  ) throws(CannotCheck) {
    guard case .withheld(let withheld) = obstacle, withheld.isNotBuilt else { throw obstacle }
    // Up to v5.10 calls through pv_ops are patched by where an operation stands in it.
    guard tables.paravirt.bytes.isEmpty || symbols["native_patch"] == nil else { throw obstacle }
    let features = Self.features(symbols, live).map { [$0] } ?? []
    types = try KernelTypes(
      features + InferredTracing.tracer(symbols, text, live) + InferredTracing.probes(symbols, live) + modules,
      lackingOthers: obstacle)
    guard !Self.isChanging(symbols, live) else {
      throw .torn(
        "the kernel's code", "was being changed, and nothing says how the kernel keeps its list of the places")
    }
  }

  // MARK: Processor features

  /// Words of features and bugs together: v7.2 has 24.
  private static let featureWords = 24

  /// `boot_cpu_data.x86_capability`: found by features that each processor has that runs such a kernel.
  ///
  /// Word 0 is EDX of CPUID 1, word 1 EDX of CPUID 0x80000001, word 3 Linux's own, where X86_FEATURE_ALWAYS (3*32+21) is set
  /// before anything else. Source: arch/x86/include/asm/cpufeatures.h, required-features.h (Linux v5.10 to v7.2).
  private static func features(_ symbols: SymbolIndex, _ live: LivePages) -> BTF.Outline? {
    // FPU, MSR, PAE, CX8, FXSR, SSE and SSE2; SYSCALL and LM.
    let first: UInt32 = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 24 | 1 << 25 | 1 << 26
    let second: UInt32 = 1 << 11 | 1 << 29
    guard let data = symbols["boot_cpu_data"], let bytes = live.bytes(at: data, count: 256) else { return nil }
    let span = bytes.span
    func word(_ index: Int) -> UInt32 { span.integer(UInt32.self, at: index * 4) ?? 0 }
    let places = (0..<bytes.count / 4 - featureWords).filter { place in
      word(place) & first == first && word(place + 1) & second == second && word(place + 3) >> 21 & 1 == 1
    }
    guard places.count == 1, let place = places.first else { return nil }
    return BTF.Outline(
      "cpuinfo_x86", byteCount: 256,
      [.numbers("x86_capability", at: place * 4, 4, count: featureWords)])
  }

  // MARK: Code in change

  /// Whether the kernel may be changing its code at this moment: its list of places cannot be read, see ``CodeInChange``.
  private static func isChanging(_ symbols: SymbolIndex, _ live: LivePages) -> Bool {
    if let count = symbols["tp_vec_nr"], live.value(Int32.self, at: count) != 0 { return true }
    guard let count = symbols["text_poke_array_refs"], let table = symbols["__per_cpu_offset"],
      let first = live.value(UInt64.self, at: table)
    else { return false }
    return live.value(Int32.self, at: count &+ first) != 0
  }
}

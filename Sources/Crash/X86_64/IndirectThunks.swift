package import KernelModel

extension X86_64 {
  /// Source: arch/x86/lib/retpoline.S (Linux v5.10 to v7.2).
  package static func isIndirectThunk(_ symbol: Symbol) -> Bool {
    ["__x86_indirect_thunk_", "__x86_indirect_call_thunk_", "__x86_indirect_its_thunk_"].contains {
      symbol.name.hasPrefix($0)
    }
  }
}

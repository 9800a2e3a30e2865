internal import KernelModel

extension Symbol {
  /// Whether it is a function that goes on to where a register says.
  ///
  /// Source: arch/x86/lib/retpoline.S (Linux v5.10 to v7.2).
  var isIndirectThunk: Bool {
    ["__x86_indirect_thunk_", "__x86_indirect_call_thunk_", "__x86_indirect_its_thunk_"].contains {
      name.hasPrefix($0)
    }
  }
}

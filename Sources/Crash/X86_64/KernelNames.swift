package import KernelModel

extension X86_64 {
  /// Source: arch/x86/lib/retpoline.S (Linux v5.10 to v7.2).
  package static func isIndirectThunk(_ symbol: Symbol) -> Bool {
    ["__x86_indirect_thunk_", "__x86_indirect_call_thunk_", "__x86_indirect_its_thunk_"].contains {
      symbol.name.hasPrefix($0)
    }
  }

  /// Source: arch/x86/kernel/dumpstack.c (Linux v5.10 to v7.2).
  package static var lastFunctions: Set<String> { ["oops_end", "die"] }

  /// Source: mark_rodata_ro(), arch/x86/mm/init_64.c, free_initmem(), arch/x86/mm/init.c, mem_encrypt_free_decrypted_mem(),
  /// arch/x86/mm/mem_encrypt_amd.c (mem_encrypt.c in v5.10), and reserve_brk(), arch/x86/kernel/setup.c, which keeps the
  /// part that early page tables took (Linux v5.10 to v7.2).
  package static var givenBack: [(first: String, last: String)] {
    [
      ("_etext", "__start_rodata"), ("__end_rodata", "_sdata"), ("__init_begin", "__init_end"),
      ("__start_bss_decrypted_unused", "__end_bss_decrypted"), ("__brk_base", "__brk_limit"),
    ]
  }
}

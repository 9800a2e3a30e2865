extension TestVendorKernel {
  /// Places of the kernel's variables.
  package enum Variable {
    package static let processor: UInt64 = 0xa000
    package static let operation: UInt64 = 0xa100
    package static let returnThunk: UInt64 = 0xa210
    package static let oneProcessor: UInt64 = 0xa218
    package static let keyOn: UInt64 = 0xa220
    package static let otherKeyOn: UInt64 = 0xa230
    package static let callTick: UInt64 = 0xa240
    package static let callNone: UInt64 = 0xa250
    package static let callZero: UInt64 = 0xa260
    package static let hashTable: UInt64 = 0xa270
    package static let hashShift: UInt64 = 0xa278
    package static let tracedPages: UInt64 = 0xa280
    package static let tracers: UInt64 = 0xa288
    package static let lastTracer: UInt64 = 0xa290
    package static let tracerTrampolines: UInt64 = 0xa2f0
    package static let directCalls: UInt64 = 0xa300
    package static let probesDisarmed: UInt64 = 0xa308
    package static let modules: UInt64 = 0xa310
    package static let programs: UInt64 = 0xa320
    package static let packs: UInt64 = 0xa330
    package static let protects: UInt64 = 0xa340
    package static let probeSlots: UInt64 = 0xa350
    package static let unloaded: UInt64 = 0xa360
    package static let areas: UInt64 = 0xa370
    package static let hypercallPage: UInt64 = 0xa380
    package static let taint: UInt64 = 0xa388
    package static let moduleSet: UInt64 = 0xa390
    package static let moduleTree: UInt64 = 0xa3a0
    package static let moduleBugs: UInt64 = 0xa3c0
    package static let messages: UInt64 = 0xa3d0
    package static let tracepoints: UInt64 = 0xa3e0
    package static let moduleTypes: UInt64 = 0xa3f0
    package static let probes: UInt64 = 0xa400
    package static let changes: UInt64 = 0xa600
    package static let changeCount: UInt64 = 0xa6f0
    package static let change: UInt64 = 0xa700
    package static let names: UInt64 = 0xa800
    package static let panicChain: UInt64 = 0xa900
    package static let rebootChain: UInt64 = 0xa910
    package static let deviceChain: UInt64 = 0xa940
    package static let typedChain: UInt64 = 0xa950
    package static let ticks: UInt64 = 0xa960
    package static let initFreeList: UInt64 = 0xa970
    package static let initFreeWork: UInt64 = 0xa980
    package static let workerPools: UInt64 = 0xa9a0
    package static let tracerLock: UInt64 = 0xa9c0
    package static let tracerEnabled: UInt64 = 0xa9d0
    package static let tracerDisabled: UInt64 = 0xa9d8
    package static let userProbes: UInt64 = 0xa9e0
    package static let firstTask: UInt64 = 0xb500
    package static let tracepointPointers: UInt64 = 0xab00
    package static let tracepointPointersEnd: UInt64 = 0xab08
    package static let programNumbers: UInt64 = 0xab10
    package static let events: UInt64 = 0xab30
    package static let controlGroups: UInt64 = 0xb000
    package static let firstNumbers: UInt64 = 0xb400
    package static let taskLock: UInt64 = 0xb480
    package static let controlGroupLock: UInt64 = 0xb488
    package static let keyLock: UInt64 = 0xb490
    package static let callLock: UInt64 = 0xb498
    package static let codeCache: UInt64 = 0xb4a0
    package static let hiddenAddresses: UInt64 = 0xb640
    package static let selinux: UInt64 = 0xb648
    package static let lockdown: UInt64 = 0xb650
    package static let signatureParameter: UInt64 = 0xb660
    package static let signatures: UInt64 = 0xb670
    package static let crashes: UInt64 = 0xb680
    package static let loader: UInt64 = 0xb700
    package static let credentials: UInt64 = 0xb780
    package static let builtInKeys: UInt64 = 0xb800
    package static let secondaryKeys: UInt64 = 0xb808
    package static let softInterrupts: UInt64 = 0xb900
    package static let lineDisciplines: UInt64 = 0xb910
    package static let packetTypes: UInt64 = 0xb920
    package static let processes: UInt64 = 0xb940
    package static let registeredEnd: UInt64 = 0xb9c0
    package static let rawSockets: UInt64 = 0xb9d0
    package static let mounted: UInt64 = 0xba00
    package static let firstUsers: UInt64 = 0xba10
    package static let securityModules: UInt64 = 0xba20
    package static let securityHooks: UInt64 = 0xba40
  }

  /// The symbols, ascending, and as many more as make an image's tables believable.
  package static let symbols: [(name: String, type: String, place: UInt64)] = {
    let code: [(String, UInt64)] = [
      ("_text", 0), ("_stext", 0), ("relocated", 0x40), ("indirect", 0x80), ("returning", 0xc0), ("chosen", 0x100),
      ("sealed", 0x160), ("locking", 0x180), ("constant", 0x1a0), ("switched", 0x1c0),
      ("__x86_indirect_thunk_array", 0x200), ("__x86_return_thunk", 0x400), ("BUG_func", 0x440),
      ("native_operation", 0x480), ("calling", 0x4c0), ("__SCT__tick", 0x540), ("__SCT__none", 0x550),
      ("__SCT__zero", 0x560), ("__static_call_return0", 0x5c0), ("pre_handler_kretprobe", 0x5d0),
      ("bpf_probe_write_user", 0x5e0), ("__bpf_call_base", 0x5f0), ("untraced", 0x600),
      ("traced", 0x610),
      ("traced_directly", 0x620), ("traced_alone", 0x630), ("__fentry__", 0x640), ("ftrace_caller", 0x680),
      ("ftrace_caller_op_ptr", 0x680), ("ftrace_call", 0x687), ("ftrace_caller_end", 0x68c), ("ftrace_stub", 0x6c0),
      ("tracer", 0x700), ("probed", 0x740), ("probed_by_jump", 0x760), ("bpf_struct_ops_map_alloc", 0x770),
      ("victim", 0x780), ("free_module", 0x7f8), ("_etext", 0x800),
    ]
    let constants: [(String, UInt64)] = [
      ("__start_rodata", 0x1000), ("x86_nops", 0x1000), ("x86nops", 0x1080), ("table_of_operations", 0x10d0),
      ("__start_ro_after_init", 0x10e0), ("__start___jump_table", 0x1100), ("__stop___jump_table", 0x1130),
      ("__start_static_call_sites", 0x1130), ("__stop_static_call_sites", 0x1160), ("__end_ro_after_init", 0x1180),
      ("__end_rodata", 0x7000), ("__start_mcount_loc", 0x8000), ("__stop_mcount_loc", 0x8020),
    ]
    let variables: [(String, UInt64)] = [
      ("boot_cpu_data", Variable.processor), ("pv_operation", Variable.operation), ("function_trace_op", 0xa200),
      ("x86_return_thunk", Variable.returnThunk), ("uniproc_patched", Variable.oneProcessor),
      ("key_on", Variable.keyOn), ("other_key_on", Variable.otherKeyOn), ("__SCK__tick", Variable.callTick),
      ("__SCK__none", Variable.callNone), ("__SCK__zero", Variable.callZero),
      ("dentry_hashtable", Variable.hashTable), ("d_hash_shift", Variable.hashShift),
      ("ftrace_pages_start", Variable.tracedPages), ("ftrace_ops_list", Variable.tracers),
      ("ftrace_list_end", Variable.lastTracer), ("ftrace_ops_trampoline_list", Variable.tracerTrampolines),
      ("direct_functions", Variable.directCalls), ("kprobes_all_disarmed", Variable.probesDisarmed),
      ("modules", Variable.modules), ("bpf_kallsyms", Variable.programs), ("pack_list", Variable.packs),
      ("rodata_enabled", Variable.protects), ("kprobe_optinsn_slots", Variable.probeSlots),
      ("unloaded_tainted_modules", Variable.unloaded), ("vmap_area_list", Variable.areas),
      ("hv_hypercall_pg", Variable.hypercallPage), ("tainted_mask", Variable.taint),
      ("module_kset", Variable.moduleSet), ("mod_tree", Variable.moduleTree),
      ("module_bug_list", Variable.moduleBugs), ("ddebug_tables", Variable.messages),
      ("tracepoint_module_list", Variable.tracepoints), ("btf_modules", Variable.moduleTypes),
      ("kprobe_table", Variable.probes), ("tp_vec", Variable.changes), ("tp_vec_nr", Variable.changeCount),
      ("bp_desc", Variable.change), ("init_uts_ns", Variable.names),
      ("panic_notifier_list", Variable.panicChain), ("reboot_notifier_list", Variable.rebootChain),
      ("netdev_chain", Variable.deviceChain), ("typed_chain", Variable.typedChain), ("jiffies_64", Variable.ticks),
      ("init_free_list", Variable.initFreeList), ("init_free_wq", Variable.initFreeWork),
      ("worker_pool_idr", Variable.workerPools), ("init_task", Variable.firstTask),
      ("ftrace_lock", Variable.tracerLock), ("ftrace_enabled", Variable.tracerEnabled),
      ("ftrace_disabled", Variable.tracerDisabled), ("uprobes_tree", Variable.userProbes),
      ("__start___tracepoints_ptrs", Variable.tracepointPointers),
      ("__stop___tracepoints_ptrs", Variable.tracepointPointersEnd), ("prog_idr", Variable.programNumbers),
      ("ftrace_events", Variable.events), ("css_set_table", Variable.controlGroups),
      ("init_pid_ns", Variable.firstNumbers), ("tasklist_lock", Variable.taskLock),
      ("css_set_lock", Variable.controlGroupLock), ("jump_label_mutex", Variable.keyLock),
      ("static_call_mutex", Variable.callLock), ("execmem_cache", Variable.codeCache),
      ("kptr_restrict", Variable.hiddenAddresses), ("selinux_state", Variable.selinux),
      ("kernel_locked_down", Variable.lockdown), ("__param_sig_enforce", Variable.signatureParameter),
      ("core_pattern", Variable.crashes), ("modprobe_path", Variable.loader), ("init_cred", Variable.credentials),
      ("builtin_trusted_keys", Variable.builtInKeys), ("secondary_trusted_keys", Variable.secondaryKeys),
      ("system_certificate_list", 0x9b10), ("system_certificate_list_size", 0x9b00),
      ("softirq_vec", Variable.softInterrupts),
      ("tty_ldiscs", Variable.lineDisciplines), ("ptype_base", Variable.packetTypes),
      ("proc_root", Variable.processes), ("registered_end", Variable.registeredEnd),
      ("raw_v4_hashinfo", Variable.rawSockets), ("super_blocks", Variable.mounted),
      ("init_user_ns", Variable.firstUsers), ("lsm_idlist", Variable.securityModules),
      ("security_hook_heads", Variable.securityHooks),
    ]
    var all: [(name: String, type: String, place: UInt64)] = []
    for (type, symbols) in [("T", code), ("R", constants), ("d", variables)] {
      for (name, place) in symbols { all.append((name, type, place)) }
    }
    for number in 0..<UInt64(200) { all.append(("filler\(number)", "d", 0x1_0000 + number * 16)) }
    all.append(("_end", "B", 0x2_0000))
    return all
  }()
}

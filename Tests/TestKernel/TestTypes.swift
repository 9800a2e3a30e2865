/// The type information of the small kernel: the structures that are looked into, at offsets of its own.
package enum TestTypes {
  package static let bytes = all.bytes()

  static let all: SampleBTF = {
    var types = SampleBTF()
    let char = types.integer("char", 1)
    let int = types.integer("unsigned int", 4)
    let long = types.integer("unsigned long", 8)
    let pointer = types.add(2)
    let list = types.array(of: pointer, 2)
    addMapleTree(&types, char: char, int: int, long: long, pointer: pointer)
    types.structure("execmem_cache", 64, [("busy_areas", pointer, 32 * 8)])
    types.structure("cpuinfo_x86", 64, [("x86_capability", types.array(of: int, 4), 16 * 8)])
    types.structure("ftrace_page", 24, [("next", pointer, 0), ("records", pointer, 8 * 8), ("index", int, 16 * 8)])
    types.structure("dyn_ftrace", 16, [("ip", long, 0), ("flags", long, 8 * 8)])
    types.structure(
      "ftrace_ops", 80,
      [
        ("func", pointer, 0), ("next", pointer, 8 * 8), ("flags", long, 16 * 8), ("trampoline", long, 24 * 8),
        ("trampoline_size", long, 32 * 8), ("list", list, 40 * 8), ("saved_func", pointer, 56 * 8),
        ("func_hash", pointer, 64 * 8), ("direct_call", long, 72 * 8),
      ])
    types.structure("ftrace_ops_hash", 16, [("notrace_hash", pointer, 0), ("filter_hash", pointer, 8 * 8)])
    types.structure(
      "ftrace_hash", 32, [("size_bits", long, 0), ("buckets", pointer, 8 * 8), ("flags", long, 24 * 8)])
    let counter = types.structure("atomic64_t", 8, [("counter", long, 0)])
    types.structure("mutex", 16, [("owner", counter, 0)])
    types.structure("ftrace_func_entry", 32, [("hlist", list, 0), ("ip", long, 16 * 8), ("direct", long, 24 * 8)])
    types.structure(
      "text_poke_loc", 16,
      [
        ("rel_addr", int, 0), ("disp", int, 4 * 8), ("len", char, 8 * 8), ("opcode", char, 9 * 8),
        ("text", types.array(of: char, 5), 10 * 8), ("old", char, 15 * 8),
      ])
    types.structure("bp_patching_desc", 16, [("vec", pointer, 0), ("nr_entries", int, 8 * 8), ("refs", int, 12 * 8)])
    let probe = types.structure(
      "kprobe", 128,
      [
        ("hlist", list, 0), ("list", list, 16 * 8), ("addr", pointer, 40 * 8), ("pre_handler", pointer, 64 * 8),
        ("post_handler", pointer, 72 * 8), ("opcode", char, 80 * 8), ("flags", int, 120 * 8),
      ])
    types.structure(
      "kretprobe", 144, [("kp", probe, 0), ("handler", pointer, 128 * 8), ("entry_handler", pointer, 136 * 8)])
    let detour = types.structure("arch_optimized_insn", 16, [("size", long, 0), ("insn", pointer, 8 * 8)])
    types.structure("optimized_kprobe", 160, [("kp", probe, 0), ("optinsn", detour, 144 * 8)])
    let memory = types.structure("module_memory", 16, [("base", pointer, 0), ("size", int, 8 * 8)])
    types.structure(
      "module", 264,
      [
        ("state", int, 0), ("list", list, 8 * 8), ("name", types.array(of: char, 56), 24 * 8),
        ("mem", types.array(of: memory, 7), 80 * 8), ("tracepoints_ptrs", pointer, 192 * 8),
        ("percpu", pointer, 200 * 8),
        ("taints", long, 208 * 8), ("kallsyms", pointer, 216 * 8), ("bug_list", list, 224 * 8),
        ("num_ftrace_callsites", int, 240 * 8), ("num_tracepoints", int, 244 * 8), ("sect_attrs", pointer, 248 * 8),
        ("ftrace_callsites", pointer, 256 * 8),
      ])
    types.structure(
      "mod_kallsyms", 24, [("symtab", pointer, 0), ("num_symtab", int, 8 * 8), ("strtab", pointer, 16 * 8)])
    let object = types.structure("kobject", 24, [("name", pointer, 0), ("entry", list, 8 * 8)])
    types.structure("module_kobject", 32, [("kobj", object, 0), ("mod", pointer, 24 * 8)])
    types.structure("kset", 16, [("list", list, 0)])
    let node = types.structure(
      "rb_node", 24, [("__rb_parent_color", long, 0), ("rb_right", pointer, 8 * 8), ("rb_left", pointer, 16 * 8)])
    let latched = types.structure("latch_tree_node", 48, [("node", types.array(of: node, 2), 0)])
    types.structure("mod_tree_node", 56, [("mod", pointer, 0), ("node", latched, 8 * 8)])
    types.structure("latch_tree_root", 24, [("seq", long, 0), ("tree", types.array(of: pointer, 2), 8 * 8)])
    let name = types.array(of: char, 65)
    let names = types.structure("new_utsname", 130, [("sysname", name, 0), ("nodename", name, 65 * 8)])
    types.structure("uts_namespace", 136, [("name", names, 0)])
    types.structure(
      "mod_unload_taint", 80,
      [("list", list, 0), ("name", types.array(of: char, 56), 16 * 8), ("taints", long, 72 * 8)])
    types.structure("ddebug_table", 24, [("link", list, 0), ("mod_name", pointer, 16 * 8)])
    types.structure("tp_module", 24, [("list", list, 0), ("mod", pointer, 16 * 8)])
    types.structure("btf_module", 24, [("list", list, 0), ("module", pointer, 16 * 8)])
    let user = types.structure("kuid_t", 4, [("val", int, 0)])
    addRegistered(&types, int: int, pointer: pointer, list: list, node: node)
    addPrograms(&types, char: char, int: int, long: long, pointer: pointer, list: list, user: user)
    addCredentials(&types, int: int, long: long, pointer: pointer, user: user)
    addSockets(&types, char: char, int: int, pointer: pointer, list: list, user: user)
    types.structure(
      "bpf_prog_pack", 24, [("list", list, 0), ("ptr", pointer, 16 * 8), ("bitmap", types.array(of: long, 0), 24 * 8)])
    types.structure("kprobe_insn_cache", 16, [("pages", list, 0)])
    types.structure("kprobe_insn_page", 24, [("list", list, 0), ("insns", pointer, 16 * 8)])
    types.structure("vmap_area", 24, [("list", list, 0), ("vm", pointer, 16 * 8)])
    types.structure(
      "vm_struct", 32,
      [("addr", pointer, 0), ("size", long, 8 * 8), ("flags", long, 16 * 8), ("caller", pointer, 24 * 8)])
    types.structure(
      "notifier_block", 24, [("notifier_call", pointer, 0), ("next", pointer, 8 * 8), ("priority", int, 16 * 8)])
    let chain = types.structure("atomic_notifier_head", 16, [("head", pointer, 8 * 8)])
    types.structure("blocking_notifier_head", 48, [("head", pointer, 40 * 8)])
    types.structure("raw_notifier_head", 8, [("head", pointer, 0)])
    types.structure("srcu_notifier_head", 72, [("head", pointer, 64 * 8)])
    types.structure("mod_initfree", 24, [("init_text", pointer, 8 * 8), ("node", pointer, 16 * 8)])
    types.structure("xa_node", 80, [("shift", char, 0), ("slots", types.array(of: pointer, 4), 32 * 8)])
    let tree = types.structure("xarray", 16, [("xa_head", pointer, 8 * 8)])
    let numbers = types.structure("idr", 24, [("idr_rt", tree, 0), ("idr_base", int, 16 * 8)])
    let namespace = types.structure("ns_common", 8, [("inum", int, 0)])
    types.structure("pid_namespace", 32, [("idr", numbers, 0), ("ns", namespace, 24 * 8)])
    types.structure("worker_pool", 40, [("busy_hash", types.array(of: pointer, 4), 8 * 8)])
    types.structure(
      "worker", 40, [("hentry", list, 8 * 8), ("current_work", pointer, 24 * 8), ("task", pointer, 32 * 8)])
    types.structure("signal_struct", 24, [("thread_head", list, 8 * 8)])
    addTasks(&types, char: char, int: int, long: long, pointer: pointer, list: list)
    addSwitches(&types, char: char, pointer: pointer)
    addKeys(&types, int: int, long: long, pointer: pointer)
    addInterpreters(&types, int: int, long: long, pointer: pointer, list: list)
    types.structure(
      "tracepoint", 40,
      [
        ("funcs", pointer, 0), ("name", pointer, 8 * 8), ("iterator", pointer, 24 * 8),
        ("static_call_key", pointer, 32 * 8),
      ])
    types.structure("static_call_key", 8, [("func", pointer, 0)])
    types.structure(
      "uprobe", 64,
      [("rb_node", node, 0), ("consumers", list, 24 * 8), ("inode", pointer, 40 * 8), ("offset", long, 48 * 8)])
    types.structure(
      "uprobe_consumer", 40, [("handler", pointer, 0), ("ret_handler", pointer, 8 * 8), ("cons_node", list, 24 * 8)])
    types.structure("tracepoint_func", 24, [("prio", int, 0), ("func", pointer, 8 * 8), ("data", pointer, 16 * 8)])
    // A variable that only its type says is a chain.
    types.add(14, "typed_chain", size: types.add(8, "chain_t", size: chain), details: little(UInt32(1)))
    // A function that fills a table of /proc, and one that answers nobody.
    types.function("traced_alone", [types.add(2, size: types.structure("seq_file", 8, [])), pointer])
    let handler = types.function("traced", [long])
    // Two that are called as it is and otherwise, and a table that leads to such.
    types.function("locking", [types.add(8, "number_t", size: long)])
    types.function("sealed", [long, long])
    let show = types.add(2, size: handler - 1)
    types.structure("handlers", 24, [("name", pointer, 0), ("show", show, 8 * 8), ("next", pointer, 16 * 8)])
    return types
  }()

  /// What belongs to BPF programs, and to the events that run them.
  private static func addPrograms(
    _ types: inout SampleBTF, char: UInt32, int: UInt32, long: UInt32, pointer: UInt32, list: UInt32, user: UInt32
  ) {
    types.enumeration("bpf_prog_type", [("BPF_PROG_TYPE_UNSPEC", 0), ("BPF_PROG_TYPE_TRACEPOINT", 5)])
    types.enumeration("bpf_attach_type", [("BPF_CGROUP_INET_INGRESS", 0), ("BPF_MODIFY_RETURN", 26)])
    let code = types.structure(
      "bpf_ksym", 64,
      [
        ("start", long, 0), ("end", long, 8 * 8), ("name", types.array(of: char, 31), 16 * 8), ("prog", char, 47 * 8),
        ("lnode", list, 48 * 8),
      ])
    types.structure("user_struct", 8, [("uid", user, 0)])
    types.structure(
      "bpf_prog_aux", 112,
      [
        ("id", int, 0), ("load_time", long, 8 * 8), ("user", pointer, 16 * 8), ("prog", pointer, 24 * 8),
        ("name", types.array(of: char, 16), 32 * 8), ("ksym", code, 48 * 8),
      ])
    types.structure(
      "bpf_prog", 48,
      [
        ("type", int, 0), ("expected_attach_type", int, 4 * 8), ("len", int, 8 * 8), ("jited", char, 12 * 8),
        ("kprobe_override", char, 13 * 8), ("tag", types.array(of: char, 8), 16 * 8), ("bpf_func", pointer, 24 * 8),
        ("aux", pointer, 32 * 8), ("jited_len", int, 40 * 8),
        ("insnsi", types.array(of: long, 0), 48 * 8),
      ])
    types.structure("trace_event_class", 8, [("system", pointer, 0)])
    types.structure(
      "trace_event_call", 48,
      [
        ("list", list, 0), ("class", pointer, 16 * 8), ("name", pointer, 24 * 8), ("flags", int, 32 * 8),
        ("prog_array", pointer, 40 * 8),
      ])
    types.structure("bpf_prog_array_item", 16, [("prog", pointer, 0)])
    types.structure("bpf_prog_array", 16, [("items", types.array(of: long, 0), 16 * 8)])
  }

  /// What is registered with the kernel: structures of which some words lead to functions, and some to tables of them.
  private static func addRegistered(
    _ types: inout SampleBTF, int: UInt32, pointer: UInt32, list: UInt32, node: UInt32
  ) {
    types.structure("list_head", 16, [("next", pointer, 0), ("prev", pointer, 8 * 8)])
    types.structure("hlist_head", 8, [("first", pointer, 0)])
    types.structure("hlist_node", 16, [("next", pointer, 0), ("pprev", pointer, 8 * 8)])
    let function = types.add(2, size: types.add(13))
    let module = types.structure("lsm_id", 16, [("name", pointer, 0), ("id", pointer, 8 * 8)])
    types.structure("security_hook_heads", 16, [("file_open", pointer, 0), ("quota_on", pointer, 8 * 8)])
    types.structure(
      "security_hook_list", 32,
      [("list", list, 0), ("hook", function, 16 * 8), ("lsmid", types.add(2, size: module), 24 * 8)])
    types.structure("softirq_action", 8, [("action", function, 0)])
    types.structure(
      "tty_ldisc_ops", 32, [("name", pointer, 0), ("receive_buf", function, 16 * 8), ("open", function, 24 * 8)])
    types.structure(
      "packet_type", 48,
      [
        ("type", types.integer("unsigned short", 2), 0), ("func", function, 8 * 8), ("id_match", function, 16 * 8),
        ("list", list, 24 * 8), ("data", pointer, 40 * 8),
      ])
    let operations = types.structure("proc_ops", 24, [("proc_read", function, 0), ("proc_write", function, 16 * 8)])
    let constant = types.add(2, size: types.add(10, size: operations))
    let showing = types.structure("", 8, kind: 5, [("seq_ops", constant, 0), ("single_show", function, 0)])
    let directory = types.structure(
      "file_operations", 32, [("read", function, 8 * 8), ("iterate", function, 24 * 8)])
    let operating = types.structure(
      "", 8, kind: 5,
      [("proc_ops", constant, 0), ("proc_dir_ops", types.add(2, size: types.add(10, size: directory)), 0)])
    let other = types.structure("", 8, kind: 5, [("number", int, 0), ("call", function, 0)])
    // A pointer to the type behind it.
    let above = types.add(2, size: types.typeCount + 2)
    types.structure(
      "proc_dir_entry", 96,
      [
        ("name", pointer, 0), ("parent", above, 8 * 8), ("subdir", pointer, 16 * 8), ("subdir_node", node, 24 * 8),
        ("", operating, 48 * 8), ("", showing, 56 * 8), ("", other, 64 * 8), ("mode", int, 72 * 8),
      ])
  }
}

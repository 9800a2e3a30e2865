/// Functions that nobody owns, registered where nothing calls them, so that a guest can go on.
///
/// What is made for it lies in the page of the functions.
extension Tampering {
  /// Has a word lead to a function that nobody owns.
  ///
  /// - Parameters:
  ///   - symbol: the variable that is a structure, or an array of them.
  ///   - index: which of them.
  ///   - path: the member; the first eight bytes if it is empty.
  package func leadAstray(
    _ symbol: String, _ index: UInt64 = 0, of structure: String, _ path: String
  ) throws(LabError) {
    let types = try types()
    let place = try system.symbol(symbol) + index * types.size(structure) + types.offset(structure, path)
    try store(plantUnownedPage().hooks[0], at: place)
  }

  /// Has a pointer lead to a structure of ours, of which a member leads to a function that nobody owns.
  package func replace(
    pointer index: UInt64, of symbol: String, by structure: String, _ path: String
  ) throws(LabError) {
    let page = try plantUnownedPage()
    let types = try types()
    var changes = WordChanges(self)
    changes.store(page.hooks[0], at: page.address + 0x800 + (try types.offset(structure, path)))
    changes.store(page.address + 0x800, at: try system.symbol(symbol) + index * 8)
    try apply(changes)
  }

  /// Has a member, the pointer to a constant table, lead to a copy of this table, in which one function is nobody's.
  package func copyTable(
    at pointer: UInt64, of structure: String, replacing path: String
  ) throws(LabError) {
    let page = try plantUnownedPage()
    let types = try types()
    let (table, copy) = (try word(at: pointer), page.address + 0x800)
    var changes = WordChanges(self)
    for offset in stride(from: 0, to: try types.size(structure), by: 8) {
      changes.store(try changes.load(table + offset), at: copy + offset)
    }
    changes.store(page.hooks[0], at: copy + (try types.offset(structure, path)))
    changes.store(copy, at: pointer)
    try apply(changes)
  }

  /// Hooks packets that are forwarded, of which there are none: `struct nf_hook_entries`, include/linux/netfilter.h.
  package func hookForwarding() throws(LabError) {
    let page = try plantUnownedPage()
    let types = try types()
    let entries = page.address + 0x800
    // NF_INET_FORWARD
    let place = try system.symbol("init_net") + types.offset("net", "nf.hooks_ipv4") + 2 * 8
    var changes = WordChanges(self)
    changes.store(1, at: entries)
    changes.store(
      page.hooks[0],
      at: entries + (try types.offset("nf_hook_entries", "hooks")) + (try types.offset("nf_hook_entry", "hook")))
    changes.store(entries, at: place)
    try apply(changes)
  }

  /// Registers a security hook: a node of ours on a list, or, where there are static calls, the function in a key.
  package func hookSecurity() throws(LabError) {
    let types = try types()
    if try !system.symbols(["static_calls_table"]).isEmpty {
      let call = try system.symbol("static_calls_table")
      let key = try word(at: call + types.offset("lsm_static_call", "key"))
      return try store(plantUnownedPage().hooks[0], at: key + types.offset("static_call_key", "func"))
    }
    let page = try plantUnownedPage()
    let node = page.address + 0x800
    let head = try system.symbol("security_hook_heads") + types.offset("security_hook_heads", "quota_on")
    var changes = WordChanges(self)
    changes.store(page.hooks[0], at: node + (try types.offset("security_hook_list", "hook")))
    changes.store(try changes.load(head), at: node + (try types.offset("security_hook_list", "list")))
    changes.store(node + (try types.offset("security_hook_list", "list")), at: head)
    try apply(changes)
  }

  /// Puts a timer of ours into the last bucket of a processor's wheel, which is not marked as in use.
  ///
  /// - Parameter isDelayedWork: whether the timer is the kernel's own, that of a piece of work of ours.
  package func startTimer(isDelayedWork: Bool) throws(LabError) {
    let page = try plantUnownedPage()
    let types = try types()
    let offset = try word(at: system.symbol("__per_cpu_offset"))
    let vectors = try types.array("timer_base", "vectors")
    let bucket =
      try system.symbol("timer_bases") &+ offset &+ types.offset("timer_base", "vectors")
      &+ (vectors.count - 1) * vectors.stride
    let work = page.address + 0x800
    let timer = isDelayedWork ? work + (try types.offset("delayed_work", "timer")) : work
    var changes = WordChanges(self)
    changes.store(try changes.load(bucket), at: timer + (try types.offset("timer_list", "entry")))
    changes.store(
      isDelayedWork ? try system.symbol("delayed_work_timer_fn") : page.hooks[0],
      at: timer + (try types.offset("timer_list", "function")))
    if isDelayedWork { changes.store(page.hooks[0], at: work + (try types.offset("delayed_work", "work.func"))) }
    changes.store(timer, at: bucket)
    try apply(changes)
  }

  /// Has the function of a kernel thread, which was called when that began, be nobody's.
  package func renameThreadFunction() throws(LabError) {
    let types = try types()
    let tasks = try types.offset("task_struct", "tasks")
    let record = types.has("task_struct", "worker_private") ? "worker_private" : "set_child_tid"
    let first = try system.symbol("init_task") + tasks
    var node = try word(at: first)
    for _ in 0..<64 where node != first {
      let task = node - tasks
      let thread = try word(at: task + types.offset("task_struct", record))
      if try word(at: task + types.offset("task_struct", "flags")) & 0x0020_0000 != 0, thread != 0 {
        let place = thread + (try types.offset("kthread", "threadfn"))
        if try word(at: place) != 0 { return try store(plantUnownedPage().hooks[0], at: place) }
      }
      node = try word(at: node)
    }
    throw LabError("\(system.kernel): no kernel thread says what it runs")
  }

  /// Sets a gate of the processors' to unowned code, for an exception that is never raised: `struct gate_struct`,
  /// arch/x86/include/asm/desc_defs.h.
  package func setGate(_ number: UInt64) throws(LabError) {
    let target = try plantUnownedPage().hooks[0]
    let gate = try system.symbol("idt_table") + number * types().size("gate_struct")
    var changes = WordChanges(self)
    let low = try changes.load(gate) & 0x0000_ffff_ffff_0000
    changes.store(low | target & 0xffff | (target >> 16 & 0xffff) << 48, at: gate)
    changes.store(target >> 32, at: gate + 8)
    try apply(changes)
  }

  /// Puts a gate among the first processor's segments, where programs have theirs: it leads to a function of the kernel's.
  package func addGateAmongSegments() throws(LabError) {
    let table = try system.symbol("gdt_page") &+ word(at: system.symbol("__per_cpu_offset"))
    let target = try system.symbol("commit_creds")
    var changes = WordChanges(self)
    changes.store(target & 0xffff | 0x10 << 16 | 0xec00 << 32 | (target >> 16 & 0xffff) << 48, at: table &+ 96)
    changes.store(target >> 32, at: table &+ 104)
    try apply(changes)
  }

  /// Gives process 1 segments of its own, and among them a gate, as modify_ldt never does, to a function of the kernel's.
  ///
  /// Source: `struct ldt_struct`, arch/x86/include/asm/mmu_context.h (Linux v5.10 to v7.2).
  package func addGateAmongSegmentsOfProgram() throws(LabError) {
    let page = try plantUnownedPage()
    let types = try types()
    let target = try system.symbol("commit_creds")
    let (record, table) = (page.address + 0x800, page.address + 0x840)
    let first = try word(at: system.symbol("init_task") + types.offset("task_struct", "tasks"))
    let memory = try word(at: first - types.offset("task_struct", "tasks") + types.offset("task_struct", "mm"))
    guard memory != 0 else { throw LabError("\(system.kernel): the first process has no memory") }
    var changes = WordChanges(self)
    changes.store(target & 0xffff | 0x10 << 16 | 0xec00 << 32 | (target >> 16 & 0xffff) << 48, at: table)
    changes.store(target >> 32, at: table + 8)
    changes.store(table, at: record + (try types.offset("ldt_struct", "entries")))
    changes.store(2, at: record + (try types.offset("ldt_struct", "nr_entries")))
    changes.store(record, at: memory + (try types.offset("mm_struct", "context.ldt")))
    try apply(changes)
  }

  /// Has the first processor's task state name memory of ours as a stack that no gate asks for: `struct x86_hw_tss`,
  /// arch/x86/include/asm/processor.h (Linux v5.10 to v7.2).
  package func nameOtherStack() throws(LabError) {
    let page = try plantUnownedPage()
    let types = try types()
    let state = try system.symbol("cpu_tss_rw") &+ word(at: system.symbol("__per_cpu_offset"))
    let place = state + (try types.offset("tss_struct", "x86_tss")) + (try types.offset("x86_hw_tss", "ist")) + 6 * 8
    try patch((0..<8).map { UInt8(truncatingIfNeeded: (page.address + 0xff0) >> UInt64($0 * 8)) }, at: place)
  }

  /// Registers a character device of ours: `struct char_device_struct`, fs/char_dev.c.
  package func addCharacterDevice() throws(LabError) {
    let page = try plantUnownedPage()
    let types = try types()
    let (record, device, table) = (page.address + 0x800, page.address + 0x900, page.address + 0xa00)
    let head = try system.symbol("chrdevs") + 200 * 8
    var changes = WordChanges(self)
    changes.store(try changes.load(head), at: record + (try types.offset("char_device_struct", "next")))
    changes.store(200, at: record + (try types.offset("char_device_struct", "major") & ~7))
    changes.store(device, at: record + (try types.offset("char_device_struct", "cdev")))
    changes.store(table, at: device + (try types.offset("cdev", "ops")))
    changes.store(page.hooks[0], at: table + (try types.offset("file_operations", "read")))
    changes.store(record, at: head)
    try apply(changes)
  }

  /// The place of the table of file operations of the inode at the root of the last mounted file system on the kernel's list.
  package func operationsOfRoot() throws(LabError) -> UInt64 {
    let types = try types()
    let block = try word(at: system.symbol("super_blocks") + 8) - types.offset("super_block", "s_list")
    let root = try word(at: block + types.offset("super_block", "s_root"))
    guard root != 0 else { throw LabError("\(system.kernel): a file system has no root") }
    return try word(at: root + types.offset("dentry", "d_inode")) + types.offset("inode", "i_fop")
  }

  /// The place of the table of file operations of `/proc` itself.
  package func operationsOfProc() throws(LabError) -> UInt64 {
    try system.symbol("proc_root") + types().offset("proc_dir_entry", "proc_dir_ops")
  }

  /// Has a word lead to executable memory that nobody owns.
  package func leadToUnownedCode(_ place: UInt64) throws(LabError) {
    let page = try plantUnownedPage()
    try makeExecutable(page.address)
    try store(page.hooks[0], at: place)
  }

  /// Has a pointer to a constant table lead to a copy of it, in which one function leads to executable memory that nobody owns.
  package func copyTableWithUnownedCode(
    at pointer: UInt64, of structure: String, replacing path: String
  ) throws(LabError) {
    try copyTable(at: pointer, of: structure, replacing: path)
    try makeExecutable(word(at: pointer))
  }

  /// The place of a member of the structure that a pointer in the first process's record leads to.
  ///
  /// - Parameter pointers: each a structure and its member that leads to the next one.
  package func place(
    _ pointers: [(structure: String, member: String)], in structure: String, _ path: String
  ) throws(LabError) -> UInt64 {
    let types = try types()
    let tasks = try types.offset("task_struct", "tasks")
    let head = try system.symbol("init_task") + tasks
    var node = try word(at: head)
    search: for _ in 0..<256 where node != head {
      var address = node - tasks
      node = try word(at: node)
      // Those of the kernel's own have no memory of their own.
      guard try word(at: address + types.offset("task_struct", "mm")) != 0 else { continue }
      for pointer in pointers {
        address = try word(at: address + types.offset(pointer.structure, pointer.member))
        if address == 0 { continue search }
      }
      return address + (try types.offset(structure, path))
    }
    throw LabError("\(system.kernel): no process has a \(structure)")
  }

  /// The place of a member of the first file that a process has open.
  package func placeInOpenFile(_ path: String) throws(LabError) -> UInt64 {
    let types = try types()
    let first = try word(
      at: place([("task_struct", "files"), ("files_struct", "fdt")], in: "fdtable", "fd"))
    let file = try word(at: first)
    guard file != 0 else { throw LabError("\(system.kernel): a process has no standard input") }
    return file + (try types.offset("file", path))
  }

  /// The place of a member of the inode of that file.
  package func placeInOpenInode(_ path: String) throws(LabError) -> UInt64 {
    try word(at: placeInOpenFile("f_inode")) + types().offset("inode", path)
  }

  private func store(_ word: UInt64, at place: UInt64) throws(LabError) {
    var changes = WordChanges(self)
    changes.store(word, at: place)
    try apply(changes)
  }
}

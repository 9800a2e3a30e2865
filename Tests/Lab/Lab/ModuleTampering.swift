/// Changes to what a kernel knows of one of its modules, from outside.
///
/// The module stays as it is, and nobody loads or unloads one until the changes are undone.
extension Tampering {
  /// Where a module can be missing.
  package enum ModulePlace: Sendable {
    /// The list that `/proc/modules` and `/proc/kallsyms` show.
    case list
    /// The objects of modules, and the directory of `/sys/module` that shows them.
    case sysfs
    /// The tree in which addresses are looked up.
    case tree
  }

  /// A module of the distribution that is in every kernel, and does nothing without devices.
  ///
  /// Its code has all that a kernel keeps books of: places for the tracer, warnings, messages that can be switched on.
  package static let quietModule = "bonding"

  /// Loads ``quietModule``, without a device.
  package static func loadQuietModule(into guest: Guest) throws(LabError) {
    _ = try guest.output(of: "modprobe \(quietModule) max_bonds=0")
  }

  /// Unloads ``quietModule``, which shows that the kernel has got back what it knew of it.
  package static func unloadQuietModule(from guest: Guest) throws(LabError) {
    _ = try guest.output(of: "rmmod \(quietModule)")
  }

  /// Takes a module out of some of the places that know of it.
  package func removeModule(_ name: String, from places: Set<ModulePlace>) throws(LabError) {
    let module = try module(name)
    var changes = WordChanges(self)
    if places.contains(.list) { try changes.unlink(module.address + module.types.offset("module", "list")) }
    if places.contains(.tree) { try removeFromTree(module, &changes) }
    if places.contains(.sysfs) { try removeFromSysfs(module, &changes) }
    try apply(changes)
  }

  /// Overwrites what a module that is in no list knows of its neighbours, as list_del() does, with other values.
  package func overwriteLinks(ofModule name: String) throws(LabError) {
    let module = try module(name)
    let list = module.address + (try module.types.offset("module", "list"))
    var changes = WordChanges(self)
    changes.store(0x5a5a_5a5a_5a5a_5a5a, at: list)
    changes.store(0xa5a5_a5a5_a5a5_a5a5, at: list + 8)
    try apply(changes)
  }

  /// Has a module say that it is not set up yet, and that it has no symbols.
  ///
  /// The kernel passes over such modules wherever it walks the list (kernel/module.c, MODULE_STATE_UNFORMED, v5.10; in
  /// kernel/module/ in later versions).
  package func scrubModule(_ name: String) throws(LabError) {
    let module = try module(name)
    let unformed = try module.types.value(of: "MODULE_STATE_UNFORMED", in: "module_state")
    let symbols = try word(at: module.address + module.types.offset("module", "kallsyms"))
    // Both are integers of four bytes.
    try patch(
      [UInt8(truncatingIfNeeded: unformed), 0, 0, 0], at: module.address + module.types.offset("module", "state"))
    try patch([0, 0, 0, 0], at: symbols + module.types.offset("mod_kallsyms", "num_symtab"))
  }

  /// Has a module's note say that it is another build.
  ///
  /// `struct module_notes_attrs` (kernel/module/sysfs.c, v6.1) leads to each note's bytes by `private`.
  package func changeBuildID(ofModule name: String) throws(LabError) {
    let module = try module(name)
    let types = module.types
    let notes = try word(at: module.address + types.offset("module", "notes_attrs"))
    let count = try word(at: notes + types.offset("module_notes_attrs", "notes")) & 0xff
    for index in 0..<count {
      let note = try notes + types.offset("module_notes_attrs", "attrs") + index * types.size("bin_attribute")
      let bytes = try word(at: note + types.offset("bin_attribute", "private"))
      // Two sizes and the type, which is 3 of a build id, then the name.
      guard try word(at: bytes + 8) == 3 | 0x0055_4e47 << 32 else { continue }
      return try patch([try read(at: bytes + 16, count: 1)[0] ^ 0xff], at: bytes + 16)
    }
    throw LabError("\(system.kernel): \(name) has no note with a build id")
  }

  /// Has vmalloc forget the memory of a module, until the lab's own module for that is unloaded.
  ///
  /// From inside: the kernel goes on adding to the tree.
  package func forgetMemory(ofModule name: String) throws(LabError) {
    let areas = try memory(of: module(name)).map(\.base)
    let known = try knownAreas()
    guard known.isSuperset(of: areas) else {
      throw LabError("\(system.kernel): /proc/vmallocinfo does not show \(areas.map(hex).joined(separator: ", "))")
    }
    let books = try booksOfAreas().map { " \($0.0)=\(hex($0.1))" }.joined()
    _ = try guest.output(of: "insmod /fixtures/unmapped.ko areas=\(areas.map(hex).joined(separator: ","))\(books)")
    guard try knownAreas().isDisjoint(with: areas) else {
      throw LabError("\(system.kernel): /proc/vmallocinfo still shows the memory of \(name)")
    }
  }

  /// Has vmalloc know again what it was made to forget.
  package static func rememberMemory(_ guest: Guest) throws(LabError) { _ = try guest.output(of: "rmmod unmapped") }

  /// Where the kernel keeps what vmalloc knows: the parameters of the module that has it forget.
  private func booksOfAreas() throws(LabError) -> [(String, UInt64)] {
    if let root = try system.symbols(["vmap_area_root"])["vmap_area_root"] {
      return [
        ("root", root), ("head", try system.symbol("vmap_area_list")), ("lock", try system.symbol("vmap_area_lock")),
      ]
    }
    // One for each processor (mm/vmalloc.c, vmap_init_nodes(), v6.9 and later).
    guard try read(at: system.symbol("nr_vmap_nodes"), count: 4) == [1, 0, 0, 0] else {
      throw LabError("\(system.kernel): its areas of vmalloc's are in more than one tree")
    }
    let types = try types()
    let busy = try word(at: system.symbol("vmap_nodes")) + types.offset("vmap_node", "busy")
    return [
      ("root", busy + (try types.offset("rb_list", "root"))), ("head", busy + (try types.offset("rb_list", "head"))),
      ("lock", busy + (try types.offset("rb_list", "lock"))),
    ]
  }

  /// Where the areas begin that the guest shows.
  private func knownAreas() throws(LabError) -> Set<UInt64> {
    // The addresses are true only if they are kept from others.
    let text = try guest.output(
      of: """
        restrict=/proc/sys/kernel/kptr_restrict; before=$(cat $restrict); echo 1 >$restrict
        cut -d- -f1 /proc/vmallocinfo; echo $before >$restrict
        """)
    return Set(text.split(separator: "\n").compactMap { UInt64($0.dropFirst(2), radix: 16) })
  }

  /// The word at a virtual address.
  func word(at address: UInt64) throws(LabError) -> UInt64 {
    try read(at: address, count: 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private struct Module {
    let name: String
    /// Of its struct module.
    let address: UInt64
    let types: GuestTypes
  }

  private func module(_ name: String) throws(LabError) -> Module {
    if let known = moduleAddresses[name] { return Module(name: name, address: known, types: try types()) }
    let text = try system.kallsyms(awk: "$3 == \"__this_module\" && $4 == \"[\(name)]\" { print $1; exit }")
    guard let address = UInt64(text, radix: 16), address != 0 else {
      throw LabError("\(system.kernel): no struct module of \(name) in /proc/kallsyms")
    }
    moduleAddresses[name] = address
    return Module(name: name, address: address, types: try types())
  }

  /// Where a module's parts lie that stay, and where in its struct module the nodes of the tree are.
  ///
  /// One part up to v6.3 (`core_layout`), after that one of each kind (`mem`, Linux kernel commit ac3b43283923, "module:
  /// replace module_layout with module_memory").
  private func memory(of module: Module) throws(LabError) -> [(base: UInt64, node: UInt64)] {
    let types = module.types
    guard types.has("module", "mem") else {
      let layout = module.address + (try types.offset("module", "core_layout"))
      let node = layout + (try types.offset("module_layout", "mtn"))
      return [(try word(at: layout + types.offset("module_layout", "base")), node)]
    }
    let parts = module.address + (try types.offset("module", "mem"))
    let (count, stride) = try types.array("module", "mem")
    var found: [(base: UInt64, node: UInt64)] = []
    for index in 0..<count {
      let part = parts + index * stride
      if try read(at: part + types.offset("module_memory", "size"), count: 4) == [0, 0, 0, 0] { continue }
      let node = part + (try types.offset("module_memory", "mtn"))
      found.append((try word(at: part + types.offset("module_memory", "base")), node))
    }
    return found
  }

  /// The tree exists twice, so that one can be read while the other changes (include/linux/rbtree_latch.h, v5.10
  /// to v7.2).
  private func removeFromTree(_ module: Module, _ changes: inout WordChanges) throws(LabError) {
    let types = module.types
    let roots = try system.symbol("mod_tree") + types.offset("mod_tree_root", "root")
    let trees = try types.array("latch_tree_root", "tree")
    let nodes = try types.array("latch_tree_node", "node")
    for part in try memory(of: module) {
      let node = part.node + (try types.offset("mod_tree_node", "node")) + (try types.offset("latch_tree_node", "node"))
      for index in 0..<trees.count {
        let root = roots + (try types.offset("latch_tree_root", "tree")) + index * trees.stride
        try changes.remove(node + index * nodes.stride, fromTreeAt: root)
      }
    }
  }

  /// As kobject_del() (lib/kobject.c): the directory goes, and the object leaves its set.
  private func removeFromSysfs(_ module: Module, _ changes: inout WordChanges) throws(LabError) {
    let types = module.types
    let object = module.address + (try types.offset("module", "mkobj.kobj"))
    let directory = try word(at: object + types.offset("kobject", "sd"))
    let set = try word(at: system.symbol("module_kset")) + types.offset("kset", "kobj")
    let parent = try word(at: set + types.offset("kobject", "sd"))
    try changes.remove(
      directory + types.offset("kernfs_node", "rb"),
      fromTreeAt: parent + types.offset("kernfs_node", "dir.children"))
    try changes.unlink(object + types.offset("kobject", "entry"))
    // Whoever knows the path from before is told by this that it is no longer good: KN_DEACTIVATED_BIAS, fs/kernfs/dir.c,
    // v5.10 to v7.2. It is half a word, and the other half goes on counting.
    try patch([1, 0, 0, 0x80], at: directory + types.offset("kernfs_node", "active"))
  }
}

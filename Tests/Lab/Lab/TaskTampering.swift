/// Changes to what a kernel knows of its tasks, from outside.
///
/// Source: include/linux/sched.h, pid.h, pid_namespace.h (Linux v5.10 to v7.2).
extension Tampering {
  /// Where a task can be missing.
  package enum TaskPlace: Sendable {
    /// The list of all processes.
    case list
    /// The table of process numbers.
    case numbers
  }

  /// Takes the process that has a name out of a place where the kernel looks for it; it runs on.
  package func removeProcess(named name: String, from place: TaskPlace) throws(LabError) {
    let types = try types()
    let task = try process(named: name)
    var changes = WordChanges(self)
    switch place {
    case .list: try changes.unlink(task + types.offset("task_struct", "tasks"))
    case .numbers:
      let number = try word(at: task + types.offset("task_struct", "thread_pid"))
      let table = try system.symbol("init_pid_ns") + types.offset("pid_namespace", "idr")
      for entry in try entries(ofIDR: table) where entry.pointer == number { changes.store(0, at: entry.slot) }
      guard !changes.words.isEmpty else { throw LabError("\(system.kernel): \(name) has no number") }
    }
    try apply(changes)
  }

  /// The `struct task_struct` of the first process that has a name.
  package func process(named name: String) throws(LabError) -> UInt64 {
    let types = try types()
    let head = try system.symbol("init_task") + types.offset("task_struct", "tasks")
    let (link, comm) = (try types.offset("task_struct", "tasks"), try types.offset("task_struct", "comm"))
    var node = try word(at: head)
    // No guest has as many.
    for _ in 0..<4096 where node != head {
      let task = node - link
      var bytes: [UInt8] = []
      for place in [task + comm, task + comm + 8] {
        let word = try self.word(at: place)
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
      }
      if bytes.prefix(while: { $0 != 0 }).elementsEqual(name.utf8) { return task }
      node = try word(at: node)
    }
    throw LabError("\(system.kernel): no process is called \(name)")
  }

  /// The `struct task_struct` of process 1: the first on the list.
  private func firstProcess() throws(LabError) -> UInt64 {
    let link = try types().offset("task_struct", "tasks")
    return try word(at: system.symbol("init_task") + link) - link
  }

  /// Gives process 1 the kernel's own credentials.
  package func giveKernelsCredentials() throws(LabError) {
    let types = try types()
    let (task, own) = (try firstProcess(), try system.symbol("init_cred"))
    var changes = WordChanges(self)
    changes.store(own, at: task + (try types.offset("task_struct", "real_cred")))
    changes.store(own, at: task + (try types.offset("task_struct", "cred")))
    try apply(changes)
  }

  /// Gives process 1 the credentials of another one: of process 2, which makes the kernel's threads.
  package func shareCredentials() throws(LabError) {
    let types = try types()
    let (task, other) = (try firstProcess(), try process(named: "kthreadd"))
    var changes = WordChanges(self)
    for member in ["real_cred", "cred"] {
      let offset = try types.offset("task_struct", member)
      changes.store(try changes.load(other + offset), at: task + offset)
    }
    try apply(changes)
  }

  /// Makes process 1 another user's, in its credentials alone, as a module does that sets numbers.
  package func changeUser(to user: UInt32) throws(LabError) {
    let types = try types()
    let credentials = try word(at: firstProcess() + types.offset("task_struct", "real_cred"))
    try patch(
      (0..<4).map { UInt8(truncatingIfNeeded: user >> UInt32($0 * 8)) },
      at: credentials + types.offset("cred", "uid"))
  }

  /// Puts another text, and a NUL behind it, where a variable is one.
  package func setText(_ variable: String, to text: String) throws(LabError) {
    try patch(Array(text.utf8) + [0], at: try system.symbol(variable))
  }

  /// Changes a byte of the first key on a keyring.
  ///
  /// Source: `struct assoc_array`, include/linux/assoc_array_priv.h; `struct public_key`, include/crypto/public_key.h (Linux v5.10 to
  /// v7.2). Of a pointer to a node the lowest bit is set.
  package func changeKey(on keyring: String) throws(LabError) {
    let types = try types()
    let keys = try word(at: system.symbol(keyring)) + types.offset("key", "keys")
    var pointer = try word(at: keys + types.offset("assoc_array", "root"))
    if pointer & 3 == 1 {
      let slots = try types.array("assoc_array_node", "slots")
      let first = pointer - 1 + (try types.offset("assoc_array_node", "slots"))
      pointer = 0
      for slot in 0..<slots.count where pointer == 0 { pointer = try word(at: first + slot * slots.stride) }
    }
    guard pointer != 0, pointer & 3 == 0 else { throw LabError("\(system.kernel): \(keyring) has no plain key") }
    let payload = try word(at: pointer + types.offset("key", "payload"))
    let place = try word(at: payload + types.offset("public_key", "key")) + 40
    try patch([try read(at: place, count: 1)[0] ^ 1], at: place)
  }
}

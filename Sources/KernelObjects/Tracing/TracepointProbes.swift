package import KernelModel

/// Who is called at the kernel's tracepoints and at its modules'.
///
/// Source: include/linux/tracepoint-defs.h, include/linux/tracepoint.h and kernel/tracepoint.c, func_add() (Linux v5.10 to v7.2).
package struct TracepointProbes {
  /// One who is called where a tracepoint is passed.
  package struct Probe: Hashable, Sendable {
    /// The name of the tracepoint.
    package var tracepoint: String
    /// The function that is called.
    package var function: UInt64
    /// What it is told besides: of a BPF program its link or itself, else what whoever registered it wanted.
    package var data: UInt64
  }

  /// A tracepoint whose code calls another function than those that are registered there.
  ///
  /// The code beside a tracepoint calls the one function that is registered straight, and the tracepoint's own that calls all of
  /// them (`__traceiter_NAME`) where there are several; while functions come and go that one, too. Where none is registered
  /// the code is not come to, and may hold what was called last.
  /// Source: tracepoint_update_call(), tracepoint_add_func() and tracepoint_remove_func() in kernel/tracepoint.c (Linux v5.10 to v7.2).
  package struct Detour: Hashable, Sendable {
    /// The name of the tracepoint.
    package var tracepoint: String
    /// The kernel's `struct static_call_key`.
    package var key: UInt64
    /// The function that is called.
    package var function: UInt64
  }

  /// How many tracepoints the kernel itself has.
  package private(set) var kernelCount: UInt64 = 0
  /// Of all tracepoints, in the order in which they are called at each.
  package private(set) var probes: [Probe] = []
  package private(set) var detours: [Detour] = []

  /// Tracepoints of one owner, and probes in all, at most: more than any kernel has.
  private static let most: UInt64 = 1 << 16

  /// - Throws: `notApplicable` if the kernel has no tracepoints.
  package init(_ snapshot: Snapshot) throws(CannotCheck) {
    guard let start = try snapshot.symbols.addressIfAny(of: "__start___tracepoints_ptrs") else {
      throw .notApplicable("this kernel was built without tracepoints (CONFIG_TRACEPOINTS)")
    }
    let stop = try snapshot.symbols.address(of: "__stop___tracepoints_ptrs")
    guard stop >= start else {
      throw .implausible("__stop___tracepoints_ptrs", "lies below __start___tracepoints_ptrs")
    }
    kernelCount = (stop - start) / 4
    try read(start, kernelCount, snapshot)
    for module in try LiveModules(snapshot).modules {
      let module = try snapshot.object("module", at: module.structure)
      guard let count = try module.valueIfAny("num_tracepoints", as: UInt32.self), count > 0 else { continue }
      try read(module["tracepoints_ptrs"], UInt64(count), snapshot)
    }
  }

  /// Reads the probes of `count` tracepoints.
  ///
  /// - Parameter pointers: where a `tracepoint_ptr_t` for each stands: 32 bits, relative to its own place
  ///   (CONFIG_HAVE_ARCH_PREL32_RELOCATIONS).
  private mutating func read(_ pointers: UInt64, _ count: UInt64, _ snapshot: Snapshot) throws(CannotCheck) {
    guard count <= Self.most else { throw .torn("the tracepoints", "are \(count)") }
    let size = UInt64(try snapshot.types.byteCount(of: "tracepoint_func"))
    for index in 0..<count {
      let place = pointers &+ index &* 4
      let distance = Int64(try snapshot.load(Int32.self, at: place))
      let tracepoint = try snapshot.object("tracepoint", at: place &+ UInt64(bitPattern: distance))
      guard var entry = try tracepoint.target("funcs", as: "tracepoint_func") else { continue }
      let name = try snapshot.text(at: tracepoint["name"])
      let first = probes.count
      while true {
        let function: UInt64 = try entry["func"]
        // An entry without a function is the last.
        guard function != 0 else { break }
        guard probes.count < Self.most else { throw .torn("the probes of \(name)", "have no end") }
        probes.append(Probe(tracepoint: name, function: function, data: try entry["data"]))
        entry = try snapshot.object("tracepoint_func", at: entry.address &+ size)
      }
      try readCall(of: tracepoint, name, probes[first...].map(\.function))
    }
  }

  /// - Parameter registered: the functions that are to be called.
  private mutating func readCall(
    of tracepoint: KernelObject, _ name: String, _ registered: [UInt64]
  ) throws(CannotCheck) {
    let snapshot = tracepoint.snapshot
    // One that could not be taken away for want of memory has another in its place that does nothing.
    guard !registered.isEmpty, !registered.contains(where: { $0 == snapshot.symbols["tp_stub_func"] }),
      let key: UInt64 = try tracepoint.valueIfAny("static_call_key"), key != 0, tracepoint.has("iterator"),
      snapshot.types.offsetIfAny(of: "func", in: "static_call_key") != nil
    else { return }
    let called = try snapshot.word("func", of: "static_call_key", at: key)
    var legal: [UInt64] = [try tracepoint["iterator"]]
    if registered.count == 1 { legal += registered }
    if !legal.contains(called) { detours.append(Detour(tracepoint: name, key: key, function: called)) }
  }
}

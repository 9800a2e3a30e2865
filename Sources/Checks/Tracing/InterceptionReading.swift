internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Finds who is called through the function tracer, its graph, probes and live patches, at one moment.
///
/// A user of the tracer is told by its own function, not by what a trampoline or the common code calls: that is often a
/// function of the kernel's which calls the user's (`ftrace_ops_assist_func`, `ftrace_ops_list_func`). Likewise the
/// kernel's own users are seen through, as far as they call on.
struct InterceptionReading {
  private let reader: Snapshot
  private let ownership: CodeOwnership
  private(set) var found: [Interception] = []
  /// Why some of it could not be read: who is called by the tracer, and who by probes.
  private(set) var obstacles: [Interception.Family: CannotCheck] = [:]
  /// What is being read.
  private var family = Interception.Family.tracers

  /// FGRAPH_ARRAY_SIZE in kernel/trace/fgraph.c (Linux v6.12), FPROBE_TABLE_SIZE in kernel/trace/fprobe.c (v7.2).
  private static let graphUserCount: UInt64 = 16
  private static let functionProbeBucketCount: UInt64 = 64
  private static let most = 65_536

  init(_ reader: Snapshot, _ ownership: CodeOwnership, ftrace: FtraceState, probes: KprobeState) {
    self.reader = reader
    self.ownership = ownership
    // What hinders the reading of one must not hide another.
    let direct = Set(ftrace.directCalls.values)
    for var operations in ftrace.operations {
      // What is in the table of direct calls is told from there.
      operations.directCall =
        direct.contains(operations.directCall) ? 0 : ftrace.callee(ofDirect: operations.directCall)
      attempt { (reading: inout Self) throws(CannotCheck) in try reading.read(operations) }
    }
    for (function, target) in ftrace.directCalls.sorted(by: { $0.key < $1.key }) {
      add(.directCall, ftrace.callee(ofDirect: target), at: .these([function]), structure: 0)
    }
    attempt { (reading: inout Self) throws(CannotCheck) in try reading.readGraph() }
    family = .probes
    attempt { (reading: inout Self) throws(CannotCheck) in try reading.readFunctionProbes() }
    for probe in probes.probes {
      for handler in probe.handlers {
        // A handler that says so goes on where it likes: kprobe_int3_handler() in arch/x86/kernel/kprobes/core.c (Linux
        // v5.10 to v7.2).
        add(.probe, handler, mayChange: .course, at: .these([probe.address]), structure: probe.structure)
      }
      for handler in probe.returnHandlers {
        // It is given the registers that the caller gets back, the answer among them: arch/x86/kernel/kprobes/core.c (Linux
        // v5.10), arch/x86/kernel/rethook.c (v6.1 to v7.2).
        add(.returnProbe, handler, mayChange: .answer, at: .these([probe.address]), structure: probe.structure)
      }
    }
  }

  private mutating func attempt(_ read: (inout Self) throws(CannotCheck) -> Void) {
    do throws(CannotCheck) {
      try read(&self)
    } catch {
      note(error)
    }
  }

  private mutating func note(_ error: CannotCheck) { obstacles[family] = obstacles[family] ?? error }

  /// Whose calls a user of the tracer asked for; not known if that cannot be read.
  private mutating func functions(_ filter: UInt64) -> TracedFunctions {
    do throws(CannotCheck) {
      return try TracedFunctions(filter, reader)
    } catch {
      note(error)
      return .unknown
    }
  }

  /// Whether a function of the kernel's own image is called: the kernel traces for itself, or for user space.
  private func isKernels(_ callee: UInt64) -> Bool { ownership.standing(of: callee) == .kernelFunction }

  private mutating func add(
    _ means: Interception.Means, _ callee: UInt64, redirects: Bool = false, mayChange: Interception.Change? = nil,
    at functions: TracedFunctions, structure: UInt64
  ) {
    guard callee != 0, redirects || !isKernels(callee), found.count < Self.most else { return }
    found.append(
      Interception(
        means: means, callee: callee, redirects: redirects, mayChange: mayChange, structure: structure,
        functions: functions))
  }

  // MARK: The tracer

  private mutating func read(_ operations: FtraceState.Operations) throws(CannotCheck) {
    let function = operations.function
    func isFunction(_ names: String...) -> Bool { names.contains { reader.symbols[$0] == function } }
    if isFunction("klp_ftrace_handler") { return try readLivePatch(operations) }
    if isFunction("call_direct_funcs") {
      // What it calls is in direct_functions; here only where each user has its own.
      guard operations.directCall != 0, !isKernels(operations.directCall) else { return }
      return add(
        .directCall, operations.directCall, at: functions(operations.filter),
        structure: operations.address)
    }
    if isFunction("fprobe_handler", "fprobe_kprobe_handler") {
      guard let place = reader.types.offsetIfAny(of: "ops", in: "fprobe") else { return }
      family = .probes
      defer { family = .tracers }
      let functions = functions(operations.filter)
      return try readFunctionProbe(at: operations.address &- place) { functions }
    }
    for callee in Set([function, operations.savedFunction]) where callee != 0 {
      // The kernel's own probes redirect too; what they call is told with them.
      let redirects = operations.modifiesAddress && !operations.isDirect && !isHeldByKernel(operations.address)
      guard redirects || !isKernels(callee) else { continue }
      add(
        .tracer, callee, redirects: redirects, mayChange: Machine.maySteer(operations, reader) ? .course : nil,
        at: functions(operations.filter),
        structure: operations.address)
    }
  }

  /// Whether a structure is one of the kernel image's own variables.
  private func isHeldByKernel(_ address: UInt64) -> Bool {
    if case .kernelData = ownership.kernel.owner(of: KernelAddress(address)) { true } else { false }
  }

  /// The functions that live patches put in one function's place.
  ///
  /// Source: `struct klp_ops` in kernel/livepatch/patch.h, `struct klp_func` in include/linux/livepatch.h
  /// (Linux v5.10 to v7.2).
  private mutating func readLivePatch(_ operations: FtraceState.Operations) throws(CannotCheck) {
    let functions = functions(operations.filter)
    let patched = try reader.object("ftrace_ops", at: operations.address).container("klp_ops", member: "fops")
    let stack = patched.list("func_stack", linkedBy: "stack_node", of: "klp_func", limit: 1024)
    for function in try stack.whole() {
      let old: UInt64 = try function["old_func"]
      let new: UInt64 = try function["new_func"]
      // A patch that takes another's back leads to the function itself.
      guard new != old else { continue }
      add(.livePatch, new, redirects: true, at: functions, structure: function.address)
    }
  }

  // MARK: The graph tracer and function probes

  /// Source: kernel/trace/fgraph.c, include/linux/ftrace.h (Linux v5.10 to v7.2): two variables, or a table of users.
  private mutating func readGraph() throws(CannotCheck) {
    for variable in ["ftrace_graph_entry", "ftrace_graph_return"] {
      guard let callee = try reader.value(UInt64.self, of: variable) else { continue }
      add(.graphTracer, callee, at: .unknown, structure: reader.symbols[variable] ?? 0)
    }
    guard let table = reader.symbols["fgraph_array"], reader.types.structure("fgraph_ops")?.member("ops") != nil
    else { return }
    for index in 0..<Self.graphUserCount {
      let address = try reader.load(UInt64.self, at: table &+ index * 8)
      guard address != 0 else { continue }
      let user = try reader.object("fgraph_ops", at: address)
      for member in ["entryfunc", "retfunc"] {
        let callee: UInt64 = try user[member]
        guard callee != 0, !isKernels(callee) else { continue }
        add(.graphTracer, callee, at: functions(try user["ops.func_hash"]), structure: address)
      }
    }
  }

  /// Function probes that use the graph tracer are in a table of their own.
  ///
  /// Source: `struct fprobe_hlist` in include/linux/fprobe.h, kernel/trace/fprobe.c (Linux v7.2).
  private mutating func readFunctionProbes() throws(CannotCheck) {
    guard reader.types.structure("fprobe_hlist") != nil,
      let table = try reader.symbols.addressIfAny(of: "fprobe_table")
    else { return }
    let places = try reader.offset("array", in: "fprobe_hlist")
    let node = try reader.types.type("fprobe_hlist_node")
    let reader = reader
    for list in try reader.hashTable(
      at: table, count: Self.functionProbeBucketCount, linkedBy: "hlist", of: "fprobe_hlist", limit: Self.most
    ).whole() {
      let probe: UInt64 = try list["fp"]
      guard probe != 0 else { continue }
      let size: UInt32 = try list["size"]
      guard size <= 1 << 18 else { throw .torn("fprobe_hlist", "has \(size) places") }
      try readFunctionProbe(at: probe) { () throws(CannotCheck) in
        var functions: [UInt64] = []
        for index in 0..<UInt64(size) {
          let place = list.address &+ places &+ index &* UInt64(node.layout.byteCount)
          functions.append(try KernelObject(node, at: place, reader)["addr"])
        }
        return .these(functions.sorted())
      }
    }
  }

  private mutating func readFunctionProbe(
    at probe: UInt64, _ functions: () throws(CannotCheck) -> TracedFunctions
  ) throws(CannotCheck) {
    for (member, change) in [("entry_handler", nil), ("exit_handler", Interception.Change.answer)] {
      let callee = try reader.word(member, of: "fprobe", at: probe)
      guard callee != 0, !isKernels(callee) else { continue }
      add(.functionProbe, callee, mayChange: change, at: try functions(), structure: probe)
    }
  }
}

internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Function entries as the tracer left them, and the tracer's own entry code.
///
/// Source: arch/x86/kernel/ftrace.c (Linux v5.10 to v7.2).
struct FtracePatches {
  let facts: KernelFacts
  let state: FtraceState
  let trampolines: FtraceTrampolines
  let callDepth: CallDepthPatches

  /// Patches the function entries of one object.
  ///
  /// - Parameters:
  ///   - entries: the live addresses that the vendor's own table of function entries names, ascending.
  func apply(to recreation: Recreation, entries: FunctionEntries) throws(CannotCheck) {
    let verified = trampolines.addresses
    var hint = 0
    var lacksDirectCalls = false
    try state.forEachRecord(facts.reader, of: entries.extent) { address, flags in
      guard let site = recreation.image.pointer(at: address, count: 5), entries.contains(address, hint: &hint) else {
        return
      }
      defer {
        // The record says what will be there, and the bytes may still be what an earlier one said.
        if facts.changing.contains(address) { recreation.allow(.bytes(forms(at: address)), at: address) }
      }
      switch FtraceState.Entry(flags: flags) {
      case .untouched:
        PatchBytes(facts.nops.atomic5).withBytes {
          recreation.write(.ftrace, at: address, site, $0, count: 5, "this function is not traced")
        }
      case .common(let savesRegisters):
        let name = savesRegisters ? "ftrace_regs_caller" : "ftrace_caller"
        guard let target = facts.symbols[name] else { return }
        recreation.writeBranch(.ftrace, at: address, site, opcode: 0xe8, to: target, "traced through \(name)")
      case .trampoline:
        guard let first = verified.first else { return }
        if verified.count > 1 { recreation.allow(.call(verified), at: address) }
        recreation.writeBranch(
          .ftrace, at: address, site, opcode: 0xe8, to: first, "traced through the trampoline of its one user")
      case .direct:
        guard let direct = state.directCalls[address] else {
          lacksDirectCalls = true
          return
        }
        let target = state.callee(ofDirect: direct)
        recreation.writeBranch(
          .ftrace, at: address, site, opcode: state.isJump(direct) ? 0xe9 : 0xe8, to: target,
          "a direct call of \(facts.ownership.words(for: target))")
      }
    }
    // Where they lead is not known, unless somebody says how the kernel keeps them.
    if lacksDirectCalls, facts.types.lacksOthers { throw facts.types.unknown("ftrace_hash") }
  }

  /// All that the tracer may ever write at a function's entry.
  private func forms(at address: UInt64) -> [[UInt8]] {
    let callees = ["ftrace_caller", "ftrace_regs_caller"].compactMap { facts.symbols[$0] } + trampolines.addresses
    var forms = [facts.nops.atomic5] + callees.map { PatchBytes(branch: 0xe8, from: address, to: $0).array }
    if let direct = state.directCalls[address] {
      forms.append(
        PatchBytes(branch: state.isJump(direct) ? 0xe9 : 0xe8, from: address, to: state.callee(ofDirect: direct)).array)
    }
    return forms
  }

  /// Patches the calls in the common entry code, which lead to whatever the tracer's state asks for.
  func applyEntryCode(to recreation: Recreation) {
    let names = [
      "ftrace_stub", "ftrace_ops_list_func", "arch_ftrace_ops_list_func", "ftrace_ops_assist_func", "ftrace_ops_no_ops",
    ]
    var allowed = Set(names.compactMap { facts.symbols[$0] })
    // Whether it may be called is judged with the user: see InterceptionReading.
    allowed.formUnion(state.operations.map(\.function))
    for name in ["ftrace_call", "ftrace_regs_call"] {
      guard let address = facts.symbols[name], let site = recreation.image.pointer(at: address, count: 5),
        let target = branchTarget(at: address, opcode: 0xe8)
      else { continue }
      let pad = UInt64(callDepth.padByteCount ?? 0)
      guard allowed.contains(target) || facts.modes.tracksCallDepth && allowed.contains(target &+ pad) else { continue }
      recreation.writeBranch(.ftrace, at: address, site, opcode: 0xe8, to: target, "the tracer's state asks for it")
    }
    if let address = facts.symbols["ftrace_graph_call"], let graph = facts.symbols["ftrace_graph_caller"],
      let stub = facts.symbols["ftrace_stub"], let site = recreation.image.pointer(at: address, count: 5),
      let target = branchTarget(at: address, opcode: 0xe9), target == graph || target == stub
    {
      recreation.writeBranch(.ftrace, at: address, site, opcode: 0xe9, to: target, "graph tracing is on or off")
    }
    facts.changing.allowBreakpoints(in: recreation, facts.live)
  }

  /// Where the branch in memory at `address` leads, or the one that is just being written there.
  private func branchTarget(at address: UInt64, opcode: UInt8) -> UInt64? {
    guard var code = facts.live.bytes(at: address, count: 5) else { return nil }
    if code[0] == 0xcc, let new = facts.changing.replacement(at: address), new.count == 5 { code = new }
    guard code[0] == opcode, let distance = code.span.integer(UInt32.self, at: 1) else { return nil }
    return address &+ 5 &+ UInt64(bitPattern: Int64(Int32(bitPattern: distance)))
  }
}

/// The function entries that the vendor's file names: `__mcount_loc`.
struct FunctionEntries {
  private let base: UInt64
  /// Distances from ``base``, ascending.
  private var offsets: [UInt32] = []

  /// - Parameters:
  ///   - table: addresses of 8 bytes each.
  ///   - offset: what is added to each.
  init(_ table: PatchTable, movedBy offset: UInt64, base: UInt64) {
    self.base = base
    let count = table.entryCount(of: 8)
    offsets.reserveCapacity(count)
    var isSorted = true
    for index in 0..<count {
      guard let place = UInt32(exactly: table.bytes.value(UInt64.self, at: index * 8) &+ offset &- base) else {
        continue
      }
      if let last = offsets.last, place < last { isSorted = false }
      offsets.append(place)
    }
    if !isSorted { offsets.sort() }
  }

  /// Function entries by their live addresses.
  init(addresses: [UInt64], base: UInt64) {
    self.base = base
    offsets = addresses.compactMap { UInt32(exactly: $0 &- base) }.sorted()
  }

  var count: Int { offsets.count }

  /// Where they lie; empty if there are none.
  var extent: Range<UInt64> {
    guard let first = offsets.first, let last = offsets.last else { return 0..<0 }
    let (start, end) = (base &+ UInt64(first), base &+ UInt64(last) &+ 1)
    return start < end ? start..<end : 0..<UInt64.max
  }

  /// Whether `address` is one of them.
  func contains(_ address: UInt64) -> Bool {
    var hint = 0
    return contains(address, hint: &hint)
  }

  /// Whether `address` is one of them.
  ///
  /// - Parameter hint: where the one asked for before was; the next is mostly right behind it.
  func contains(_ address: UInt64, hint: inout Int) -> Bool {
    guard let wanted = UInt32(exactly: address &- base) else { return false }
    if hint < offsets.count, offsets[hint] == wanted {
      hint += 1
      return true
    }
    let index = offsets.partitionPoint { $0 >= wanted }
    guard index < offsets.count, offsets[index] == wanted else { return false }
    hint = index + 1
    return true
  }
}

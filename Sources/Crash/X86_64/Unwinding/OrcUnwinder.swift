internal import KernelFormats
package import KernelModel
package import KernelObjects

/// Goes up a stack by the kernel's own unwind tables (ORC), as arch/x86/kernel/unwind_orc.c does (Linux v5.10 to v7.2).
///
/// Where no table tells of the code, above all where nobody owns it, the kernel's own unwinder takes a frame pointer for
/// granted. Here, the next frame must be a return address behind a call, and it and all that follow are known as guesses.
package struct OrcUnwinder: StackUnwinder {
  private let kernel: Kernel
  private let reader: Snapshot
  private let tables: OrcTable
  private let stacks: [StackArea]
  private let code: CodePlaces

  package static let mostFrames = 256
  /// Words that are looked at for a return address where no table tells.
  private static let mostScanned: UInt64 = 256

  /// - Throws: if the kernel has no unwind tables.
  package init(_ kernel: Kernel, _ reader: Snapshot, stacks: [StackArea]) throws(CannotCheck) {
    self.kernel = kernel
    self.reader = reader
    self.stacks = stacks
    tables = try OrcTable(reader)
    code = CodePlaces(kernel, reader)
  }

  package func trace(from registers: X86_64.Registers) -> StackTrace {
    guard !registers.isUserMode else { return StackTrace(frames: [], end: .userMode) }
    var state = UnwindState(ip: registers.ip, sp: registers.sp, bp: registers.bp)
    state.isInterrupted = true
    state.registers = registers
    return trace(state, origin: .processor)
  }

  /// Source: `struct inactive_task_frame`, arch/x86/include/asm/switch_to.h (Linux v5.10 to v7.2).
  package func trace(ofStopped task: KernelTask) throws(CannotCheck) -> StackTrace {
    let start = task.savedStackPointer.rawValue
    guard let type = reader.types.typeIfAny("inactive_task_frame"),
      stacks.contains(where: { $0.holdsWord(at: start) })
    else {
      throw .implausible("the saved stack pointer \(task.savedStackPointer)", "lies on no stack")
    }
    let frame = KernelObject(type, at: start, reader)
    var state = UnwindState(
      ip: try frame["ret_addr"], sp: start &+ UInt64(type.layout.byteCount), bp: try frame["bp"])
    // A task that never ran goes on at the start of this function, and not behind a call.
    state.isInterrupted = ["ret_from_fork", "ret_from_fork_asm"].contains { reader.symbols[$0] == state.ip }
    return trace(state, origin: .savedContext)
  }

  package func trace(fromReturnAt slot: KernelAddress) -> StackTrace? {
    guard let address = word(at: slot.rawValue), call(before: address) != nil else { return nil }
    var state = UnwindState(ip: address, sp: slot.rawValue &+ 8, bp: 0)
    state.slot = slot.rawValue
    return trace(state, origin: .scan)
  }

  private func trace(_ start: UnwindState, origin: StackFrame.Origin) -> StackTrace {
    var state = start
    var frames: [StackFrame] = []
    var origin = origin
    while true {
      frames.append(
        StackFrame(
          address: KernelAddress(state.ip), owner: owner(of: state),
          slot: state.slot.map { KernelAddress($0) }, stackPointer: KernelAddress(state.sp),
          isInterrupted: state.isInterrupted, origin: origin))
      guard frames.count < Self.mostFrames else { return StackTrace(frames: frames, end: .tooManyFrames) }
      let before = state
      do throws(UnwindEnd) {
        origin = try step(&state)
      } catch {
        return StackTrace(frames: frames, end: error.end)
      }
      if state.registers?.isUserMode == true { return StackTrace(frames: frames, end: .userMode) }
      let area = stacks.first { $0.holdsWord(at: before.sp) }
      if let area, area.holdsWord(at: state.sp), state.sp <= before.sp {
        return StackTrace(frames: frames, end: .notRising(KernelAddress(state.sp)))
      }
    }
  }

  /// A return address may be the first byte behind its function: it belongs to the call before it.
  private func owner(of state: UnwindState) -> Owner {
    let address = KernelAddress(state.ip)
    return state.isInterrupted ? kernel.owner(of: address) : kernel.owner(ofReturnTo: address)
  }

  /// Goes on to the caller, and says how it was found.
  private func step(_ state: inout UnwindState) throws(UnwindEnd) -> StackFrame.Origin {
    let place = state.isInterrupted ? state.ip : state.ip &- 1
    guard let entry = entry(for: place), entry.kind != .undefined else { return try guess(&state) }
    guard entry.kind != .endOfStack else { throw UnwindEnd(end: .endOfStack) }
    try state.follow(entry, word: word(at:), savedRegisters: savedRegisters(at:partly:))
    return entry.kind == .call ? .unwindTable : .savedRegisters
  }

  private func entry(for place: UInt64) -> OrcEntry? {
    if place == 0 { return .null }
    if let known = tables.entry(for: place) { return known }
    guard case .generatedCode(let owner) = kernel.owner(of: KernelAddress(place)) else { return nil }
    switch owner.module {
    case "bpf": return .withFramePointer
    case "__builtin__ftrace": return traced(owner.offset, trampoline: place &- owner.offset)
    default: return nil
    }
  }

  /// A trampoline of the function tracer is a copy of one of two functions, of which one pushes the flags first.
  private func traced(_ offset: UInt64, trampoline: UInt64) -> OrcEntry? {
    for name in ["ftrace_regs_caller", "ftrace_caller"] {
      guard let original = reader.symbols[name], let code = reader.live.bytes(at: original, count: 8),
        code == reader.live.bytes(at: trampoline, count: 8)
      else { continue }
      return tables.entry(for: original &+ offset)
    }
    return nil
  }

  private func word(at address: UInt64) -> UInt64? {
    stacks.contains { $0.holdsWord(at: address) } ? reader.word(at: address) : nil
  }

  /// - Parameter partly: whether only what the processor saves is there: the last five words.
  private func savedRegisters(at address: UInt64, partly: Bool) -> X86_64.Registers? {
    let missing: UInt64 = partly ? UInt64(X86_64.Registers.byteCount) - 40 : 0
    let last = address &+ (UInt64(X86_64.Registers.byteCount) &- missing &- 8)
    guard stacks.contains(where: { $0.holdsWord(at: address) && $0.holdsWord(at: last) }) else { return nil }
    return X86_64.registers(savedAt: address &- missing, reader)
  }

  /// Takes a frame for the caller's that no table speaks of: the first that called this very function; or else the first from
  /// which the tables lead on; or else the first that goes back to behind a call.
  ///
  /// The kernel has no tables for a few functions of its own either, `__crash_kexec` among them: STACK_FRAME_NON_STANDARD,
  /// kernel/kexec_core.c (Linux v5.10 to v7.2).
  private func guess(_ state: inout UnwindState) throws(UnwindEnd) -> StackFrame.Origin {
    let function = code.function(of: KernelAddress(state.isInterrupted ? state.ip : state.ip &- 1))
    var found: [(state: UnwindState, origin: StackFrame.Origin)] = []
    for (slot, bp, origin) in candidates(state) {
      guard let address = word(at: slot), let call = call(before: address) else { continue }
      var next = state
      next.goOn(at: address, slot: slot, bp: bp)
      let calls = function != nil && call.callee.flatMap(code.function) == function
      guard leadsOn(next) else {
        if found.isEmpty { found.append((next, origin)) }
        continue
      }
      found.append((next, calls ? .caller : origin))
      if calls { break }
    }
    let best = found.last { $0.origin == .caller } ?? found.first { leadsOn($0.state) } ?? found.first
    guard let best else { throw UnwindEnd(end: .noUnwindInformation(KernelAddress(state.ip))) }
    state = best.state
    return best.origin
  }

  /// Where the return address may lie: behind what the frame pointer points to, and in each word up the stack; and the
  /// caller's frame pointer.
  private func candidates(_ state: UnwindState) -> [(slot: UInt64, bp: UInt64, StackFrame.Origin)] {
    var found: [(slot: UInt64, bp: UInt64, StackFrame.Origin)] = []
    let bp = state.bp
    if bp >= state.sp, bp &- state.sp < 1 << 16, bp & 7 == 0, let previous = word(at: bp) {
      found.append((bp &+ 8, previous, .framePointer))
    }
    let start = (state.sp &+ 7) & ~7
    for number in 0..<Self.mostScanned {
      let slot = start &+ number * 8
      guard stacks.contains(where: { $0.holdsWord(at: slot) }) else { break }
      found.append((slot, bp, .scan))
    }
    return found
  }

  /// Whether the tables lead from a frame to another return address, or to a program.
  private func leadsOn(_ state: UnwindState) -> Bool {
    var next = state
    guard let entry = tables.entry(for: state.ip &- 1), entry.kind != .undefined else { return false }
    guard entry.kind != .endOfStack else { return true }
    do throws(UnwindEnd) {
      try next.follow(entry, word: word(at:), savedRegisters: savedRegisters(at:partly:))
    } catch {
      return false  // not to be gone on from: that is the answer
    }
    return next.registers?.isUserMode ?? (call(before: next.ip) != nil)
  }

  /// The call that a return to `address` goes back to behind.
  private func call(before address: UInt64) -> CallSite? {
    let address = KernelAddress(address)
    return code.isCode(address) ? code.call(endingAt: address) : nil
  }
}

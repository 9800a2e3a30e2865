internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// What the panicking task's stack says: the unwound trace, and beside it every word that leads to code.
package struct StackEvidence: Sendable {
  package var trace: StackTrace
  /// A stack each: the one that the processor was on, and the task's own.
  package var raw: [RawStack]
  /// Where the two do not agree, in sentences.
  package var disagreements: [String]

  init(_ context: PanicContext, _ kernel: Kernel, _ reader: Snapshot) throws(CannotCheck) {
    let unwinder = try Machine.Unwinder(kernel, reader, stacks: context.stacks)
    let found: StackTrace
    let start: KernelAddress
    if let registers = context.registers, !registers.isUserMode {
      found = unwinder.trace(from: registers)
      start = KernelAddress(registers.sp)
    } else {
      // What the scheduler saved is of before the task ran: only its stack tells where it came to.
      start = context.task.stack.start
      found = Self.trace(ofPanicOn: context.task.stack, unwinder, kernel, reader)
    }
    trace = found
    raw = Self.regions(from: start, context, found).map { RawStack(kernel, reader, region: $0, trace: found) }
    disagreements = Self.disagreements(found, raw)
  }

  /// Functions that a kernel does not come back from: the innermost word that returns to one is where it died.
  ///
  /// Source: kernel/panic.c (Linux v5.10 to v7.2).
  private static let lastFunctions = Machine.lastFunctions.union(["panic", "vpanic", "__stack_chk_fail"])

  /// The trace of a task that ran when no registers were saved, from a word of its stack that goes back to where a kernel dies,
  /// the innermost of those that lead furthest; no frames if there is none.
  private static func trace(
    ofPanicOn stack: MemoryRegion, _ unwinder: Machine.Unwinder, _ kernel: Kernel, _ reader: Snapshot
  ) -> StackTrace {
    let none = StackTrace(frames: [], end: .noUnwindInformation(stack.start))
    let words = RawStack(kernel, reader, region: stack, trace: none).words
    let traces = words.filter { word in
      word.call != nil && word.owner.place.map { lastFunctions.contains($0.symbol) } ?? false
    }.compactMap { unwinder.trace(fromReturnAt: $0.address) }
    // A function may keep its frame in a register that nobody saved: then the next one out leads on.
    let longest = traces.map(\.frames.count).max()
    return traces.first { $0.frames.count == longest } ?? none
  }

  /// Where the task is not known: from what the dump holds of a processor, on the stack that its pointer is in.
  ///
  /// A kernel stack is THREAD_SIZE bytes, aligned to as many.
  init(
    _ registers: Machine.Registers, _ kernel: Kernel, _ reader: Snapshot
  ) throws(CannotCheck) {
    let stack = Self.stack(holding: registers.sp)
    let unwinder = try Machine.Unwinder(kernel, reader, stacks: [StackArea(kind: .task, region: stack)])
    let found = unwinder.trace(from: registers)
    trace = found
    let upper = MemoryRegion(from: KernelAddress(registers.sp), to: stack.end ?? stack.start)
    raw = [RawStack(kernel, reader, region: upper, trace: found)]
    disagreements = Self.disagreements(found, raw)
  }

  /// The stack that an address would be in.
  static func stack(holding address: UInt64) -> MemoryRegion {
    MemoryRegion(
      start: KernelAddress(address).aligned(downTo: Machine.taskStackByteCount), byteCount: Machine.taskStackByteCount)
  }

  /// The words of nobody's code, on all of the stacks.
  package var nobodysWords: [RawStack.Word] { raw.flatMap(\.words).filter(\.isNobodys) }

  /// From the stack pointer to the end of its stack, and of the task's own stack what the trace reached.
  private static func regions(
    from start: KernelAddress, _ context: PanicContext, _ trace: StackTrace
  ) -> [MemoryRegion] {
    func upper(_ area: StackArea, from address: KernelAddress) -> MemoryRegion? {
      area.region.end.map { MemoryRegion(from: address, to: $0) }
    }
    var regions: [MemoryRegion] = []
    let current = context.stacks.first { $0.region.contains(start) }
    if let current, let region = upper(current, from: start) { regions.append(region) }
    if let own = context.stacks.first(where: { $0.kind == .task }), own != current {
      let reached = trace.frames.map(\.stackPointer).filter { own.region.contains($0) }.min()
      if let region = upper(own, from: reached ?? own.region.start) { regions.append(region) }
    }
    return regions
  }

  private static func disagreements(_ trace: StackTrace, _ raw: [RawStack]) -> [String] {
    var sentences: [String] = []
    let words = raw.flatMap(\.words)
    for frame in trace.frames {
      if case .nobody = frame.owner {
        sentences.append("the unwound trace goes through \(frame.address), which is unowned")
      }
    }
    let foreign = words.filter { $0.isNobodys && !$0.isUnwound }
    for word in foreign where word.call != nil {
      sentences.append(
        "\(word.value) at \(word.address) is a return into unowned code, and the unwound trace does not have it"
      )
    }
    for frame in raw.flatMap(\.missingFrames) {
      sentences.append("the unwound trace leads to \(frame.address), where there is no code")
    }
    if let guess = trace.frames.first(where: \.origin.isGuess) {
      sentences.append("from \(guess.address) on the trace is a guess: no unwind table tells of the code before it")
    }
    return sentences
  }
}

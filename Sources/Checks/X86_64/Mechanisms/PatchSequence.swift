internal import KernelModel
internal import KernelObjects

/// All mechanisms, one after another, in the order in which the kernel applies them to one object: itself, or a module.
struct PatchSequence {
  let facts: KernelFacts
  let tables: PatchTables
  let ftrace: FtraceState
  let kprobes: KprobeState
  let callDepth: CallDepthPatches

  init(facts: KernelFacts, tables: PatchTables, ftrace: FtraceState, kprobes: KprobeState) {
    self.facts = facts
    self.tables = tables
    self.ftrace = ftrace
    self.kprobes = kprobes
    callDepth = CallDepthPatches(facts: facts, tables: tables)
  }

  /// Works out the kernel's modes, from its own sites: before anything is patched.
  func decideModes(image: TextImage) {
    BranchPatches(facts: facts, tables: tables).decideModes(image: image)
    SmallPatches(facts: facts, tables: tables).decideSeal(image: image)
    CfiPatches(facts: facts, tables: tables).decideMode(image: image)
    // Since v6.15 calls are tracked before alternatives are chosen, and no longer in these.
    facts.modes.tracksAlternativeCalls = facts.symbols["__relocate_kernel_start"] == nil
  }

  /// What was patched once: while the kernel booted, or while the module was loaded.
  ///
  /// Source: alternative_instructions() in arch/x86/kernel/alternative.c, module_finalize() in arch/x86/kernel/module.c
  /// (Linux 5.10.262, 6.1.192, v6.12, v7.2).
  ///
  /// - Parameters:
  ///   - paravirtOffset: what is added to the addresses in the table of paravirtual calls.
  ///   - isModule: v5.10 patches a module's paravirtual calls last.
  func applyOnce(to recreation: Recreation, paravirtOffset: UInt64, isModule: Bool) {
    let branches = BranchPatches(facts: facts, tables: tables)
    let small = SmallPatches(facts: facts, tables: tables)
    let paravirt = ParavirtPatches(facts: facts, tables: tables)
    let paravirtIsLast = isModule && facts.symbols["native_patch"] != nil
    if !paravirtIsLast { paravirt.apply(to: recreation, offset: paravirtOffset) }
    let cfi = CfiPatches(facts: facts, tables: tables)
    cfi.apply(to: recreation)
    branches.applyRetpolines(to: recreation)
    branches.applyReturns(to: recreation)
    if !facts.modes.tracksAlternativeCalls { callDepth.apply(to: recreation) }
    AlternativePatches(facts: facts, tables: tables).apply(to: recreation)
    if facts.modes.tracksAlternativeCalls {
      callDepth.apply(to: recreation)
      callDepth.applyToAlternatives(to: recreation)
    }
    small.applySeals(to: recreation)
    cfi.applySeals(to: recreation)
    small.applyLocks(to: recreation)
    if paravirtIsLast { paravirt.apply(to: recreation, offset: paravirtOffset) }
    small.applyRuntimeConstants(to: recreation)
  }

  /// What changes while the kernel runs, as the live state says.
  ///
  /// - Parameters:
  ///   - entries: the function entries of this object that can be traced.
  ///   - staticCalls: trampolines of static calls that lie in this object, and the keys' names.
  func applyLive(
    to recreation: Recreation, trampolines: FtraceTrampolines, entries: FunctionEntries, staticCalls: StaticCallKeys
  ) throws(CannotCheck) {
    JumpLabelPatches(facts: facts, tables: tables).apply(to: recreation)
    let calls = StaticCallPatches(facts: facts, tables: tables, callDepth: callDepth, keys: staticCalls)
    calls.applySites(to: recreation)
    calls.applyTrampolines(to: recreation)
    let tracing = FtracePatches(facts: facts, state: ftrace, trampolines: trampolines, callDepth: callDepth)
    try tracing.apply(to: recreation, entries: entries)
    try KprobePatches(facts: facts, state: kprobes).apply(to: recreation)
    try BpfPatches(facts: facts).apply(to: recreation)
    facts.changing.allowBreakpoints(in: recreation, facts.live)
  }
}

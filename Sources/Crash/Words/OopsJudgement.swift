package import KernelFormats
package import KernelModel

/// What a report in the kernel's own words shows of code that must not be there, and what it cannot show.
///
/// Text is no proof: a sign says what to look for in a dump, and on a host that still runs.
package struct OopsJudgement: Sendable {
  /// Something that leads astray.
  package struct Sign: Hashable, Sendable {
    /// A warning where it has an innocent explanation that the text bears out, or is a trace that may be stale.
    package var severity: Finding.Severity
    package var sentence: String

    package init(severity: Finding.Severity, sentence: String) {
      (self.severity, self.sentence) = (severity, sentence)
    }
  }

  package private(set) var signs: [Sign] = []
  /// What looks like a sign and is none, each with the reason.
  package private(set) var remarks: [String] = []
  /// Why the text cannot tell whether anything leads astray; nil if it can.
  package private(set) var unknown: String?

  private let report: OopsText
  private let modulesStart: KernelAddress?
  /// Whether a module was coming while it happened: its functions have no names yet, or no more.
  private let isLoading: Bool
  private let isNameless: Bool

  private static let mostSigns = 16

  package init(_ report: OopsText) {
    self.report = report
    modulesStart = report.modulesStart
    isLoading = report.isLoadingModule
    isNameless = report.isNameless
    if isNameless {
      unknown =
        "no place in it has a name: this kernel prints none, and only its System.map could tell what is its own code"
    } else if report.kind.isException || report.isShellOfException, report.places.isEmpty {
      unknown =
        "the text does not say where in the kernel it happened: the lines with its place and its trace are missing"
    } else if case .stackProtector(nil) = report.kind, !report.namesCallerOfStackCheck {
      unknown = "the text does not say which function's stack was overwritten"
    }
    judgeStackProtector()
    judgeInstruction()
    judgePinnedBits()
    judgeForbiddenAccess()
    judgeElsewhere()
    judgeFlow()
    judgeTraces()
    if report.isOfOtherMachine, signs.isEmpty, unknown == nil, !report.namelessPlaces.isEmpty {
      unknown = "the registers are not those of \(Machine.machine): where its addresses lie is not known here"
    }
  }

  /// The worst of the signs; nil if there is none.
  package var severity: Finding.Severity? { signs.map(\.severity).max() }

  private mutating func add(_ severity: Finding.Severity, _ sentence: String) {
    guard signs.count < Self.mostSigns, !signs.contains(where: { $0.sentence == sentence }) else { return }
    signs.append(Sign(severity: severity, sentence: sentence))
  }

  private mutating func remark(_ sentence: String) {
    guard remarks.count < Self.mostSigns, !remarks.contains(sentence) else { return }
    remarks.append(sentence)
  }

  private func lies(_ address: KernelAddress) -> AddressClass {
    Machine.addressClass(of: address, modulesStart: modulesStart)
  }

  // MARK: The function whose stack was overwritten

  private mutating func judgeStackProtector() {
    guard case .stackProtector(.address(let address)) = report.kind, !isNameless else { return }
    // Since v4.15 %p prints 32 bits of a hash (ptr_to_id() in lib/vsprintf.c); the panic prints %pB since v4.16
    // (__stack_chk_fail() in kernel/panic.c).
    guard address.rawValue > UInt64(UInt32.max) else {
      unknown =
        unknown ?? "the address of the function whose stack was overwritten is a hash, "
        + "which says nothing of where it lies"
      return
    }
    let isImage = lies(address) == .image || report.isOfOtherMachine
    add(
      isImage ? .warning : .critical,
      "the function whose stack was overwritten returns to \(address), \(lies(address).words), for which the kernel had "
        + "no name")
  }

  // MARK: The instruction

  /// Where the processor was, or was sent to.
  private mutating func judgeInstruction() {
    if let instruction = report.kernelRegisters.flatMap(Machine.protectionWrite), report.kind.isException {
      judge(instruction)
    }
    let place = report.instructionPointer?.address
    guard let address = place ?? fetched, !isNameless, !report.isOfOtherMachine else { return }
    let isFetch = report.isInstructionFetch
    let there = isFetch ? "the processor was sent to \(address)" : "the processor was at \(address)"
    switch lies(address) {
    case .small:
      remark("\(there), \(AddressClass.small.words): a call through a pointer that is NULL, or was overwritten")
    case .nonCanonical, .errorCode:
      remark("\(there), \(lies(address).words): a call through a pointer that was overwritten")
    case .user where !isFetch || report.isPermissionFault:
      add(.critical, "\(there), \(AddressClass.user.words): the kernel was made to run a program's code")
    case .user:
      remark("\(there), \(AddressClass.user.words), where nothing is: a call through a pointer that was overwritten")
    case .memory where !isFetch || report.isPermissionFault:
      add(
        .warning,
        "\(there), \(AddressClass.memory.words): a pointer was overwritten, by accident or to run what lies there")
    case .memory, .fixed:
      remark("\(there), \(lies(address).words), where no code is: a call through a pointer that was overwritten")
    case .entry:
      remark("\(there), \(AddressClass.entry.words): the kernel has no names there")
    case .image:
      add(.warning, "\(there), \(AddressClass.image.words), for which the kernel had no name")
    case .modules, .imageOrModules:
      judgeModuleCode(address, there)
    }
  }

  /// The address of an instruction fetch that failed, where nothing is said of the registers.
  private var fetched: KernelAddress? {
    guard report.instructionPointer == nil, report.isInstructionFetch else { return nil }
    return report.faultAddress.map { KernelAddress($0) }
  }

  private mutating func judgeModuleCode(_ address: KernelAddress, _ there: String) {
    let area = lies(address).words
    guard report.isInstructionFetch else {
      add(.critical, "\(there), \(area), for which the kernel had no name: unowned code ran")
      return
    }
    guard !report.isPermissionFault else {
      let said = report.forbiddenExecution.map { ": \"\($0)\"" } ?? ""
      add(.critical, "\(there), \(area), in memory that must not be run\(said)")
      return
    }
    // Nothing is mapped there any more: whatever it was, it is gone.
    let last = report.lastUnloaded.map { "; \($0.name) was unloaded before" }
    let work = report.work?.address == address ? "; it is the work that a workqueue was given" : ""
    add(
      .warning,
      "\(there), \(area), where nothing is any more: as if a module was unloaded while its code was still in use"
        + "\(last ?? "")\(work)")
  }

  /// A protection that the processor gives the kernel, switched off by code that is not the kernel's.
  private mutating func judge(_ write: ProtectionWrite) {
    let owner = report.ownerOfInstruction
    guard owner != .kernel else { return }
    let (severity, what): (Finding.Severity, String)
    switch write.effect {
    case .clears(let protection): (severity, what) = (.critical, "with \(protection) off")
    case .unknown: (severity, what) = (.warning, "with a value that is not known")
    // A hypervisor's module switches other bits.
    case .keeps: return
    }
    add(
      severity,
      "\(owner.words) wrote to the processor's register \(write.register) \(what): so is read-only memory of the kernel "
        + "made writable, to patch code and tables")
  }

  /// A write that would have taken such a protection away, and that the kernel took back.
  private mutating func judgePinnedBits() {
    guard let said = report.detail, Machine.undoneProtectionWrites.contains(where: said.hasPrefix) else { return }
    let stranger = report.traces.first?.entries.first { entry in
      entry.isReliable && (entry.place.address != nil || entry.place.place?.module != nil)
    }?.place
    let who = stranger?.place?.module.map { "the module \($0)" } ?? stranger.map { "code at \($0)" } ?? "something"
    add(
      stranger == nil ? .warning : .critical,
      "\(who) switched off a protection that the processor gives the kernel: \"\(said)\"")
  }

  // MARK: What was written to

  /// A write to memory of the kernel that is there and read-only, by a module or by what it called.
  private mutating func judgeForbiddenAccess() {
    guard !report.isOfOtherMachine, report.isForbiddenWrite,
      let address = report.faultAddress.map({ KernelAddress($0) }), !isNameless
    else { return }
    guard lies(address) == .image else { return }
    let owner = report.ownerOfInstruction
    let caller = report.firstCaller
    if owner != .kernel {
      let isInTree = owner.module.map { report.isKnownInTree($0) } ?? false
      add(isInTree ? .warning : .critical, "\(owner.words) wrote to \(address), read-only memory of the kernel's own")
    } else if let module = caller?.place?.module, !report.isKnownInTree(module) {
      add(
        .warning,
        "a function that the module \(module) called wrote to \(address), read-only memory of the kernel's own")
    }
  }

  /// What other architectures' kernels say in words where this one gives an error code.
  ///
  /// Source: __do_kernel_fault() and do_page_fault() in arch/arm64/mm/fault.c, die_kernel_fault() in arch/riscv/mm/fault.c,
  /// bad_kernel_fault() in arch/powerpc/mm/fault.c (Linux v5.10 to v7.2).
  private mutating func judgeElsewhere() {
    let said = report.message
    if said.contains("execution of user memory") || said.contains("execute user page") {
      add(.critical, "the kernel was made to run a program's code: \"\(said)\"")
    } else if said.contains("execute from non-executable memory") || said.contains("execute exec-protected page") {
      add(.warning, "the processor was sent to memory that must not be run: \"\(said)\"")
    } else if said.contains("write to read-only memory"), let module = report.ownerOfInstruction.module,
      !report.isKnownInTree(module)
    {
      add(.warning, "the module \(module) wrote to read-only memory of the kernel: \"\(said)\"")
    }
  }

  /// What guards of the flow of control say: of indirect calls (CFI, and marks at where functions begin), and of the kernel as a whole (LKRG).
  ///
  /// Source: handle_cfi_failure() in kernel/cfi.c (Linux v6.1 to v7.2), do_kernel_cp_fault() in arch/x86/kernel/cet.c (v6.6 to v7.2),
  /// exc_control_protection() in arch/x86/kernel/traps.c (v5.18 to v6.5), p_lkrg_print_log.h of LKRG 0.9.
  private mutating func judgeFlow() {
    for said in [report.message, report.detail ?? ""] + report.statements {
      if let target = OopsPlace(behind: Machine.missingEntryMark, in: said)
        ?? (said.contains("CFI failure") ? OopsPlace(behind: "target: ", in: said) : nil)
      {
        if let address = target.address, lies(address) == .modules || lies(address) == .imageOrModules {
          add(
            .critical,
            "the kernel was about to call \(address), \(lies(address).words), for which it had no name: \"\(said)\"")
        } else if said.contains("CFI failure") {
          remark(
            "the kernel called \(target) as if it were a function of another type: a mistake in a driver, as a rule")
        } else {
          add(
            .warning,
            "a call led to \(target), where no function begins that may be called so: code that was built without that mark, or a pointer "
              + "that was overwritten")
        }
      }
      guard said.contains("LKRG") || said.contains("p_lkrg") else { continue }
      if said.contains("DETECT") || said.contains("Exploit Detection") || said.contains("HASH IS DIFFERENT") {
        add(.critical, "the kernel's guard LKRG found it changed, or a task attacking it: \"\(said)\"")
      } else if said.contains("ALERT") {
        add(.warning, "the kernel's guard LKRG raised an alert: \"\(said)\"")
      }
    }
  }

  // MARK: Traces

  private mutating func judgeTraces() {
    guard !isNameless else { return }
    for (number, trace) in report.traces.enumerated() {
      for (index, entry) in trace.entries.enumerated() {
        if let address = entry.place.address { judge(address, at: index, of: trace.entries) }
      }
      // Words that may be stale stand between frames that are none the less each other's.
      var frames = trace.entries.filter(\.isReliable).map(\.place)
      // Where the processor was may be told beside the trace, and not in it.
      if number == 0, trace.heading == nil, report.kind.isException, let place = report.instructionPointer,
        place != frames.first
      {
        frames.insert(place, at: 0)
      }
      for (inner, outer) in zip(frames, frames.dropFirst()) { judgeHook(inner, calledBy: outer) }
    }
  }

  private mutating func judge(_ address: KernelAddress, at index: Int, of entries: [OopsTrace.Entry]) {
    let there = "the call trace goes through \(address)"
    let area = lies(address)
    guard !report.isOfOtherMachine else { return }
    guard area == .modules || area == .imageOrModules || area == .image else {
      remark("\(there), \(area.words): a word of the stack, and no code")
      return
    }
    if Machine.offsetInPage(address.rawValue) == 0, isLoading {
      remark("\(there): where a module that was just loading begins")
      return
    }
    if let helper = entries.runtimeCodeNeighbour(of: index) {
      remark("\(there), beside \(helper): code that the kernel itself makes at run time")
      return
    }
    let caller = index + 1 < entries.count && entries[index + 1].isReliable ? entries[index + 1].place.place : nil
    if let caller, caller.module == nil, KernelFunctions.callsModules(caller.symbol) {
      remark(
        "\(there), called by \(caller.symbol): the function with which a module begins or ends, whose name was stripped"
      )
      return
    }
    guard entries[index].isReliable else {
      guard area != .image else { return }
      add(
        .warning,
        "\(address), \(area.words), is a word of the stack that may be stale, and the kernel had no name for it")
      return
    }
    if let caller, let module = caller.module {
      add(
        .warning,
        "\(there), \(area.words), for which the kernel had no name; \(caller.symbol) of the module \(module) called it, as if that had "
          + "loaded code of its own")
      return
    }
    let isOfGone =
      report.isInstructionFetch && !report.isPermissionFault
      && (report.instructionPointer?.address ?? fetched).map { lies($0) == area } ?? false
    add(
      area == .image || isOfGone ? .warning : .critical,
      "\(there), \(area.words), for which the kernel had no name")
  }

  /// A module's function, or nobody's, that the entry of system calls called itself: a handler belongs there.
  private mutating func judgeHook(_ inner: OopsPlace, calledBy outer: OopsPlace) {
    guard let dispatcher = outer.place, dispatcher.module == nil, SystemCallEntry.isDispatcher(dispatcher.symbol) else {
      return
    }
    let here =
      "was called by \(dispatcher.symbol) itself, where the handler of a system call belongs: a system call is hooked"
    if let place = inner.place {
      // A module that the kernel knows may be a security product; who owns it can be asked.
      guard let module = place.module else { return }
      let traits = OopsCulprit.traits(report.modules.first { $0.name == module }?.flags ?? "")
      let letters = traits.isEmpty ? "" : " (\(traits.joined(separator: ", ")))"
      add(
        .warning,
        "\(place.symbol) of the module \(module)\(letters) \(here); a security product does that, and so does a rootkit"
      )
    } else if let address = inner.address, lies(address) == .modules || lies(address) == .imageOrModules {
      // Where nothing is any more, nothing ran.
      let isGone = report.isInstructionFetch && !report.isPermissionFault && inner == report.instructionPointer
      add(isGone ? .warning : .critical, "code at \(address) that the kernel has no name for \(here)")
    }
  }
}

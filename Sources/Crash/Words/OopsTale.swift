package import KernelFormats
internal import KernelModel

/// What a report in the kernel's own words comes to, told as somebody would who has read many: what happened, in whose code, with
/// what in which register, what led to it, and what is missing.
package struct OopsTale: Sendable {
  /// The instruction that the processor was at, where its bytes are told.
  package let instruction: FaultingInstruction?
  /// What happened, in sentences.
  package private(set) var sentences: [String] = []
  /// Those of them that say more than what happened and where: the instruction, whose code, what numbers mean, who holds locks.
  package private(set) var evidence: [String] = []
  /// What the text does not say, and what of it would decide, a sentence each.
  package private(set) var missing: [String] = []
  /// The registers that the instruction uses, and others that hold what means something, with what it means.
  package let registers: [Register]
  /// The code that is not the kernel's own, in words; nil if there is none on the way.
  package let culprit: String?

  private let report: OopsText

  package struct Register: Hashable, Sendable {
    package var name: String
    package var value: UInt64
    package var meaning: String?
  }

  private static let mostRegisters = 8

  /// - Parameter others: all reports of the text, in their order.
  package init(_ report: OopsText, among others: [OopsText] = []) {
    self.report = report
    instruction =
      report.isOfOtherMachine || report.kind.isWithoutInstruction
      ? nil : report.kernelRegisters.flatMap(Machine.instruction)
    registers = Self.registers(report, instruction)
    culprit = OopsCulprit(report)?.words
    tellEvent()
    tellInstruction()
    tellWay()
    tellWho()
    tellStatements()
    tellOtherTraces()
    tellChain(others)
    sentences += report.taintSentences
    tellMissing()
  }

  private mutating func say(_ sentence: String) {
    // What the kernel says may end in a full stop of its own.
    let sentence = sentence.hasSuffix("..") ? String(sentence.dropLast()) : sentence
    if !sentences.contains(sentence) { sentences.append(sentence) }
  }

  private mutating func sayAsEvidence(_ sentence: String) {
    say(sentence)
    let sentence = sentence.hasSuffix("..") ? String(sentence.dropLast()) : sentence
    if !evidence.contains(sentence) { evidence.append(sentence) }
  }

  // MARK: What happened

  private mutating func tellEvent() {
    let place = report.instructionPointer.map { " in \(Self.words($0))" } ?? ""
    switch report.kind {
    case .nullDereference, .pageFault: tellFault(place)
    case .generalProtection(let address):
      let meaning = address.flatMap { PointerValue.words($0, isRefused: true) }.map { ", \($0)," } ?? ""
      if let instruction, !instruction.usesMemory {
        say("The processor refused an instruction\(place).")
        break
      }
      say(
        "\(address.map { "The address \($0.hexadecimal)\(meaning)" } ?? "An address that cannot be, or a forbidden operation,") was used\(place)."
      )
    case .stackProtector(let function):
      let who = function.map(Self.words) ?? "a function that is not named"
      say("The stack of \(who) was overwritten, up to the value that guards its return address.")
    case .bug, .invalidOpcode: say("A check of the kernel's own failed\(place): \(said).")
    case .doubleFault: say("An exception met another\(place): as a rule a kernel stack that ran over.")
    case .stackGuardHit: say("A kernel stack ran over\(place).")
    case .softLockup, .hardLockup:
      say("Processor \(processor) did not come back\(place): \(said).")
    case .hungTask: say("Task \(task) waited for too long\(waiting).")
    case .rcuStall: say("A processor or task did not let go for too long\(place): \(said).")
    case .requested: say("Somebody asked for this crash (sysrq): no trouble of the kernel's own.")
    case .warning: say("The kernel warned\(place): \(said).")
    case .complaint where report.complaint == .headless:
      say("The kernel was in trouble\(place); the lines that say of which kind are missing.")
      missing.append(
        "The first lines are missing. They stand above the line with the place, and would decide what happened.")
    case .complaint where report.complaint == .machineCheck: say("The processor stopped the kernel: \(said).")
    case .complaint: say("The kernel's own checks complained\(place): \(said).")
    case .exception(let name): say("\(name) in the kernel\(place).")
    case .panic: say("The kernel gave up: \(report.panicMessage ?? report.message).")
    }
    if let sentence = report.complaint?.sentence { sayAsEvidence(sentence) }
    for sentence in PanicCodes.sentences(of: report.panicMessage ?? report.message) { sayAsEvidence(sentence) }
  }

  private mutating func tellFault(_ place: String) {
    let address = report.faultAddress
    let meaning = address.flatMap { PointerValue.words($0) }
    let area =
      meaning == nil && !report.isOfOtherMachine
      ? address.map { ", \(Machine.addressClass(of: KernelAddress($0), modulesStart: report.modulesStart).words)," }
        ?? "" : ""
    let named =
      address.map { "\($0.hexadecimal)\(meaning.map { " (\($0))" } ?? area)" } ?? "an address that is not told"
    if report.isInstructionFetch {
      let end = named.hasSuffix(",") ? "" : ","
      say("The processor was sent to \(named)\(end) by a call or a return to the wrong address.")
      if let words = report.forbiddenExecution { say("The kernel itself said: \(words).") }
    } else {
      let verb =
        switch report.isWrite {
        case true?: "written to"
        case false?: "read"
        case nil: "used"
        }
      let forbidden = report.isPermissionFault ? ", which is there and forbids it" : ""
      say("Memory at \(named) was \(verb)\(forbidden)\(place).")
    }
    if let words = report.syndrome.flatMap(PanicCodes.syndrome), report.architecture == .aarch64 {
      say("The processor says: \(words).")
    }
  }

  /// Where a task waits that does not run.
  private var waiting: String {
    report.meaningfulFunctions.first.map { ": it waits in \($0)" } ?? ""
  }

  private var said: String {
    if let detail = report.detail { return detail }
    return report.panicMessage.map { report.message.contains($0) ? $0 : report.message } ?? report.message
  }

  private var processor: String { report.processor.map { "\($0)" } ?? "(not told)" }
  private var task: String { "\(report.comm ?? "(not told)")\(report.pid.map { " (\($0))" } ?? "")" }

  private static func words(_ place: OopsPlace) -> String {
    guard let named = place.place else { return "code without a name at \(place)" }
    return "\(named.symbol)+\(named.offset.hexadecimal)\(named.module.map { " of the module \($0)" } ?? "")"
  }

  // MARK: How it came to that

  private static func registers(_ report: OopsText, _ instruction: FaultingInstruction?) -> [Register] {
    let isRefused = if case .generalProtection = report.kind { true } else { false }
    let used = (instruction?.registers ?? []).map { register in
      Register(
        name: register.name, value: register.value,
        meaning: PointerValue.words(register.value, isRefused: isRefused && register.isOfAddress))
    }
    guard report.kind.isException, !report.isOfOtherMachine, let values = report.kernelRegisters?.values else {
      return used
    }
    // What was poisoned, or is text, tells more than a small number, of which there are many.
    let others = values.filter { $0.value > 0xffff_ffff }.sorted { $0.key < $1.key }
      .compactMap { name, value -> Register? in
        let name = name.lowercased()
        guard !used.contains(where: { $0.name == name }), let meaning = PointerValue.words(value) else { return nil }
        return Register(name: name, value: value, meaning: meaning)
      }
    return Array((used + others).prefix(mostRegisters))
  }

  private mutating func tellInstruction() {
    guard let instruction else { return }
    if instruction.isCheck, case .warning = report.kind { return }
    let isRefused = if case .generalProtection = report.kind { true } else { false }
    sayAsEvidence(instruction.sentence(isRefused: isRefused))
    if let write = report.kernelRegisters.flatMap(Machine.protectionWrite), case .clears(let protection) = write.effect
    {
      sayAsEvidence("It would switch \(protection) off, by the processor's register \(write.register).")
    }
  }

  private mutating func tellWay() {
    if let culprit = OopsCulprit(report) {
      let first = culprit.isInnermost ? "The code is" : "The first code on the way that is not the kernel's own is"
      sayAsEvidence("\(first) \(culprit.words).")
    } else if let module = report.innermostPlaces.lazy.compactMap(\.place?.module).first, !report.isHang {
      say("All code on the way is the kernel's own; the first module is \(module).")
    }
    let names = report.meaningfulFunctions
    if names.count > 1 { say("Innermost first: \(names.joined(separator: ", called by ")).") }
    for (product, hook) in report.securityHooks {
      sayAsEvidence("\(product) was called by \(hook): a security product, by what it hooks.")
    }
    if let work = report.work {
      say("It was the work of a workqueue: \(Self.words(work)).")
    }
    if report.isLoadingModule {
      let coming = report.modules.filter { $0.flags.contains("+") }.map(\.name)
      say("A module was just being loaded\(coming.isEmpty ? "" : ": \(coming.joined(separator: ", "))").")
    }
    if let last = report.lastUnloaded { say("The module that was unloaded last is \(last.name).") }
  }

  private mutating func tellWho() {
    guard report.comm != nil, !report.isHang else { return }
    let call = report.systemCall.map { ", in system call \($0)" } ?? ""
    say("It was task \(task)\(report.processor.map { " on processor \($0)" } ?? "")\(call).")
  }

  /// What the report says of locks, other processors, hardware and memory.
  private mutating func tellStatements() {
    let lines = [report.message] + report.statements + report.notices
    for words in lines.lazy.compactMap(PanicCodes.machineCheck).prefix(4) {
      sayAsEvidence(words)
      sayAsEvidence("That is hardware or its firmware: look there, and not in the kernel's code.")
    }
    let phrases = [
      "likely owned by", "locks held by", "lock held by", "Detected non-responsive CSD", "Sending NMI from",
      "located ", "of size ",
    ]
    for line in lines.dropFirst().lazy.filter({ line in phrases.contains { line.contains($0) } }).prefix(
      Self.mostStatements)
    {
      sayAsEvidence("It says: \(line).")
    }
  }

  private static let mostStatements = 6

  /// What traces beside the main one say: who allocated what was used wrongly, who freed it.
  private mutating func tellOtherTraces() {
    for trace in report.traces.filter({ $0.heading != nil }).prefix(4) {
      let place = trace.entries.lazy.filter(\.isReliable).compactMap(\.place.place).first {
        !KernelFunctions.isOfReporting($0.symbol)
      }
      guard let heading = trace.heading, let place else { continue }
      let words = heading.hasSuffix(":") ? String(heading.dropLast()) : heading
      sayAsEvidence("\(words), in \(place.symbol)\(place.module.map { " of the module \($0)" } ?? "").")
    }
  }

  private mutating func tellChain(_ others: [OopsText]) {
    // A console and a log daemon print the same twice.
    let boot = others.filter { $0.boot == report.boot && $0 != report && $0.message != report.message }
    if let earlier = boot.first(where: { $0.lineNumber < report.lineNumber }) {
      say("Before it, the kernel said: \(earlier.detail ?? earlier.message)\(Self.gap(earlier, report)).")
    }
    let later = boot.filter { $0.lineNumber > report.lineNumber }
    if let end = later.last(where: { $0.panicMessage != nil }), report.panicMessage == nil {
      say("It ended in a panic: \(end.panicMessage ?? end.message)\(Self.gap(report, end)).")
    } else if let next = later.first {
      say("After it came: \(next.detail ?? next.message)\(Self.gap(report, next)).")
    }
    if let message = report.panicMessage, report.kind != .panic, !report.message.contains(message) {
      say("It ended in a panic: \(message)\(Self.why(message)).")
    } else if report.panicMessage == nil, later.allSatisfy({ $0.panicMessage == nil }) {
      say("The text does not say that the kernel gave up.")
    }
  }

  /// What a panic's words only repeat.
  private static func why(_ message: String) -> String {
    let settings = ["panic_on_warn", "panic_on_rcu_stall", "panic_on_oops"]
    return settings.first { message.contains($0) }.map { " (kernel.\($0) is set: what came before is the story)" } ?? ""
  }

  private static func gap(_ first: OopsText, _ second: OopsText) -> String {
    guard let start = first.seconds, let end = second.seconds, end >= start, end - start < 1e9 else { return "" }
    let tenths = Int((end - start) * 10)
    return tenths == 0 ? "" : " (\(tenths / 10).\(tenths % 10) s later)"
  }

  // MARK: What is missing

  private mutating func tellMissing() {
    if let architecture = report.architecture, architecture != .own {
      missing.append(
        "The report is of \(architecture.name): its registers and instructions are not taken apart, and addresses are not told apart by where they lie."
      )
    }
    guard report.kind.isException else { return }
    if report.instructionPointer == nil {
      missing.append(
        "Where the processor was is not told. The line that gives the place, or the call trace, would decide.")
    } else if report.isNameless {
      missing.append("No address has a name. The System.map of this kernel would decide.")
    } else if instruction == nil, !report.isOfOtherMachine, !report.isInstructionFetch {
      missing.append("The bytes of the instruction (the line Code:) are not told, or are none.")
    }
    if report.traces.allSatisfy({ $0.entries.isEmpty }) { missing.append("There is no call trace.") }
    if report.modules.isEmpty {
      missing.append("The list of modules is not told: which of them are not the kernel's own is not known.")
    }
    if report.release == nil { missing.append("Which kernel it was is not told.") }
  }
}

extension OopsKind {
  /// Whether the instruction says nothing of what happened: it was just being run.
  fileprivate var isWithoutInstruction: Bool {
    switch self {
    case .softLockup, .hardLockup, .rcuStall, .hungTask, .requested, .panic, .complaint: true
    default: false
    }
  }
}

extension OopsText {
  /// Whether it is of a task that waits.
  fileprivate var isHang: Bool { kind == .hungTask }

  /// Whether memory was written to, rather than read; nil if neither the error code nor the words tell.
  fileprivate var isWrite: Bool? {
    if let errorCode, !isOfOtherMachine { return Machine.FaultCode(errorCode).isWrite }
    if let syndrome, architecture == .aarch64 { return syndrome >> 6 & 1 == 1 }
    for text in [access ?? "", message] {
      if text.contains(" write ") || text.contains("on write") { return true }
      if text.contains(" read ") || text.contains("on read") { return false }
    }
    return nil
  }

  /// Functions of modules that one of the kernel's own security hooks called.
  ///
  /// Source: security/security.c (Linux v2.6.32 to v7.2): `security_file_open()` and its kin call what modules registered.
  fileprivate var securityHooks: [(product: String, hook: String)] {
    let places = innermostPlaces.compactMap(\.place)
    for (inner, outer) in zip(places, places.dropFirst()) {
      if let module = inner.module, outer.module == nil, outer.symbol.hasPrefix("security_") {
        return [("\(inner.symbol) of the module \(module)", outer.symbol)]
      }
    }
    return []
  }
}

extension OopsText {
  /// The address that was used where none must be: by the message, or by the words of a general protection fault.
  package var usedAddress: UInt64? {
    if case .generalProtection(let address) = kind { address } else { faultAddress }
  }

  /// How: `read`, `write` or `execute`; nil if nothing tells.
  package var accessWord: String? {
    guard kind.isException, usedAddress != nil else { return nil }
    if isInstructionFetch { return "execute" }
    return isWrite.map { $0 ? "write" : "read" }
  }
}

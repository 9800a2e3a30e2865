internal import Audit
internal import Checks
internal import Crash
internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The six steps of a panic's story, as a page says them.
extension Page {
  private static var column: Int { 16 }
  /// Names on one list.
  private static let mostNames = 40
  private static let mostFrames = 48
  private static let mostGroups = 16
  private static let mostWords = 128

  private mutating func step(_ number: Int, _ title: PlainText) {
    blank()
    line("\(number)  \(title)", as: .heading)
  }

  private mutating func fact(_ label: PlainText, _ text: PlainText, as role: Theme.Role? = nil) {
    entry(label, text, indent: 2, column: Self.column, as: role)
  }

  /// The answer in a line.
  mutating func writeHead(_ report: CrashReport) {
    let status = report.status
    entry(
      PlainText(status.word), PlainText(sentence: report.headline), indent: 0, column: 10,
      as: Theme.Role(status))
  }

  // MARK: 1

  mutating func writeSystem(_ report: CrashReport, logLines: Int) {
    let system = report.story.system
    step(1, "SYSTEM")
    for part in report.verdict.kernel?.parts ?? [] { fact(part.name, part.text, as: part.isContradiction ? .bad : nil) }
    if let name = report.host.nodeName { fact("host", PlainText(name)) }
    entries(
      "confirmed", report.host.conclusions.map { PlainText(sentence: $0) }, indent: 2, column: Self.column)
    if let trouble = system.trouble {
      fact("died of", PlainText(sentence: trouble.message), as: .marked)
      if let detail = trouble.detail { fact("which said", PlainText(sentence: detail)) }
      if let message = trouble.panicMessage, !trouble.message.contains(message) {
        fact("panic", PlainText(sentence: message))
      }
      if let access = trouble.access { fact("access", "\(access)\(trouble.errorWords.map { ", \($0)" } ?? "")") }
    }
    if let guilty = system.guilty {
      fact("address", "\(guilty.address): \(sentence: guilty.owner.description)")
      for sentence in system.stackGuard?.sentences ?? [] { fact("", PlainText(sentence: sentence)) }
    }
    fact("taint", system.taint.map { PlainText(TaintFlags.letters($0)) } ?? "cannot be read")
    writeModules(system)
    writeLog(system.log, logLines)
  }

  private mutating func writeModules(_ system: CrashSystem) {
    let modules = system.modules.map { module -> PlainText in
      module.taints.isEmpty ? PlainText(module.name) : "\(module.name) (\(module.taints))"
    }
    let shown = PlainText.join(TextLimits.shortened(modules, Self.mostNames))
    fact("modules", modules.isEmpty ? "none listed" : "\(modules.count) listed: \(shown)")
    guard let unloaded = system.unloaded else { return }
    if let last = unloaded.last { fact("unloaded last", PlainText(last)) }
    let tainting = unloaded.tainting.map { module -> PlainText in "\(module.name) (\(module.taints))" }
    if !tainting.isEmpty {
      fact("unloaded", "tainted the kernel: \(PlainText.join(TextLimits.shortened(tainting, Self.mostNames)))")
    }
  }

  private mutating func writeLog(_ log: Result<KernelLog, CannotCheck>, _ limit: Int) {
    switch log {
    case .failure(let reason): fact("log", "cannot be read: \(sentence: reason.description)", as: .unknown)
    case .success(let log):
      var head: PlainText = "\(Conclusion.count(log.records.count, "record")) in memory"
      if log.senselessCount > 0 { head = "\(head); \(log.senselessCount) make no sense and are left out" }
      if log.lostCount > 0 { head = "\(head); \(log.lostCount) lost their text" }
      if log.unreadableCount > 0 { head = "\(head); \(log.unreadableCount) cannot be read" }
      fact("log", head, as: log.unreadableCount > 0 ? .unknown : nil)
      for record in log.records.suffix(limit) { writeRecord(record) }
    }
  }

  private mutating func writeRecord(_ record: LogRecord) {
    let stamp = record.timestamp / 1000
    let micro = String(stamp % 1_000_000)
    let time = "\(stamp / 1_000_000).\(String(repeating: "0", count: 6 - micro.count))\(micro)"
    let mark: PlainText = record.state == .finalized ? "" : " (half written)"
    for text in record.text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      line(
        "[\(PlainText(time).padded(onTheLeftTo: 12))] \(String(decoding: text, as: UTF8.self), limit: 1024)\(mark)",
        indent: 4)
    }
  }

  // MARK: 2

  mutating func writeContext(_ story: CrashStory) {
    step(2, "WHERE IT WAS")
    writeProcessors(story)
    if story.isStandstill { return }
    let context: PanicContext
    switch story.context {
    case .failure(let reason):
      fact("unknown", PlainText(sentence: reason.description), as: .unknown)
      if let trouble = story.system.end, let task = trouble.comm {
        fact(
          "by the log",
          "\(task)\(trouble.pid.map { ", pid \($0)" } ?? "")\(trouble.processor.map { ", processor \($0)" } ?? "")")
      }
      writeCall(story.call)
      return
    case .success(let found): context = found
    }
    let name = story.taskName.map { PlainText(String(decoding: $0, as: UTF8.self)) } ?? "of no known name"
    let source: PlainText = context.task.name.isEmpty && story.taskName != nil ? " by the log" : ""
    fact("task", "\(name)\(source), pid \(context.task.pid), task_struct at \(context.task.address)")
    fact("processor", "\(context.processor), by \(context.processorSource.rawValue)")
    for disagreement in context.disagreements { fact("but", PlainText(sentence: "\(disagreement)"), as: .warning) }
    if let registers = context.registers { writeRegisters("registers", registers) }
    if let entry = context.entry { writeRegisters("came in with", entry.registers) }
    if story.call == nil {
      fact("system call", context.entry == nil ? "none: nothing of a program is on its stack" : "none")
    }
    writeCall(story.call)
  }

  private mutating func writeCall(_ call: PanickingCall?) {
    guard let call else { return }
    fact("system call", "\(call.number) (\(call.name ?? "not assigned")), of \(call.interface.programs)")
    fact("arguments", .join(call.arguments.map { "\($0.hexadecimal)" }))
    switch call.row {
    case .failure(let reason): fact("leads to", "unknown: \(sentence: reason.description)", as: .unknown)
    case .success(let row):
      for line in row.lines {
        fact(
          "leads to", .join([line.handler, line.owner, line.via].filter { !$0.isEmpty }),
          as: call.foreignHandlers.isEmpty ? nil : .bad)
      }
    }
  }

  private mutating func writeRegisters(_ label: PlainText, _ registers: Machine.Registers) {
    let pairs = registers.named
    for start in stride(from: 0, to: pairs.count, by: 4) {
      let row = pairs[start..<min(start + 4, pairs.count)].map { name, value -> PlainText in
        "\(name.padded(to: 3)) \(value.hexadecimalDigits(atLeast: 16))"
      }
      line("\((start == 0 ? label : "").padded(to: Self.column - 2))\(PlainText.join(row, "  "))", indent: 2)
    }
  }

  // MARK: 3

  mutating func writeStack(_ story: CrashStory) {
    step(3, "STACK")
    writeStandstill(story)
    if !story.isStandstill { writePanickedStack(story) }
    for stuck in story.stuck {
      line(
        "blocked: \(String(decoding: stuck.task.name, as: UTF8.self)), pid \(stuck.task.pid)", indent: 2, as: .heading)
      writeTrace(stuck.trace)
    }
  }

  private mutating func writePanickedStack(_ story: CrashStory) {
    switch story.stack {
    case .failure(let reason): fact("unknown", PlainText(sentence: reason.description), as: .unknown)
    case .success(let stack):
      writeTrace(stack.trace)
      for raw in stack.raw { writeRaw(raw) }
      entries(
        "but", TextLimits.shortened(stack.disagreements.map { PlainText(sentence: $0) }, 16), indent: 2,
        column: Self.column, as: .warning)
    }
  }

  // MARK: Where nothing died

  private mutating func writeProcessors(_ story: CrashStory) {
    guard let standstill = story.standstill else { return }
    fact("nothing died", "the kernel did not give up: this is what its processors ran")
    for processor in standstill.processors {
      let name: PlainText = "\(String(decoding: processor.task.name, as: UTF8.self)), pid \(processor.task.pid)"
      let place: PlainText =
        if let place = processor.place {
          ", in \(place.description)"
        } else if let registers = processor.registers {
          registers.isUserMode ? ", in the program itself" : ""
        } else {
          ", of which the dump has no registers"
        }
      fact("processor \(processor.number)", "\(processor.isIdle ? "nothing to do: " : "")\(name)\(place)")
    }
  }

  private mutating func writeStandstill(_ story: CrashStory) {
    guard let standstill = story.standstill else { return }
    if standstill.groups.isEmpty, standstill.untold.isEmpty { line("no task waits uninterruptibly", indent: 2) }
    for processor in standstill.processors where !processor.isIdle || processor.waitsActively != nil {
      guard let registers = processor.registers else { continue }
      line(
        "processor \(processor.number): \(String(decoding: processor.task.name, as: UTF8.self))", indent: 2,
        as: .heading)
      writeRegisters("registers", registers)
      if let trace = processor.trace { writeTrace(trace) }
    }
    for group in standstill.groups.prefix(Self.mostGroups) {
      line("\(group.tasks.count) waiting uninterruptibly, \(sentence: group.words)", indent: 2, as: .heading)
      let names = group.tasks.map { task -> PlainText in
        "\(String(decoding: task.name, as: UTF8.self)) (\(task.pid))"
      }
      entry("tasks", .join(TextLimits.shortened(names, Self.mostNames)), indent: 4, column: Self.column)
      if let holder = group.holder {
        entry(
          "held by",
          "\(String(decoding: holder.name, as: UTF8.self)) (\(holder.pid)): \(sentence: standstill.whereabouts(of: holder))",
          indent: 4, column: Self.column)
      }
      if standstill.isDeadlock(group) {
        entry("deadlock", "each waits for another", indent: 4, column: Self.column, as: .bad)
      }
      writeTrace(group.trace)
    }
  }

  private mutating func writeTrace(_ trace: StackTrace) {
    line("unwound by the kernel's own tables", indent: 2, as: .heading)
    for (number, frame) in trace.frames.prefix(Self.mostFrames).enumerated() {
      let guess: PlainText = frame.origin.isGuess ? "  a guess (\(frame.origin.rawValue))" : ""
      let mark: PlainText = frame.isInterrupted ? "  at" : ""
      line(
        "#\(PlainText("\(number)").padded(to: 3)) \(frame.slot?.description ?? "register          ")  \(frame.address)  \(Self.words(frame.owner))\(mark)\(guess)",
        indent: 4, as: frame.owner.isNobodys ? .bad : nil)
    }
    if trace.frames.count > Self.mostFrames { line("... \(trace.frames.count - Self.mostFrames) more", indent: 4) }
    entry("end", PlainText(sentence: trace.end.sentence), indent: 4, column: 9)
  }

  private mutating func writeRaw(_ raw: RawStack) {
    line("every word that leads to code, \(raw.region.extent)", indent: 2, as: .heading)
    for word in raw.words.prefix(Self.mostWords) {
      let call: PlainText =
        word.call.map { $0.callee == nil ? "call" : word.leadsInwards == false ? "call, elsewhere" : "call" } ?? "-"
      line(
        "\(word.isUnwound ? "*" : " ") \(word.address)  \(word.value)  \(call.padded(to: 15))  \(Self.words(word.owner))",
        indent: 4, as: word.isNobodys ? .bad : nil)
    }
    if raw.words.count > Self.mostWords { line("... \(raw.words.count - Self.mostWords) more", indent: 4) }
    if let fault = raw.fault { entry("unread", "\(fault)", indent: 4, column: 12) }
    line("*: in the unwound trace   call: a call instruction ends there   elsewhere: to another function", indent: 4)
  }

  private static func words(_ owner: Owner) -> PlainText {
    switch owner {
    case .kernelText(let place), .module(let place), .generatedCode(let place), .kernelData(let place): "\(place)"
    case .nobody(.mapped(let page)): "UNOWNED (\(page.permissions))"
    case .nobody: "UNOWNED, \(owner)"
    }
  }

  // MARK: 4, 5

  mutating func writeForeign(_ story: CrashStory) {
    step(4, "SUSPECT MEMORY")
    guard !story.foreign.isEmpty else {
      line("nothing but the kernel's own code and that of listed modules", indent: 2)
      return
    }
    for (number, memory) in story.foreign.enumerated() {
      line("implant \(number + 1) of \(story.foreign.count)  \(memory.implant.run.extent)", indent: 2, as: .heading)
      if let module = memory.module {
        let missing = module.missing.map { PlainText($0.name) }
        fact(
          "module",
          missing.isEmpty ? PlainText(module.name) : "\(module.name), missing from \(PlainText.join(missing))",
          as: missing.isEmpty ? nil : .bad)
        if !module.functions.isEmpty { fact("functions", .join(module.functions.map { PlainText($0) })) }
      }
      for near in memory.words {
        let distance: PlainText =
          near.hook.map { "\($0.byteCount.hexadecimal) bytes behind the target of \($0.subject)" }
          ?? "behind no hooked target"
        let call: PlainText = near.word.call == nil ? "no call before it" : "a call ends there"
        fact("stack word", "\(near.word.value) at \(near.word.address): \(distance), \(call)")
      }
      writeNeighbourhood(memory.implant, TextLimits(strings: 40))
    }
  }

  mutating func writeReferences(_ story: CrashStory) {
    step(5, "REFERENCES TO IT")
    let references = story.foreign.flatMap(\.references)
    if references.isEmpty {
      line(story.foreign.isEmpty ? "nothing: no redirection was found" : "only the stack", indent: 2)
    }
    let shown = references.map { reference -> PlainText in "\(sentence: reference.by) -> \(reference.target)" }
    for text in TextLimits.shortened(shown, 48) { entry("*", text, indent: 2, column: 4, hanging: 6) }
    for text in story.unsearched { entry("-", PlainText(sentence: text), indent: 2, column: 4, hanging: 6) }
  }

  // MARK: 6

  mutating func writeLikenesses(_ likenesses: [Likeness]) {
    step(6, "LIKELY EXPLANATIONS")
    if likenesses.isEmpty { line("nothing that is known", indent: 2) }
    for likeness in likenesses {
      line(
        "\(likeness.kind.rawValue): \(likeness.favouring.count) for, \(likeness.opposing.count) against", indent: 2,
        as: .heading)
      for sentence in likeness.favouring { entry("+", PlainText(sentence: sentence), indent: 4, column: 6) }
      for sentence in likeness.opposing { entry("-", PlainText(sentence: sentence), indent: 4, column: 6) }
    }
  }

  mutating func writeAccount(_ account: CrashAccount) {
    blank()
    line("WHAT HAPPENED", as: .heading)
    entry(
      "", .join(account.sentences.map { PlainText(sentence: $0) }, " "), indent: 2, column: 2)
  }

  mutating func writeCrashEnd(_ verdict: Verdict, _ status: Status, _ measurements: Measurements) {
    blank()
    let checks = Conclusion(verdict)
    entry(
      "", "the checks of scan: \(PlainText(checks.status.word)), \(checks.sentence)", indent: 0, column: 0, hanging: 2)
    line("exit status \(status.rawValue) (\(status.word))")
    line("run: \(measurements.sentence(looks: verdict.looks))")
  }
}

extension Owner {
  fileprivate var isNobodys: Bool {
    if case .nobody = self { true } else { false }
  }
}

extension StackTrace.End {
  /// Why a trace ends, in words.
  var sentence: String {
    switch self {
    case .userMode: "the program that called the kernel"
    case .endOfStack: "where the stack begins"
    case .noUnwindInformation(let address): "nothing tells how to go on from \(address)"
    case .offTheStacks(let address): "the next word, at \(address), lies on no stack"
    case .notRising(let address): "the stack pointer did not rise: \(address)"
    case .unknownRegister(let address): "the table for \(address) counts from a register that is not known"
    case .tooManyFrames: "too many frames"
    }
  }
}

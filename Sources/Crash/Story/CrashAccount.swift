internal import Checks
internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// What happened, in one sentence and in one paragraph: only what the steps before it have shown.
package struct CrashAccount: Sendable {
  /// The answer in a sentence.
  package let headline: String
  /// The paragraph.
  package let sentences: [String]

  /// Names shown of what lies beside a hook, at most.
  private static let mostNames = 6

  /// - Parameter isChecked: whether each check that applies was answered.
  package init(of story: CrashStory, isChecked: Bool) {
    if story.isTampered {
      headline = Self.foreignHeadline(story)
      sentences = Self.foreignSentences(story)
    } else {
      headline = Self.troubleHeadline(story)
      sentences = Self.troubleSentences(story, isChecked: isChecked)
    }
  }

  // MARK: Something leads astray

  private static func foreignHeadline(_ story: CrashStory) -> String {
    guard let memory = story.calledInto ?? story.foreign.first(where: \.ran) ?? story.foreign.first else { return "" }
    let names = names(in: memory)
    let also = names.isEmpty ? "" : ", which also holds \(names.joined(separator: ", "))"
    let ran = memory.ran ? "; the stack shows it ran" : ""
    let owner = ownerWords(memory)
    if let call = story.call, let handler = call.foreignHandlers.first, memory.implant.run.contains(handler.address) {
      return "system call \(words(for: call)) led into \(owner) at \(handler.address)\(also)\(ran)"
    }
    let target = memory.references.first?.target ?? memory.implant.run.start
    let who = memory.references.first.map { "\($0.by) leads" } ?? "the stack leads"
    return "\(who) into \(owner) at \(target)\(also)\(ran)"
  }

  private static func foreignSentences(_ story: CrashStory) -> [String] {
    var sentences: [String] = []
    if let who = whoSentence(story) { sentences.append(who) }
    if let call = story.call, let handler = call.foreignHandlers.first {
      sentences.append(
        "The kernel's own code, followed for this number, leads to \(handler.address): \(handler.owner).")
    }
    if let death = deathSentence(story) { sentences.append(death) }
    for memory in story.foreign { sentences += memorySentences(memory) }
    if let likeness = likenessSentence(story) { sentences.append(likeness) }
    return sentences
  }

  private static func memorySentences(_ memory: ForeignMemory) -> [String] {
    var sentences: [String] = []
    let returns = memory.words.filter { $0.word.call != nil }
    if !returns.isEmpty {
      let unwound = returns.filter(\.word.isUnwound).count
      sentences.append(
        "The stack has \(count(returns.count, "return address", "return addresses")) into \(memory.implant.run.start) and what "
          + "follows: code there ran\(unwound < returns.count ? ", and the kernel's own trace did not show all of it" : "")."
      )
    }
    let (hooks, pointers) = (memory.references.count { !$0.isPointer }, memory.references.count(where: \.isPointer))
    if hooks > 0 {
      let also = pointers == 0 ? "" : ", and \(count(pointers, "pointer", "pointers")) in its data"
      sentences.append("\(count(hooks, "changed place", "changed places")) of the kernel lead there\(also).")
    }
    if let module = memory.module, module.marks[.list] == .missing, module.structure != nil {
      sentences.append(
        "That memory is the module \(module.name), which is missing from \(module.missing.map(\.name).joined(separator: ", "))."
      )
    }
    return sentences
  }

  // MARK: Nothing leads astray

  private static func troubleHeadline(_ story: CrashStory) -> String {
    let system = story.system
    guard let trouble = system.trouble else {
      return story.standstill?.headline ?? "the log does not say what this kernel died of"
    }
    let place = system.guilty.map { " in \(placeWords($0))" } ?? ""
    switch trouble.kind {
    case .stackProtector: return "a function overran its own stack\(place)"
    case .nullDereference(let address):
      return "a pointer that leads nowhere (\(hex(address))) was used\(place)"
    case .pageFault(let address):
      if system.isAtUnmappedCode { return "the processor was sent to \(hex(address)), where there is no code" }
      return "memory that is not there (\(hex(address))) was used\(place)"
    case .generalProtection: return "an address that cannot be was used\(place)"
    case .bug, .invalidOpcode: return "a check of the kernel's own failed\(place)"
    case .hungTask:
      let names = story.stuck.map { "\(name($0.task.name)) (\($0.task.pid))" }
      return "a task was blocked for too long\(names.isEmpty ? "" : ": \(names.joined(separator: ", "))")"
    case .softLockup, .hardLockup: return "a processor did not come back\(place)"
    case .rcuStall: return "a processor stalled"
    case .requested: return "somebody asked for this crash (sysrq)"
    case .doubleFault, .stackGuardHit: return "a kernel stack ran over\(place)"
    case .exception(let name): return "\(name)\(place)"
    case .warning, .complaint:
      let ended = trouble.panicMessage.map { "; the kernel gave up: \($0)" } ?? ""
      return "the kernel warned: \(trouble.detail ?? trouble.message)\(ended)"
    case .panic: return "the kernel gave up: \(trouble.panicMessage ?? trouble.message)"
    }
  }

  private static func troubleSentences(_ story: CrashStory, isChecked: Bool) -> [String] {
    var sentences: [String] = []
    if !story.isStandstill, let who = whoSentence(story) { sentences.append(who) }
    if !story.isStandstill, let call = story.call, case .success(let row) = call.row, row.unknown == nil,
      call.foreignHandlers.isEmpty, let handler = row.handlers.first
    {
      sentences.append("Its number leads where it should, to \(handler.owner).")
    }
    if let death = deathSentence(story) { sentences.append(death) }
    sentences += story.system.tale?.evidence ?? []
    sentences += story.standstill?.sentences ?? []
    if let end = story.system.end, let trouble = story.system.trouble, end != trouble {
      sentences.append("What the log ends with came after it: \(end.panicMessage ?? end.message).")
    }
    if story.system.isAtUnmappedCode, let last = story.system.unloaded?.last {
      sentences.append("The module that was unloaded last is \(last).")
    }
    for stuck in story.stuck {
      let frames = stuck.trace.frames
      // Whoever called into the scheduler says more than the scheduler does.
      let inner =
        frames.first { $0.owner.place?.module != nil }
        ?? frames.first {
          $0.owner.place.map { !$0.symbol.contains("schedule") && !$0.symbol.contains("switch") } ?? true
        }
      sentences.append(
        "\(name(stuck.task.name)) (\(stuck.task.pid)) waits\(inner.map { " in \($0.owner)" } ?? "").")
    }
    sentences.append(
      isChecked && story.untold.isEmpty
        ? "No table, no code and no word of the stack leads to unowned memory."
        : "Nothing that could be looked at leads to unowned memory.")
    if let likeness = likenessSentence(story) { sentences.append(likeness) }
    return sentences
  }

  // MARK: Parts

  private static func deathSentence(_ story: CrashStory) -> String? {
    guard let trouble = story.system.trouble else { return nil }
    let isOwn = trouble.kind.isException || trouble.kind == .warning || trouble.kind == .complaint
    let said = isOwn ? trouble.detail ?? trouble.message : trouble.panicMessage ?? trouble.message
    guard let guilty = story.system.guilty else { return "The log says: \(said)." }
    if case .stackProtector = trouble.kind {
      return "The function that returns to \(guilty.address) (\(guilty.owner)) found its stack overwritten and called "
        + "__stack_chk_fail, which stopped the kernel."
    }
    return "It died at \(guilty.address), \(guilty.owner): \(said)."
  }

  private static func likenessSentence(_ story: CrashStory) -> String? {
    guard let first = story.likenesses.first else { return nil }
    let evidence = "\(first.favouring.count) for, \(first.opposing.count) against"
    guard first.balance > 0, story.likenesses.dropFirst().allSatisfy({ $0.balance < first.balance }) else {
      return "The evidence does not show which explanation fits best."
    }
    return "It most resembles \(first.kind.rawValue) (\(evidence)); that is likeness, not proof."
  }

  /// Which task died, and in which system call; by the log where memory does not say.
  private static func whoSentence(_ story: CrashStory) -> String? {
    if let context = try? story.context.get() {
      return
        "\(who(context, story)) \(story.call.map { "was in system call \(words(for: $0))" } ?? "was in no system call")."
    }
    guard let end = story.system.end, let comm = end.comm else { return nil }
    let number = end.pid.map { " (\($0))" } ?? ""
    return "By the log, it was task \(comm)\(number)\(end.processor.map { " on processor \($0)" } ?? "")."
  }

  private static func who(_ context: PanicContext, _ story: CrashStory) -> String {
    let who = story.taskName.map { "\(name($0)) (\(context.task.pid))" } ?? "\(context.task.pid)"
    return "Task \(who) on processor \(context.processor)"
  }

  private static func words(for call: PanickingCall) -> String {
    "\(call.number)" + (call.name.map { " (\($0))" } ?? "")
  }

  private static func placeWords(_ guilt: CrashSystem.Guilt) -> String { "\(guilt.owner)" }

  private static func ownerWords(_ memory: ForeignMemory) -> String {
    memory.implant.owner == "nobody" ? "unowned memory" : "memory of \(memory.implant.owner)"
  }

  /// The strings that say most of an implant: those that a rule knows, or, if none does, those that read like names of
  /// functions.
  static func names(in memory: ForeignMemory) -> [String] {
    let known = memory.implant.signatures.flatMap(\.evidence).map(\.text)
    let others = memory.implant.strings.map(\.text).filter { text in
      text.utf8.count > 5 && text.contains("_") && !text.hasPrefix("_")
        && text.utf8.allSatisfy { $0 == 0x5f || (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) }
    }
    return Set(known.isEmpty ? others : known).sorted { first, second in
      // What replaces a function first, then what makes it possible.
      (first.contains("_write") ? 1 : 0, first) < (second.contains("_write") ? 1 : 0, second)
    }.prefix(mostNames).map { $0 }
  }

  private static func name(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
  private static func hex(_ address: UInt64?) -> String { address.map { $0.hexadecimal } ?? "not said" }
  private static func count(_ number: Int, _ one: String, _ many: String) -> String {
    "\(number) \(number == 1 ? one : many)"
  }
}

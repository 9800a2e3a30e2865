import KernelModel

/// The trial `another-name`: a copy of the program under another name must see the same.
///
/// Some rootkits answer by who asks: by the process's name, or by its file's.
enum AnotherName {
  static let name = "another-name"
  private static let question = "does a copy of the program under another name see the same kernel?"

  /// What the copy is asked as soon as it runs.
  static let firstQuestions: [CopyQuestion] = [.capabilities, .kernelSymbols]

  /// Somebody who answers as the copy does; a test may be one.
  struct Other {
    let ask: ([CopyQuestion]) throws(CopyProcess.Fault) -> [String]
  }

  /// What both of us read.
  struct Subject {
    let root: SystemRoot
    /// Our own digest of the kernel's symbols, if the file was read already.
    let kernelSymbols: String?
    let spots: [ReadingSpot]
    /// Our own bytes at a place of `/proc/kcore`, read as everything else is.
    let bytes: (ReadingSpot) -> [UInt8]?
  }

  /// - Parameter start: starts the copy; asked a second time only if the first was killed.
  static func trial(_ subject: Subject, start: () throws(CopyProcess.Fault) -> Other) -> ReadingTrial {
    let killsBefore = memoryKills(subject.root)
    var kills = 0
    while kills < 2 {
      do throws(CopyProcess.Fault) {
        let contradictions = try compare(subject, with: try start())
        return trial(contradictions.outcome(heldAs: "symbols, modules, headers and code, under another name"))
      } catch {
        guard case .killed = error else {
          guard case .withheld(let withheld) = error else { continue }
          return trial(.impossible(withheld))
        }
        kills += 1
      }
    }
    guard let killsBefore, memoryKills(subject.root) == killsBefore else {
      return trial(.impossible(Withheld("a renamed copy of the program", why: "it was killed for want of memory")))
    }
    return trial(
      .broken(
        evidence: [
          Finding.Evidence("the copy's end", "SIGKILL, twice; the kernel counts no kill for want of memory")
        ],
        expected: "a copy that answers", observed: "a copy that is killed"))
  }

  private static func trial(_ outcome: ReadingTrial.Outcome) -> ReadingTrial {
    ReadingTrial(
      name: name, question: question, outcome: outcome, claim: "what programs of this name read",
      systemCalls: KcoreChannel.systemCalls)
  }

  private static func compare(
    _ subject: Subject, with other: Other
  ) throws(CopyProcess.Fault) -> Contradictions {
    let ours = CopyQuestion.capabilities.answer(subject.root)
    let theirs = try other.ask([.capabilities])
    guard theirs == [ours] else {
      throw .withheld(
        Withheld("a renamed copy of the program", why: "it may do less than we may: capabilities \(theirs.first ?? "")")
      )
    }
    var known = subject.kernelSymbols
    return try Contradictions.persisting { () throws(CopyProcess.Fault) -> Contradictions in
      var found = Contradictions()
      try compareLists(subject, &known, with: other, into: &found)
      try compareBytes(subject, with: other, into: &found)
      return found
    }
  }

  private static func compareLists(
    _ subject: Subject, _ known: inout String?, with other: Other, into found: inout Contradictions
  ) throws(CopyProcess.Fault) {
    let theirSymbols = try other.ask([.kernelSymbols])
    // Read once already for our own sake; a second time only if there is something to tell.
    let ourSymbols = known ?? CopyQuestion.kernelSymbols.answer(subject.root)
    known = nil
    compare("the kernel's symbols in /proc/kallsyms", ourSymbols, theirSymbols[0], into: &found)
    // Close together: modules come and go.
    let before = CopyQuestion.modules.answer(subject.root)
    let theirModules = try other.ask([.modules])
    if CopyQuestion.modules.answer(subject.root) == before {
      compare("/proc/modules", before, theirModules[0], into: &found)
    }
  }

  private static func compare(
    _ place: String, _ ours: String, _ theirs: String, into found: inout Contradictions
  ) {
    guard CopyQuestion.isAnswered(ours), CopyQuestion.isAnswered(theirs), ours != theirs else { return }
    found.add(place, Contradiction(expected: "\(theirs), as the copy reads it", observed: .text(ours)))
  }

  private static func compareBytes(
    _ subject: Subject, with other: Other, into found: inout Contradictions
  ) throws(CopyProcess.Fault) {
    let before = subject.spots.map { subject.bytes($0) }
    let answers = try other.ask(subject.spots.map { .kcore(offset: $0.offset, count: $0.count) })
    for (index, spot) in subject.spots.enumerated() {
      guard let bytes = before[index], !answers[index].hasPrefix(CopyQuestion.refusal) else { continue }
      let ours = RunningDigest.of(bytes)
      guard ours != answers[index], subject.bytes(spot) == bytes else { continue }
      found.add(
        spot.name,
        Contradiction(expected: "the digest \(answers[index]), as the copy reads it", observed: .text(ours)))
    }
  }

  /// How many processes the kernel has killed for want of memory, or nil if it does not say.
  private static func memoryKills(_ root: SystemRoot) -> UInt64? {
    let text = try? root.text(of: "proc/vmstat")  // unreadable is as good as unknown: then a kill proves nothing
    let line = text?.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
    return line.flatMap { UInt64($0.dropFirst("oom_kill ".count)) }
  }
}

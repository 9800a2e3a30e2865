internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Whether user space is told of what is registered, and of nothing else: a part of `registered-code`.
struct ToldComparison {
  let kernel: Kernel

  private static let looks = 3
  private static let mostNamed = 4

  func examine(into examination: inout Examination) throws(CannotCheck) {
    let (look, differences) = try kernel.persisting(looks: Self.looks) { () throws(CannotCheck) in
      try ToldLook(of: kernel)
    } wrong: {
      $0.differences
    }
    if !look.counts.isEmpty {
      let counts = look.counts.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
      examination.remark("compared with what user space sees: \(counts)")
    }
    for kind in look.unnamed {
      examination.remark("some \(kind) have a name that cannot be compared with what is told")
    }
    if !look.unasked.isEmpty {
      let reasons = look.unasked.map(\.description).joined(separator: "; ")
      examination.remark("not compared with what user space sees: \(reasons)")
    }
    if let obstacle = look.obstacle { examination.leaveUnanswered(Subject("the first process's network"), obstacle) }
    for difference in differences { examination.report(finding(difference, look)) }
  }

  private func finding(_ difference: ToldLook.Difference, _ look: ToldLook) -> Finding {
    switch difference {
    case .untold(let name):
      let (things, told) = look.untold[name] ?? ([], 0)
      let calls = things.map { (thing: $0, functions: functions(of: $0)) }
      var evidence: [Finding.Evidence] = []
      for (thing, functions) in calls.prefix(Self.mostNamed) {
        let address = KernelAddress(thing.address)
        evidence.append(.init("registered", "\(address, kernel.owner(of: address))"))
        for function in functions.prefix(Self.mostNamed) {
          evidence.append(
            .init("calls", "\(function.field): \(function.target, kernel.owner(of: function.target))"))
        }
      }
      // What is the kernel's own is shown, and no place to look around.
      let strange = calls.flatMap(\.functions).first { function in
        if case .kernelText = kernel.owner(of: function.target) { false } else { true }
      }
      let owner = strange.map { kernel.owner(of: $0.target) }
      let hidden = strange.flatMap { target in
        owner.flatMap { HiddenModules.name(at: target.target, owner: $0, in: kernel) }
      }
      return Finding(
        kind: .contradiction, severity: .critical, subject: Subject(name.kind, label: name.name),
        message: things.count > 1 ? "one of \(things.count) of that name is hidden" : "it is hidden",
        expected: .text("told in \(ToldLists.words(name.file))" + (things.count > 1 ? ", each of them" : "")),
        observed: .text(
          "in memory, before and after that was read, and "
            + (told == 0 ? "not told" : "\(told) of \(things.count) told")),
        owner: owner, hiddenModule: hidden, target: strange?.target, evidence: evidence,
        effects: [.init(.hides, "\(name.name) (\(name.kind))")],
        places: things.map {
          MemoryRegion(start: KernelAddress($0.address), byteCount: UInt64($0.type.layout.byteCount))
        }, toldBy: ["read"], proof: .crossView,
        meaning: "whoever lists what the kernel has is not shown it")
    case .invented(let name):
      return Finding(
        kind: .contradiction, severity: .critical, subject: Subject(name.kind, label: name.name),
        message: "user space sees it, and the kernel has none",
        expected: "in memory, before or after the file was read",
        observed: .text("told in \(ToldLists.words(name.file))"),
        effects: [.init(.falsifies, ToldLists.words(name.file))], toldBy: ["read"], proof: .crossView,
        meaning: "what is told there was made up, or it was taken out of the kernel's list by hand")
    }
  }

  private func functions(of thing: KernelObject) -> [(field: String, target: KernelAddress)] {
    let words = (try? thing.codeWords(.all)) ?? []
    return words.filter(\.mayBeFunction).map { ($0.word.field, KernelAddress($0.word.value)) }
  }
}

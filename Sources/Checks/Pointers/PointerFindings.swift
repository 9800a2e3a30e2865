internal import KernelModel
internal import KernelObjects

/// Says which pointers lead elsewhere, and where.
struct PointerFindings {
  let words: PointerWords
  /// The kernel's own, lowest first.
  let ofKernel: [PointerSlot]

  /// A pointer that nothing explains.
  struct Case {
    var difference: PointerLook.Difference
    var wrong: PointerJudge.Wrong
    /// Whose it is, if not the kernel's.
    var module: ModulePointers?
  }

  /// Findings told one by one; further pointers are only named.
  private static let mostFindings = 64

  /// Notes a pointer that leads elsewhere and may.
  func note(
    _ difference: PointerLook.Difference, _ verdict: PointerJudge.Verdict, _ module: ModulePointers?,
    into examination: inout Examination
  ) {
    let ending: String
    switch verdict {
    case .alike: ending = ""
    case .untyped: ending = " (of one of them no type is known)"
    case .empty: ending = ""
    case .followed, .wrong: return
    }
    // A pointer of which no type is known may be the function tracer's, and a module's goes with it.
    let (live, vendors) = (words.name(of: difference.value), words.name(of: difference.slot.target))
    examination.note(
      Subject(place(of: difference.slot, module)),
      .text("leads to \(live), and in the file to \(vendors)\(ending)"),
      lasting: module == nil && difference.slot.variable == nil && verdict == .alike && isKernels(difference.value))
  }

  private func isKernels(_ address: UInt64) -> Bool { words.kernel.image?.contains(KernelAddress(address)) == true }

  func findings(for cases: [Case]) -> [Finding] {
    var findings = cases.prefix(Self.mostFindings).map(finding)
    if cases.count > Self.mostFindings, !findings.isEmpty {
      let others = cases.dropFirst(Self.mostFindings).prefix(64).map { place(of: $0.difference.slot, $0.module) }
      findings[0].evidence.append(
        Finding.Evidence(
          "changed too", "\(cases.count - Self.mostFindings) further pointers: \(others.joined(separator: ", "))"))
    }
    return findings
  }

  private func finding(for one: Case) -> Finding {
    let kernel = words.kernel
    let (slot, value) = (one.difference.slot, one.difference.value)
    let vendors = KernelAddress(slot.target)
    let target = KernelAddress(one.wrong.function ?? value)
    let owner = kernel.owner(of: target)
    let member = one.module == nil && slot.variable == nil ? words.member(of: slot, among: ofKernel) : nil
    let hidden = HiddenModules.name(at: target, owner: owner, in: kernel)
    var evidence: [Finding.Evidence] = []
    if let member { evidence.append(.init("member", "\(member.path) of struct \(member.structure)")) }
    if one.wrong.function != nil {
      evidence.append(.init("table", "\(KernelAddress(value), kernel.owner(of: KernelAddress(value)))"))
    }
    if let hidden { evidence.append(.init("module", "\(hidden), which is not on every list")) }
    let place = place(of: slot, one.module)
    let variable = place.firstIndex(of: "+").map { String(place[..<$0]) }
    return Finding(
      kind: .redirection, severity: one.wrong.severity,
      subject: Subject(place, label: member.flatMap { member in variable.map { "\($0).\(member.path)" } }),
      message: one.wrong.message, expected: "\(vendors, kernel.owner(of: vendors))", observed: "\(target, owner)",
      owner: owner, hiddenModule: hidden, target: target, evidence: evidence,
      effects: [
        .init(.redirects, member.flatMap { member in variable.map { "\($0).\(member.path)" } } ?? place)
      ],
      places: [MemoryRegion(start: KernelAddress(slot.address), byteCount: 8)],
      meaning: "whoever calls through this pointer runs other code than the vendor's")
  }

  /// What a pointer is called, in words that survive a reboot.
  private func place(of slot: PointerSlot, _ module: ModulePointers?) -> String {
    if let module { return module.place(of: slot.address, in: words.kernel)?.description ?? module.module.name }
    let owner = words.kernel.owner(of: KernelAddress(slot.variable ?? slot.address))
    if let variable = slot.variable, owner.place == nil { return words.name(ofVariable: variable) }
    return owner.place?.description ?? KernelAddress(slot.address).description
  }
}

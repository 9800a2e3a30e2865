internal import KernelFormats
internal import KernelModel

/// Says what is wrong with code or constants: where, which bytes and instructions were expected and found, and where
/// the changed ones lead.
struct TextFindings {
  private let kernel: Kernel
  private let recreation: Recreation
  /// The module that is looked at, or nil for the kernel; and where its sections lie.
  private let module: String?
  private let sections: [(name: String, range: Range<UInt64>)]
  private let disassembler: Machine.Disassembler?

  /// Findings told one by one; further changed functions are only named.
  private static let mostFindings = 64
  /// Further places of one function or object that are told with their bytes.
  private static let mostOthers = 8
  /// Changed places that a finding holds for whoever groups findings.
  private static let mostPlaces = 1024
  /// Bytes of code that are decoded of each side, at least.
  private static let window = 32

  /// - Parameters:
  ///   - module: the module that is looked at, or nil for the kernel.
  ///   - sections: where its sections lie: kallsyms does not say whose a module's constants are.
  init(
    kernel: Kernel, recreation: Recreation, module: String? = nil,
    sections: [(name: String, range: Range<UInt64>)] = []
  ) {
    self.kernel = kernel
    self.recreation = recreation
    self.module = module
    self.sections = sections
    do throws(DisassemblerError) {
      disassembler = try Machine.Disassembler()
    } catch {
      disassembler = nil  // bytes say enough
    }
  }

  /// One finding for each function or object that was changed.
  func findings(for runs: [UnexplainedRun]) -> [Finding] {
    var groups: [(place: String, runs: [UnexplainedRun])] = []
    for run in runs {
      let place = place(of: run.address)
      let name = (place?.symbol ?? run.address.description) + (place?.module.map { " [\($0)]" } ?? "")
      if groups.last?.place == name {
        groups[groups.count - 1].runs.append(run)
      } else {
        groups.append((name, [run]))
      }
    }
    var findings = groups.prefix(Self.mostFindings).map { finding(for: $0.runs) }
    if groups.count > Self.mostFindings, !findings.isEmpty {
      let others = groups.dropFirst(Self.mostFindings).prefix(64).map(\.place).joined(separator: ", ")
      findings[0].evidence.append(
        Finding.Evidence("changed too", "\(groups.count - Self.mostFindings) further places: \(others)"))
    }
    return findings
  }

  func finding(for violation: PatchViolation) -> Finding {
    let target = violation.target.map { KernelAddress($0) }
    let owner = target.map { kernel.owner(of: $0) }
    let hidden = target.flatMap { target in owner.flatMap { HiddenModules.name(at: target, owner: $0, in: kernel) } }
    return Finding(
      kind: .redirection, severity: .critical, subject: Subject(violation.subject), message: violation.message,
      expected: violation.expected, observed: violation.observed,
      owner: owner, hiddenModule: hidden, target: target,
      evidence: [Finding.Evidence("mechanism", .text(violation.mechanism.title))]
        + (hidden.map { [Finding.Evidence("module", "\($0), which is not on every list")] } ?? []),
      effects: [.init(.redirects, violation.subject)],
      meaning: "the kernel's code was patched by its own rules, to serve somebody who is not known")
  }

  private func finding(for parts: [UnexplainedRun]) -> Finding {
    let runs = joined(parts)
    let run = runs[0]
    let owner = kernel.owner(of: run.address)
    let change = Change(parts[0], kernel: kernel, recreation: recreation, disassembler: disassembler)
    var evidence: [Finding.Evidence] = []
    if !change.expectedInstructions.isEmpty {
      evidence.append(Finding.Evidence("expected code", .text(change.expectedInstructions)))
      evidence.append(Finding.Evidence("code in memory", .text(change.observedInstructions)))
    }
    let target = change.target.flatMap { leadsAway($0, from: owner) ? $0 : nil }
    // What leads away is the finding's own target, and its owner the finding's.
    if target == nil, let own = change.target {
      evidence.append(Finding.Evidence("leads to", "\(own, kernel.owner(of: own))"))
    }
    for other in runs.dropFirst().prefix(Self.mostOthers) {
      let place: Finding.Value = place(of: other.address).map { "\($0)" } ?? "\(other.address)"
      evidence.append(Finding.Evidence("also changed", "\(place): \(other.expected) is \(other.observed)"))
    }
    if runs.count > Self.mostOthers + 1 {
      evidence.append(Finding.Evidence("also changed", "\(runs.count - Self.mostOthers - 1) further places in it"))
    }
    let differing = runs.reduce(0) { $0 + $1.differing }
    return Finding(
      kind: .redirection, severity: .critical,
      subject: Subject(place(of: run.address)?.description ?? run.address.description),
      message: "\(differing) \(differing == 1 ? "byte is" : "bytes are") not the vendor's, and no mechanism of the "
        + "kernel's produces \(differing == 1 ? "it" : "them")",
      expected: .bytes(run.expected), observed: .bytes(run.observed),
      owner: target.map { kernel.owner(of: $0) } ?? owner, target: target, evidence: evidence,
      effects: [
        .init(target == nil ? .alters : .redirects, place(of: run.address)?.description ?? run.address.description)
      ],
      places: runs.prefix(Self.mostPlaces).map {
        MemoryRegion(start: $0.address, byteCount: UInt64($0.observed.count))
      },
      meaning: change.isCode
        ? "whoever runs this code runs something else than the vendor's"
        : "the kernel works with a constant that is not the vendor's")
  }

  /// The runs, with those put together that were cut only because they are long: a finding holds all of its bytes.
  private func joined(_ parts: [UnexplainedRun]) -> [UnexplainedRun] {
    parts.reduce(into: []) { joined, run in
      guard let last = joined.last, let gap = recreation.image.gap(after: last, before: run.address.rawValue),
        last.observed.count + gap.count + run.observed.count <= Finding.Bytes.most
      else { return joined.append(run) }
      joined[joined.count - 1].expected += gap + run.expected
      joined[joined.count - 1].observed += gap + run.observed
      joined[joined.count - 1].differing += run.differing
    }
  }

  /// What `address` is called, in words that survive a reboot.
  ///
  /// By a symbol only if that lies in the same section, and is one: an owner that has none there gives the address.
  private func place(of address: KernelAddress) -> Place? {
    let place = kernel.owner(of: address).place
    guard let (name, range) = sections.first(where: { $0.range.contains(address.rawValue) }) else { return place }
    let offset = address.rawValue - range.lowerBound
    if let place, place.symbol != address.description, place.offset <= offset { return place }
    return Place(symbol: name, offset: offset, module: module)
  }

  /// Whether an address is worth a look around: not where it is the kernel's own or the module's that was changed.
  private func leadsAway(_ target: KernelAddress, from owner: Owner) -> Bool {
    switch kernel.owner(of: target) {
    case .kernelText, .kernelData: false
    case .module(let place): place.module != owner.place?.module
    case .generatedCode, .nobody: true
    }
  }

  /// The instructions around one change.
  private struct Change {
    var isCode = false
    var expectedInstructions = ""
    var observedInstructions = ""
    /// Where the changed bytes lead: a branch, an address loaded into a register, a pointer.
    var target: KernelAddress?

    init(_ run: UnexplainedRun, kernel: Kernel, recreation: Recreation, disassembler: Machine.Disassembler?) {
      let address = run.address.rawValue
      switch kernel.owner(of: run.address) {
      case .kernelText, .module: isCode = true
      default: isCode = false
      }
      if kernel.text?.contains(run.address) == false, case .kernelData = kernel.owner(of: run.address) {
        isCode = false
      }
      guard isCode, let disassembler else {
        target = Self.pointer(around: address, in: kernel)
        return
      }
      let start = recreation.image.instructionStart(around: address, in: kernel)
      let end = address &+ UInt64(run.observed.count)
      let count = max(TextFindings.window, Int(clamping: end &- start))
      guard count <= 512, let place = recreation.image.pointer(at: start, count: count) else { return }
      let expected = disassembler.decode(
        Array(UnsafeRawBufferPointer(start: place, count: count)).span, at: KernelAddress(start), limit: 16)
      var observed: [MachineInstruction] = []
      do throws(MemoryFault) {
        let bytes = try kernel.memory.bytes(at: KernelAddress(start), count: count)
        observed = disassembler.decode(bytes.span, at: KernelAddress(start), limit: 16)
      } catch {
        observed = []  // it was readable a moment ago; the bytes are in the finding
      }
      func concerned(_ all: [MachineInstruction]) -> [MachineInstruction] {
        all.filter { instruction in
          let first = instruction.instruction.address.rawValue
          return first < end && first &+ UInt64(instruction.instruction.bytes.count) > address
        }
      }
      expectedInstructions = Self.text(concerned(expected))
      observedInstructions = Self.text(concerned(observed))
      let known = Set(concerned(expected).compactMap(Self.target))
      target = concerned(observed).compactMap(Self.target).first { !known.contains($0) && $0.isInKernelHalf }
    }

    private static func target(of machine: MachineInstruction) -> KernelAddress? {
      if let target = machine.instruction.branchTarget { return target }
      return machine.immediates.map { KernelAddress(UInt64(bitPattern: $0)) }.first(where: \.isInKernelHalf)
    }

    private static func text(_ machines: [MachineInstruction]) -> String {
      machines.map { machine in
        let instruction = machine.instruction
        return instruction.mnemonic + (instruction.operands.isEmpty ? "" : " " + instruction.operands)
      }.joined(separator: "; ")
    }

    /// The pointer that the changed bytes belong to, if they are part of one.
    private static func pointer(around address: UInt64, in kernel: Kernel) -> KernelAddress? {
      do throws(MemoryFault) {
        let word = try kernel.memory.pointer(at: KernelAddress(address & ~7))
        return word.isInKernelHalf && kernel.mappings.mapping(of: word).page != nil ? word : nil
      } catch {
        return nil  // it was readable a moment ago; the bytes are in the finding
      }
    }
  }
}

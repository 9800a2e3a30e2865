internal import KernelFormats
package import KernelModel
internal import KernelObjects

extension SiteExplanation {
  /// The most bytes that are explained at once; what is longer is cut around the address.
  private static let mostBytes: UInt64 = 256
  /// How often a place that looks wrong is looked at again: a patch may be in progress.
  private static let looks = 3

  /// The reasoning at `address`, in the kernel's code and constants or in those of a loaded module.
  ///
  /// - Throws: if the place is not one that is compared, or something that is needed for it cannot be had.
  package init(of address: KernelAddress, in kernel: Kernel) throws(CannotCheck) {
    try kernel.requireKnownMachine()
    var work = try kernel.textWork
    var explanation = try Self.look(at: address.rawValue, work, in: kernel.memory)
    if !explanation.isExplained { try work.settleFeatures(for: explanation) }
    for _ in 0..<Self.looks where !explanation.isExplained {
      work = try work.again()
      explanation = try Self.look(at: address.rawValue, work, in: kernel.memory.fresh)
    }
    if !explanation.isExplained { try work.throwIfClassFails(at: explanation) }
    self = explanation
  }

  private static func look(
    at address: UInt64, _ work: TextWork, in memory: any KernelMemory
  ) throws(CannotCheck) -> SiteExplanation {
    // An instruction is 15 bytes at most.
    var traced = (address &- 15)..<max(address &- 15, address &+ 16)
    var place = try place(of: address, work, tracing: traced, in: memory)
    var site = place.site(around: address, in: work.kernel)
    if site.lowerBound < traced.lowerBound || site.upperBound > traced.upperBound {
      traced = min(site.lowerBound, traced.lowerBound)..<max(site.upperBound, traced.upperBound)
      place = try Self.place(of: address, work, tracing: traced, in: memory)
      site = place.site(around: address, in: work.kernel)
    }
    let below = min(address, mostBytes / 2)
    let above = min(.max - address, mostBytes / 2)
    site = site.clamped(to: address - below..<address + above)
    let interceptions = work.verifier.interceptions()
    if let obstacle = interceptions.obstacle { throw obstacle }
    let called = interceptions.called(at: site, recreated: place.recreation, in: work.kernel)
    var explanation = try place.explanation(of: address, site, in: work.kernel, memory)
    explanation.called = called.map { $0.calledCode(in: work.kernel) }
    return explanation
  }

  private static func place(
    of address: UInt64, _ work: TextWork, tracing traced: Range<UInt64>, in memory: any KernelMemory
  ) throws(CannotCheck) -> ComparedPlace {
    if let place = try ComparedPlace(inKernel: address, work, tracing: traced) { return place }
    if let place = try ComparedPlace(inModule: address, work, tracing: traced, memory) { return place }
    let owner = work.kernel.owner(of: KernelAddress(address))
    throw .notApplicable(
      "\(KernelAddress(address)) is \(owner); that is none of the sections of code and constants that the vendor's "
        + "files say all of")
  }
}

extension TextWork {
  /// Takes features that were changed late as they were, as a scan does, so that their sites are no alarm here either.
  fileprivate func settleFeatures(for explanation: SiteExplanation) throws(CannotCheck) {
    guard verifier.regions.contains(where: { $0.region.contains(explanation.start) }) else { return }
    let whole = verifier.compare(kernel.memory)
    guard !whole.runs.isEmpty, whole.runs.count < 1024 else { return }
    _ = try verifier.drift(from: whole, in: kernel.memory)
  }

  /// Throws what a scan would say if most sites of the mechanism that decides there differ: that this kernel follows
  /// other rules, not that somebody changed this one.
  fileprivate func throwIfClassFails(at explanation: SiteExplanation) throws(CannotCheck) {
    guard case .different = explanation.agreement,
      verifier.regions.contains(where: { $0.region.contains(explanation.start) })
    else { return }
    let site = MemoryRegion(start: explanation.start, byteCount: UInt64(explanation.observed.bytes.count))
    let comparison = verifier.compare(kernel.memory, mostRuns: ClassFailures.mostRuns)
    let failures = ClassFailures(of: comparison, in: verifier)
    guard let reason = failures.unknown(in: kernel).first,
      !failures.rest.contains(where: { site.contains($0.address) })
    else { return }
    throw reason
  }
}

/// A stretch of code or constants that is compared, with what was done around one address in it.
private struct ComparedPlace {
  let recreation: Recreation
  let section: String
  let source: String
  /// Live addresses of what is compared.
  let range: Range<UInt64>
  let isCode: Bool
  /// The bytes of the file for live addresses in ``range``.
  let vendorBytes: (Range<UInt64>) -> [UInt8]
  let compare: (any KernelMemory, Range<UInt64>) -> TextComparison

  /// - Returns: nil if `address` is not in the kernel's code or constants.
  init?(inKernel address: UInt64, _ work: TextWork, tracing traced: Range<UInt64>) throws(CannotCheck) {
    let verifier = work.verifier
    let vendor = verifier.vendor
    let wanted = KernelAddress(address)
    guard let (name, region) = verifier.regions.first(where: { $0.region.contains(wanted) }), let end = region.end
    else { return nil }
    try verifier.restart(tracing: traced)
    try verifier.recreate()
    recreation = verifier.recreation
    section = name
    source = vendor.object.source
    range = region.start.rawValue..<end.rawValue
    isCode = vendor.text.contains(address)
    vendorBytes = { part in
      let link = MemoryRegion(
        start: KernelAddress(part.lowerBound &- vendor.offset), byteCount: UInt64(part.count))
      return vendor.object.bytes(at: link).map { Array($0) } ?? []
    }
    compare = { memory, part in verifier.compare(memory, only: [part]) }
  }

  /// - Returns: nil if `address` is in no loaded module's code or constants.
  init?(
    inModule address: UInt64, _ work: TextWork, tracing traced: Range<UInt64>, _ memory: any KernelMemory
  ) throws(CannotCheck) {
    let texts = try ModuleTexts(work.verifier)
    guard let module = texts.modules.modules.first(where: { $0.memory.values.contains { $0.contains(address) } })
    else { return nil }
    switch texts.compare(module, in: memory, tracing: traced) {
    case .inTransition(let state):
      throw .torn("module \(module.name)", "it is \(state): look again later")
    case .cannot(let reason):
      throw reason
    case .compared(let text, let comparison):
      if let other = text.otherBuild(comparison) { throw other }
      guard let (name, range) = text.compared.first(where: { $0.range.contains(address) }) else { return nil }
      let placement = text.placement
      recreation = text.recreation
      section = name
      source = placement.object.source
      self.range = range
      isCode = placement.code.contains(address)
      vendorBytes = { part in
        let sections = placement.object.sections
        guard part.lowerBound >= range.lowerBound,
          let index = sections.indices.first(where: {
            placement.addresses[$0] == range.lowerBound && sections[$0].name == name
          })
        else { return [] }
        let bytes = placement.object.bytes(of: sections[index])
        let start = min(part.lowerBound - range.lowerBound, UInt64(bytes.count))
        let end = min(part.upperBound &- range.lowerBound, UInt64(bytes.count))
        return start < end ? Array(bytes[Int(start)..<Int(end)]) : []
      }
      compare = { memory, part in text.compare(memory, only: part) }
    }
  }

  /// The instruction or table entry around `address`, and the patched places that reach over it.
  func site(around address: UInt64, in kernel: Kernel) -> Range<UInt64> {
    var site: Range<UInt64>
    if isCode {
      let start = recreation.image.instructionStart(around: address, in: kernel)
      site = start..<start &+ UInt64(recreation.image.instructionByteCount(at: start) ?? 1)
      if !site.contains(address) { site = address..<address &+ 1 }
    } else {
      let word = address & ~7
      site = word..<max(word, word &+ 8)
    }
    for step in recreation.trace {
      let end = step.address &+ UInt64(step.after.count)
      guard step.address <= address, address < end else { continue }
      site = min(site.lowerBound, step.address)..<max(site.upperBound, end)
    }
    return site.clamped(to: range)
  }

  /// Everything that there is to say about `site`.
  func explanation(
    of address: UInt64, _ site: Range<UInt64>, in kernel: Kernel, _ memory: any KernelMemory
  ) throws(CannotCheck) -> SiteExplanation {
    guard !site.isEmpty, let place = recreation.image.pointer(at: site.lowerBound, count: site.count) else {
      throw .implausible("\(KernelAddress(address))", "the vendor's file has no bytes there")
    }
    let expected = Array(UnsafeRawBufferPointer(start: place, count: site.count))
    let start = KernelAddress(site.lowerBound)
    let observed: [UInt8]
    do throws(MemoryFault) {
      observed = try memory.bytes(at: start, count: site.count)
    } catch {
      throw .memoryUnreadable(error)
    }
    let comparison = compare(memory, site)
    if let fault = comparison.unreadable.first { throw .memoryUnreadable(fault) }
    let reader = SideReader(kernel: kernel, start: start, isCode: isCode)
    let sides = (
      expected: reader.side(expected, followedBy: after(site)),
      observed: reader.side(observed, followedBy: Self.after(site, in: memory))
    )
    let leadsTo = Set((sides.expected.destinations + sides.observed.destinations).map(\.address.rawValue))
    return SiteExplanation(
      address: KernelAddress(address), start: start, owner: kernel.owner(of: KernelAddress(address)), section: section,
      source: source, vendorBytes: vendorBytes(site),
      steps: recreation.trace.filter { step in
        step.address < site.upperBound && step.address &+ UInt64(step.after.count) > site.lowerBound
      }.map(SiteExplanation.Step.init),
      expected: sides.expected, observed: sides.observed,
      agreement: comparison.unexplained > 0
        ? .different(byteCount: comparison.unexplained) : expected == observed ? .same : .alsoLegal,
      violations: recreation.violations.filter { $0.target.map(leadsTo.contains) ?? false }.map { violation in
        "\(violation.subject): \(violation.message): \(violation.observed)"
      })
  }
}

extension ComparedPlace {
  /// What follows a place, as far as an instruction that begins in it may reach.
  private static let reach = Machine.InstructionShape.mostBytes - 1

  private func after(_ site: Range<UInt64>) -> [UInt8] {
    let count = min(Self.reach, recreation.image.byteCount(from: site.upperBound))
    guard count > 0, let place = recreation.image.pointer(at: site.upperBound, count: count) else { return [] }
    return Array(UnsafeRawBufferPointer(start: place, count: count))
  }

  private static func after(_ site: Range<UInt64>, in memory: any KernelMemory) -> [UInt8] {
    do throws(MemoryFault) {
      return try memory.bytes(at: KernelAddress(site.upperBound), count: reach)
    } catch {
      return []  // the last instruction is not decoded then; its bytes are shown all the same
    }
  }
}

extension SiteExplanation.Step {
  fileprivate init(_ trace: SiteTrace) {
    self.init(
      mechanism: trace.mechanism.rawValue, title: trace.mechanism.title, address: KernelAddress(trace.address),
      before: trace.before, after: trace.after, reason: trace.reason)
  }
}

/// Says what bytes mean, and where they lead.
private struct SideReader {
  let kernel: Kernel
  let start: KernelAddress
  let isCode: Bool
  private let disassembler: Machine.Disassembler?

  init(kernel: Kernel, start: KernelAddress, isCode: Bool) {
    self.kernel = kernel
    self.start = start
    self.isCode = isCode
    do throws(DisassemblerError) {
      disassembler = isCode ? try Machine.Disassembler() : nil
    } catch {
      disassembler = nil  // the bytes are shown all the same
    }
  }

  /// - Parameter following: what lies behind `bytes`, for an instruction that reaches over their end.
  func side(_ bytes: [UInt8], followedBy following: [UInt8]) -> SiteExplanation.Side {
    let all = disassembler?.decode((bytes + following).span, at: start, limit: 256) ?? []
    let decoded = all.filter { machine in
      machine.instruction.address.offset(from: start).map { $0 < UInt64(bytes.count) } ?? false
    }
    let targets = isCode ? decoded.compactMap(Self.target) : pointers(in: bytes)
    var destinations: [SiteExplanation.Destination] = []
    for target in targets where !destinations.contains(where: { $0.address == target }) {
      destinations.append(SiteExplanation.Destination(address: target, owner: kernel.owner(of: target)))
    }
    return SiteExplanation.Side(
      bytes: bytes, instructions: decoded.map(\.instruction), destinations: destinations)
  }

  private static func target(of machine: MachineInstruction) -> KernelAddress? {
    if let target = machine.instruction.branchTarget { return target }
    return machine.immediates.map { KernelAddress(UInt64(bitPattern: $0)) }.first(where: \.isInKernelHalf)
  }

  /// The words among constants that are addresses of something mapped.
  private func pointers(in bytes: [UInt8]) -> [KernelAddress] {
    stride(from: 0, to: bytes.count - 7, by: 8).compactMap { offset in
      let target = KernelAddress(UInt64(littleEndianBytes: bytes[offset..<offset + 8]))
      return target.isInKernelHalf && kernel.mappings.mapping(of: target).page != nil ? target : nil
    }
  }
}

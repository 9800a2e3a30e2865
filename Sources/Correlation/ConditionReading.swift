internal import KernelModel

/// Takes from a report what its host has in words that are the same on every host.
struct ConditionReading {
  private(set) var known: Set<Condition.Kind> = []
  private(set) var conditions: Set<Condition> = []
  private(set) var omitted = 0

  /// - Parameter isCrash: whether the kernel is dead; one that runs died of nothing.
  init(_ contents: ReportContents, isCrash: Bool) {
    // A scan that did not get as far as a kernel knows of no implants either.
    guard let kernel = contents.kernel else { return }
    read(kernel)
    if let inventory = contents.inventory { read(inventory) }
    if let checks = contents.checks { read(checks) }
    if let implants = contents.implants { read(implants) }
    if contents.signature != nil || !isCrash { note(.signature, [contents.signature].compactMap { $0 }) }
    if contents.death != nil || !isCrash { note(.death, [contents.death].compactMap { $0.map(MaskedAddresses.of) }) }
  }

  private mutating func read(_ kernel: ReportContents.Kernel) {
    if let release = kernel.release {
      note(.kernelRelease, [release])
      note(.distribution, [Distribution.name(release: release, version: kernel.version ?? "")].compactMap { $0 })
    }
    if let id = kernel.buildID?.known { note(.kernelBuild, [id]) }
  }

  private mutating func read(_ inventory: ReportContents.Inventory) {
    // A mask that has bits without a letter ends in a number.
    if let taint = inventory.taint {
      let letters = taint.prefix { $0 != "0" }
      note(.taint, letters == "none" ? [] : letters.map { String($0) })
    }
    if let names = inventory.names ?? inventory.modules?.map(\.name) { note(.module, names) }
    if let modules = inventory.modules {
      note(.moduleBuild, modules.map { "\($0.name), \($0.build)" })
    }
  }

  private mutating func read(_ checks: [ReportContents.Check]) {
    note(
      .finding,
      checks.flatMap { check in
        (check.findings ?? []).map { MaskedAddresses.of("\(check.id): \($0.subject.text)") }
      })
  }

  private mutating func read(_ implants: [ReportContents.Implant]) {
    note(.implantFamily, implants.flatMap { $0.signatures ?? [] }.map(\.family))
    let fingerprints = implants.compactMap(\.fingerprint)
    // A report that is older than fingerprints says of no implant which it is.
    guard fingerprints.count == implants.count else { return }
    note(.implantCode, fingerprints.flatMap { $0.functions ?? [] }.map { "\($0.digest), \($0.byteCount) bytes" })
    note(.implantStrings, fingerprints.compactMap(\.strings).map { "\($0.digest), \($0.count) strings" })
    note(
      .implantOffsets, fingerprints.compactMap(\.offsets).filter { !$0.isEmpty }.map { $0.joined(separator: " ") })
  }

  private mutating func note(_ kind: Condition.Kind, _ names: [String]) {
    known.insert(kind)
    for name in names where !name.isEmpty {
      guard conditions.count < HostReport.mostConditions else {
        omitted += 1
        continue
      }
      conditions.insert(Condition(kind, name))
    }
  }
}

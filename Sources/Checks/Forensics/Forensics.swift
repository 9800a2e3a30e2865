package import KernelModel

internal import KernelFormats

/// Looks at the memory that findings lead to: what an analyst would read there by hand.
///
/// Each target's contiguous run of mapped pages is read, and the runs that nobody owns and that the code in it refers
/// to. Findings whose runs meet are one implant.
package struct Forensics: Investigator {
  /// How far to look around a target, in bytes each way.
  private let around: UInt64
  /// Gives the rules once they are needed: most scans find nothing to apply them to.
  private let signatures: @Sendable () -> SignatureRules

  /// The shortest string worth showing, in characters.
  private static let shortestString = 4
  /// Strings kept for all implants together: a report is read by people, and copied about.
  private static let mostStrings = 50_000
  private static let mostSymbols = 256
  private static let mostImplants = 64

  package init(around: UInt64 = 1 << 20, signatures: @escaping @Sendable () -> SignatureRules) {
    self.around = around
    self.signatures = signatures
  }

  package init(around: UInt64 = 1 << 20, signatures: SignatureRules) {
    self.init(around: around) { signatures }
  }

  package func investigate(_ findings: [Finding], in kernel: Kernel) -> [Implant] {
    var groups: [(run: MappedRun, targets: [KernelAddress: [Subject]])] = []
    let targets = findings.compactMap { finding in finding.target.map { ($0, finding.subject) } }
    for (target, subject) in targets.sorted(by: { $0.0 < $1.0 }) {
      if let index = groups.firstIndex(where: { $0.run.region.contains(target) }) {
        groups[index].targets[target, default: []].append(subject)
      } else if groups.count < Self.mostImplants {
        // The direct map holds everybody's memory: far around a target there are only strangers' strings, too many to keep.
        let limit = target.isBelowImage ? around / 16 : around
        groups.append((MappedRun(around: target, limit: limit, in: kernel), [target: [subject]]))
      }
    }
    let matcher = SignatureMatcher(signatures())
    var room = StringRoom(Self.mostStrings)
    return groups.enumerated().map { index, group in
      let most = room.share(of: groups.count - index)
      let implant = implant(group.run, targets: group.targets, matcher: matcher, strings: most, in: kernel)
      room.take(implant.strings.count)
      return implant
    }
  }

  /// What lies around one address, whether or not a finding leads there.
  package func neighbourhood(of address: KernelAddress, in kernel: Kernel) -> Implant {
    let run = MappedRun(around: address, limit: around, in: kernel)
    return implant(
      run, targets: [address: []], matcher: SignatureMatcher(signatures()), strings: Self.mostStrings, in: kernel)
  }

  /// - Parameter most: strings that are kept of it.
  private func implant(
    _ run: MappedRun, targets: [KernelAddress: [Subject]], matcher: SignatureMatcher, strings most: Int,
    in kernel: Kernel
  ) -> Implant {
    let pages = RunBytes(of: run.region, in: kernel.memory)
    let owners = targets.keys.map { kernel.owner(of: $0) }
    let modules = Set(owners.compactMap { if case .module(let place) = $0 { place.module } else { nil } })
    let referenced = ReferencedRuns(of: pages, run: run, ofModules: modules, limit: around, in: kernel).runs
    var permissions = run.permissions
    var unreadable = pages.faults
    var strings: [FoundString] = []
    var omissions: [String] = []
    var reading = FingerprintReading()
    var room = StringRoom(most)
    for (index, region) in ([run.region] + referenced.map(\.region)).enumerated() {
      let kept = index == 0 && !referenced.isEmpty ? room.share(of: 2) : room.share(of: referenced.count - index + 1)
      let before = strings.count
      let bytes = region == run.region ? pages : RunBytes(of: region, in: kernel.memory)
      if region != run.region { unreadable += bytes.faults }
      for stretch in bytes.stretches {
        let found = PrintableStrings.find(
          in: stretch.bytes.span, at: stretch.start, minimumLength: Self.shortestString,
          limit: kept - (strings.count - before))
        strings += found.strings
        // What is told of a part of the strings is another thing wherever more of them are kept.
        reading.add(found.strings, in: stretch, isShared: region.start.isBelowImage || !found.isComplete)
        if !found.isComplete {
          omissions.append("of the strings from \(region.start) on only the first \(strings.count - before) were kept")
          break
        }
      }
      room.take(strings.count - before)
    }
    permissions += referenced.flatMap(\.permissions)
    let sites = targets.sorted { $0.key < $1.key }.map { Site(at: $0.key, subjects: $0.value, in: kernel).site }
    strings.sort { ($0.address, $0.encoding.rawValue) < ($1.address, $1.encoding.rawValue) }
    return Implant(
      run: run.region, continuesBelow: run.continuesBelow, continuesAbove: run.continuesAbove,
      permissions: permissions, referencedRuns: referenced.map(\.region),
      owner: Set(owners.map(ownerWords)).sorted().joined(separator: "; "),
      subjects: targets.values.flatMap { $0 }.sorted(),
      sites: sites, strings: strings, symbols: symbols(around: run.region, reachedFrom: sites, in: kernel),
      signatures: matcher.matches(in: strings),
      fingerprint: reading.fingerprint(of: Array(targets.keys), in: pages.stretches, run.permissions),
      unreadable: unreadable, omissions: omissions)
  }

  private func ownerWords(_ owner: Owner) -> String {
    switch owner {
    case .module(let place): "module \(place.module ?? "?")"
    case .kernelText: "kernel text"
    case .kernelData: "kernel data"
    case .generatedCode(let place): "generated code [\(place.module ?? "?")]"
    case .nobody: "nobody"
    }
  }

  /// Symbols in the run, the nearest one on each side, and those that the code shown branches to.
  private func symbols(
    around region: MemoryRegion, reachedFrom sites: [Implant.Site], in kernel: Kernel
  ) -> [Symbol] {
    var symbols = kernel.symbols.symbols(in: region, limit: Self.mostSymbols)
    let branches = sites.flatMap(\.instructions).compactMap(\.branchTarget).filter { !region.contains($0) }
    symbols += branches.compactMap { kernel.symbols.nearest(atOrBelow: $0) }
    if let before = region.start.retreated(by: 1), let nearest = kernel.symbols.nearest(atOrBelow: before) {
      symbols.append(nearest)
    }
    if let last = region.end?.retreated(by: 1), let next = kernel.symbols.next(above: last) {
      symbols.append(next)
    }
    return Set(symbols).sorted { ($0.address, $0.name) < ($1.address, $1.name) }
  }
}

/// Room for strings that is shared out, so that whoever comes first leaves some for the others.
private struct StringRoom {
  private var left: Int

  init(_ most: Int) {
    left = most
  }

  /// How many strings the first of so many that are still to come may have: what it does not need goes to the others.
  func share(of count: Int) -> Int { left / max(count, 1) }

  mutating func take(_ count: Int) { left -= min(count, left) }
}

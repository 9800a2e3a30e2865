internal import KernelModel

extension Page {
  private static var column: Int { 16 }

  /// What lies in the memory that findings lead to.
  ///
  /// - Parameter isVerbose: whether its bytes, code, symbols and strings are shown.
  mutating func writeImplants(_ implants: [Implant], _ limits: TextLimits, isVerbose: Bool) {
    for (index, implant) in implants.prefix(limits.implants).enumerated() {
      blank()
      line("IMPLANT \(index + 1) of \(implants.count)  \(implant.run.extent)", as: .heading)
      if isVerbose {
        writeNeighbourhood(implant, limits)
      } else {
        writeRun(implant, limits)
        writeSignatures(implant, limits)
      }
    }
    let rest = implants.dropFirst(limits.implants)
    guard !rest.isEmpty else { return }
    blank()
    line("FURTHER IMPLANTS  \(rest.count)", as: .heading)
    let lines = rest.map { "\($0.run.extent)  \(TextLimits.names($0.subjects))" as PlainText }
    for line in TextLimits.shortened(lines, limits.entries) { entry("-", line, indent: 2, column: 4) }
  }

  /// What lies in one run of memory.
  mutating func writeNeighbourhood(_ implant: Implant, _ limits: TextLimits) {
    writeRun(implant, limits)
    writeSignatures(implant, limits)
    writeSymbols(implant, limits)
    for site in implant.sortedSites.prefix(limits.sites) { write(site, in: implant, limits) }
    let sites = implant.sortedSites.dropFirst(limits.sites)
    entries(
      "other places",
      TextLimits.shortened(sites.map { "\($0.address) \(TextLimits.names($0.subjects))" }, limits.entries), indent: 2,
      column: Self.column)
    writeStrings(implant, limits)
    entries(
      "unreadable", TextLimits.shortened(implant.unreadable.map { "\($0)" }, limits.entries), indent: 2,
      column: Self.column)
    entries("left out", implant.omissions.map { PlainText(sentence: $0) }, indent: 2, column: Self.column)
  }

  private mutating func writeRun(_ implant: Implant, _ limits: TextLimits) {
    entry("owner", PlainText(sentence: implant.owner), indent: 2, column: Self.column)
    entry("reached from", TextLimits.names(implant.subjects), indent: 2, column: Self.column)
    entries(
      "permissions",
      TextLimits.shortened(implant.permissions.map { "\($0.region.extent)  \($0.permissions)" }, limits.entries),
      indent: 2, column: Self.column)
    entries(
      "refers to",
      TextLimits.shortened(implant.references, limits.entries), indent: 2, column: Self.column)
    if let beyond = implant.beyond { entry("goes on", beyond, indent: 2, column: Self.column) }
  }

  private mutating func writeSignatures(_ implant: Implant, _ limits: TextLimits) {
    guard !implant.signatures.isEmpty else { return }
    line("signatures    attribution, not proof: strings can be borrowed or planted", indent: 2, as: .heading)
    for match in implant.signatures {
      entry("*", "\(match.family): \(sentence: match.note)", indent: 4, column: 6, hanging: 8)
      let evidence = match.evidence.sorted(by: FoundString.precedes)
      let names = evidence.map { PlainText($0.text, limit: StringSelection.shownLimit) }
      entry("matched", .join(TextLimits.shortened(names, limits.entries)), indent: 6, column: Self.column)
    }
  }

  private mutating func writeSymbols(_ implant: Implant, _ limits: TextLimits) {
    let symbols = implant.sortedSymbols.map(\.line)
    entries("symbols", TextLimits.shortened(symbols, limits.entries), indent: 2, column: Self.column)
  }

  private mutating func write(_ site: Implant.Site, in implant: Implant, _ limits: TextLimits) {
    let name: PlainText = implant.name(of: site.address).map { " \($0)" } ?? ""
    blank()
    let from: PlainText = site.subjects.isEmpty ? "" : ", reached from \(TextLimits.names(site.subjects))"
    line("place \(site.address)\(name)\(from)", indent: 2, as: .heading)
    for row in Hexdump.rows(of: site).prefix(limits.byteLines) {
      line(row.text, indent: 4, as: row.isMarked ? .marked : nil)
    }
    writeRemainder(of: (site.bytes.count + 15) / 16, limits.byteLines, "line")
    if !site.bytes.isEmpty && !site.instructions.isEmpty { blank() }
    for row in Disassembly.rows(of: site, in: implant).prefix(limits.instructions) {
      line(row.text, indent: 4, as: row.isMarked ? .marked : nil)
    }
    writeRemainder(of: site.instructions.count, limits.instructions, "instruction")
  }

  private mutating func writeRemainder(of count: Int, _ limit: Int, _ noun: PlainText) {
    guard count > limit else { return }
    line("... \(Conclusion.count(count - limit, "more \(noun)")): \(TextLimits.elsewhere)", indent: 4)
  }

  private mutating func writeStrings(_ implant: Implant, _ limits: TextLimits) {
    guard !implant.strings.isEmpty else { return }
    let selection = StringSelection(of: implant, limit: limits.strings)
    blank()
    let head: PlainText =
      selection.left == 0
      ? "strings       \(selection.shown.count)"
      : "strings       \(selection.shown.count) of \(implant.strings.count): words before noise, near before far"
    let mark: PlainText = selection.shown.contains(where: \.isMatched) ? "  (* matched a signature)" : ""
    line("\(head)\(mark)", indent: 2, as: .heading)
    for entry in selection.shown {
      line(entry.text, indent: 4, as: entry.isMatched ? .marked : nil)
    }
    if selection.left > 0 {
      line("... \(selection.left) more: \(TextLimits.elsewhere)", indent: 4)
    }
  }
}

extension Implant {
  /// The runs that its code refers to; a module's may be its own, any other's are nobody's either.
  var references: [PlainText] {
    let words: PlainText = owner.hasPrefix("module ") ? "" : ", also unowned"
    return referencedRuns.map { "\($0.extent)\(words)" }
  }
}

extension MemoryRegion {
  /// First and last address, and the size: `0xffffffffc0a31000-0xffffffffc0a32fff, 8.00 KiB`.
  var extent: PlainText {
    let last = start.advanced(by: byteCount &- 1) ?? start
    return "\(start)-\(last), \(Measurements.size(byteCount))"
  }
}

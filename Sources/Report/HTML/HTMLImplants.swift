internal import KernelModel

extension HTMLReport {
  /// What lies in the memory that findings lead to.
  static func implants(_ implants: [Implant], _ limits: TextLimits) -> PageSection {
    var body = implants.prefix(limits.implants).enumerated().map { index, implant in
      """
      <article id="implant-\(index + 1)" aria-labelledby="implant-\(index + 1)-title">
      <h3 id="implant-\(index + 1)-title"><span class="count">Implant \(index + 1) of \(implants.count)</span> \
      \(implant.run.extent)</h3>
      \(run(implant, limits))\(sites(implant, limits))\(strings(implant, limits))\(symbols(implant, limits))</article>

      """ as HTML
    }
    let rest = implants.dropFirst(limits.implants)
    if !rest.isEmpty {
      let lines = rest.map { "\($0.run.extent)  \(TextLimits.names($0.subjects))" as PlainText }
      body.append("<h3>\(rest.count) further implants</h3>\n\(items(lines, limits).paragraph)")
    }
    return PageSection(id: "implants", title: "Implants", note: "\(implants.count)", body: .join(body))
  }

  private static func items(_ lines: [PlainText], _ limits: TextLimits) -> HTML {
    .items(TextLimits.shortened(lines, limits.entries).map { HTML($0) })
  }

  private static func run(_ implant: Implant, _ limits: TextLimits) -> HTML {
    let signatures = implant.signatures.map { match in
      let names = match.evidence.sorted(by: FoundString.precedes).map {
        PlainText($0.text, limit: StringSelection.shownLimit)
      }
      return """
        <strong>\(PlainText(match.family))</strong>: \(PlainText(sentence: match.note)); \
        matched <code>\(PlainText.join(TextLimits.shortened(names, limits.entries)))</code>
        """ as HTML
    }
    let caution: HTML =
      signatures.isEmpty
      ? "" : "<span class=\"note\">attribution, not proof: strings can be borrowed or planted</span>\n"
    let permissions = implant.permissions.map { "\($0.region.extent)  \($0.permissions)" as PlainText }
    let references = implant.references
    let parts: [(PlainText, HTML)] = [
      ("owner", HTML(PlainText(sentence: implant.owner))),
      ("reached from", HTML(TextLimits.names(implant.subjects))),
      ("permissions", items(permissions, limits)),
      ("refers to", items(references, limits)),
      ("goes on", HTML(implant.beyond ?? "")),
      ("signatures", "\(caution)\(HTML.items(signatures))"),
      ("unreadable", items(implant.unreadable.map { "\($0)" }, limits)),
      ("left out", items(implant.omissions.map { PlainText(sentence: $0) }, limits)),
    ]
    return .definitions(parts)
  }

  private static func sites(_ implant: Implant, _ limits: TextLimits) -> HTML {
    let shown = implant.sortedSites.prefix(limits.sites).map { site in
      let name: PlainText = implant.name(of: site.address).map { " \($0)" } ?? ""
      let from: PlainText = site.subjects.isEmpty ? "" : ", reached from \(TextLimits.names(site.subjects))"
      let bytes = Hexdump.rows(of: site)
      let code = Disassembly.rows(of: site, in: implant)
      return """
        <h4>Place \(PlainText("\(site.address)"))\(name)\(from)</h4>
        \(HTML.listing(Array(bytes.prefix(limits.byteLines))))\
        \(HTML.remainder(bytes.count, after: limits.byteLines, "line"))\
        \(HTML.listing(Array(code.prefix(limits.instructions))))\
        \(HTML.remainder(code.count, after: limits.instructions, "instruction"))
        """ as HTML
    }
    let others = implant.sortedSites.dropFirst(limits.sites).map { site in
      "\(site.address) \(TextLimits.names(site.subjects))" as PlainText
    }
    let rest: HTML = others.isEmpty ? "" : "<h4>Other places</h4>\n\(items(others, limits).paragraph)"
    return "\(HTML.join(shown))\(rest)"
  }

  private static func strings(_ implant: Implant, _ limits: TextLimits) -> HTML {
    guard !implant.strings.isEmpty else { return "" }
    let selection = StringSelection(of: implant, limit: limits.strings)
    let count = implant.strings.count
    let title: PlainText =
      selection.left == 0
      ? "Strings: \(count)" : "Strings: \(selection.shown.count) of \(count), words before noise, near before far"
    let mark: PlainText = selection.shown.contains(where: \.isMatched) ? "; * matched a signature" : ""
    let rows = selection.shown.map { ListingRow(text: $0.text, isMarked: $0.isMatched) }
    return .details(
      "\(title)\(mark)",
      "\(HTML.listing(rows))\(HTML.remainder(selection.left, after: 0, "string"))", isOpen: true)
  }

  private static func symbols(_ implant: Implant, _ limits: TextLimits) -> HTML {
    let symbols = implant.sortedSymbols.map(\.line)
    guard !symbols.isEmpty else { return "" }
    let rows = TextLimits.shortened(symbols, limits.entries).map { ListingRow(text: $0, isMarked: false) }
    return .details("Symbols: \(symbols.count)", .listing(rows))
  }
}

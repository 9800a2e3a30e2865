package import KernelModel

/// A check's manual as text: for a terminal, and as a part of `docs/checks.md`.
package struct ManualPage {
  private let manual: Manual

  /// Columns of a terminal page.
  private static let width = 96

  package init(_ manual: Manual) {
    self.manual = manual
  }

  /// The page for a terminal.
  package var text: String {
    var page = manual.id + "\n\n" + Self.wrap(manual.question, indent: "  ") + "\n"
    page += "How\n" + Self.wrap(manual.method, indent: "  ") + "\n"
    page += section("Benign causes of a finding", manual.innocentCauses, ifEmpty: "none is known")
    page += section("What this check cannot see", manual.blindSpots, ifEmpty: "nothing is known")
    page += section("What to do about a finding", manual.response, ifEmpty: "")
    return page
  }

  /// The part of `docs/checks.md` about this check.
  package var markdown: String {
    func list(_ title: String, _ items: [String], ifEmpty: String) -> String {
      "**\(title)**\n\n" + (items.isEmpty ? [ifEmpty] : items).map { "- \($0)\n" }.joined() + "\n"
    }
    return "## `\(manual.id)`\n\n\(manual.question)\n\n\(manual.method)\n\n"
      + list("Benign causes of a finding", manual.innocentCauses, ifEmpty: "none is known")
      + list("What this check cannot see", manual.blindSpots, ifEmpty: "nothing is known")
      + list("What to do about a finding", manual.response, ifEmpty: "")
  }

  /// All of `docs/checks.md`.
  package static func document(_ manuals: [Manual]) -> String {
    "<!-- Generated from the manuals in Sources/Checks by 'make docs'; a test fails if it is stale. -->\n\n# Checks\n\n"
      + manuals.map { ManualPage($0).markdown }.joined() + techniques
  }

  /// What findings say was done, and the techniques of MITRE ATT&CK that it is a sign of.
  private static var techniques: String {
    let rows = Finding.Effect.Verb.allCases.map { verb in
      let techniques = verb.techniques.map { "\($0.number) \($0.title)" }.joined(separator: ", ")
      return "| `\(verb.rawValue)` | \(verb.meaning) | \(techniques) |\n"
    }
    return """
      # Techniques

      What a finding says was done, in JSON's words, and the techniques of [MITRE ATT&CK](https://attack.mitre.org/) for Enterprise that
      it is a sign of. Findings and incidents carry the numbers; ECS has them as `threat.technique`.

      | effect | what was seen | techniques |
      |---|---|---|
      \(rows.joined())
      """
  }

  private func section(_ title: String, _ items: [String], ifEmpty: String) -> String {
    let shown = items.isEmpty ? [ifEmpty] : items
    return title + "\n" + shown.map { Self.wrap($0, indent: "    ", first: "  - ") }.joined() + "\n"
  }

  private static func wrap(_ text: String, indent: String, first: String? = nil) -> String {
    var lines: [String] = []
    var line = first ?? indent
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = indent
        isEmpty = true
      }
      line += isEmpty ? word : " " + word
      isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n") + "\n"
  }
}

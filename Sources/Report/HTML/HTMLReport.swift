package import Audit
internal import KernelModel

/// The report as one file for a case folder: what is wrong, what to do, then the evidence.
///
/// It needs nothing but itself: no script, no font, no picture from elsewhere, and a policy that forbids them.
package struct HTMLReport: ReportFormat {
  private let toolVersion: String
  private let limits: TextLimits

  /// - Parameter toolVersion: what `liveprobe --version` says.
  package init(toolVersion: String) {
    self.toolVersion = toolVersion
    limits = .page
  }

  package func render(_ verdict: Verdict, _ measurements: Measurements) -> String {
    let implants = verdict.sortedImplants
    let incidents = ReportedIncident.all(of: verdict, implants)
    let plan = FindingPlan(incidents.flatMap(\.findings), limits)
    let instructions = Instructions(verdict, plan, limits)
    let sections = [
      Self.obstacles(verdict.obstacles),
      Self.incidents(incidents, implants, plan, limits),
      Self.whatToDo(FirstSteps(verdict, incidents), instructions),
      Self.overview(plan, limits),
      Self.findings(plan, instructions, limits),
      Self.implants(implants, limits),
      Self.drift(verdict.baseline, limits),
      Self.accepted(verdict.answers, limits),
      Self.notSeen(verdict.answers, limits),
      Self.checks(verdict.answers),
      Self.executableMemory(verdict.exhibits),
      Self.systemCalls(verdict.exhibits, plan),
      Self.hooks(verdict.exhibits),
      Self.bytesCompared(verdict.answers),
      Self.pointersToCode(verdict.answers),
    ]
    let page: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta http-equiv="Content-Security-Policy" content="\(Self.policy)"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta name="generator" content="liveprobe \(PlainText(toolVersion))"/>
      <title>\(Self.title(of: verdict))</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      \(header(verdict, measurements))\(PageSection.contents(sections))<main>
      \(HTML.join(sections.map(\.html)))</main>
      <footer>
      <p>Text from the kernel is escaped: a backslash and what follows it stand for characters that could deceive.
      Colours repeat what words say. The same report for programs: liveprobe scan --format json.</p>
      </footer>
      </body>
      </html>

      """
    return page.source
  }

  /// Styles of this page and nothing else: no script, no picture, no font, no connection, no form.
  private static let policy: HTML =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

  private static func title(of verdict: Verdict) -> PlainText {
    let kernel: PlainText = verdict.kernel.map { "kernel \($0.release)" } ?? "no kernel"
    return "\(verdict.status.word): \(kernel) - liveprobe"
  }

  /// The verdict, and the kernel it is about; measurements show here and nowhere else.
  private func header(_ verdict: Verdict, _ measurements: Measurements) -> HTML {
    let conclusion = Conclusion(verdict)
    let kernel = (verdict.kernel?.parts ?? []).map { part in
      (part.name, part.isContradiction ? "<strong>\(part.text)</strong>" as HTML : HTML(part.text))
    }
    let status = verdict.status
    let rest: [(PlainText, HTML)] = [
      ("status", "\(Int(status.rawValue)), \(PlainText(status.word)): \(status.meaning)"),
      ("note", .items(verdict.remarks.map { HTML(PlainText(sentence: $0)) })),
      ("run", "<span class=\"run\">\(measurements.sentence(looks: verdict.looks))</span>"),
    ]
    return """
      <header class="\(status.mark)">
      <p class="tool">liveprobe \(PlainText(toolVersion)): is the running kernel the kernel that was installed?</p>
      <h1><span class="word">\(PlainText(status.word))</span> <span class="sentence">\(conclusion.sentence)</span></h1>
      \(HTML.definitions(kernel + rest))</header>

      """
  }
}

extension TextLimits {
  /// A page has room, and long parts of it are closed; but it must open anywhere.
  static let page: TextLimits = {
    var limits = TextLimits(strings: 200)
    limits.findings = 40
    limits.alike = 200
    limits.implants = 12
    limits.sites = 12
    limits.byteLines = 32
    limits.instructions = 64
    limits.entries = 64
    return limits
  }()
}

extension Status {
  /// The class by which the page colours what has this status.
  var mark: HTML {
    switch self {
    case .ok: "ok"
    case .warning: "warning"
    case .critical: "critical"
    case .unknown: "unknown"
    }
  }
}

extension Finding.Severity {
  var mark: HTML { self == .critical ? Status.critical.mark : Status.warning.mark }
}

package import Audit
package import KernelModel

/// The report of `scan --explain-bytes`: why one place holds the bytes it holds, or that it should not.
package struct SiteReport {
  private let theme: Theme
  private static let column = 12

  package init(theme: Theme = .plain) {
    self.theme = theme
  }

  /// The status that goes with an explanation.
  package static func status(_ explanation: SiteExplanation) -> Status {
    explanation.isExplained ? explanation.severity == .warning ? .warning : .ok : .critical
  }

  /// The reasoning at one place.
  package func render(_ explanation: SiteExplanation, _ kernel: KernelIdentity) -> String {
    var page = Page(theme: theme)
    let column = Self.column
    let status = Self.status(explanation)
    page.entry(
      PlainText(status.word), Self.sentence(explanation), indent: 0, column: column,
      as: status == .ok ? .good : .bad)
    page.entry("kernel", "\(kernel.release) \(kernel.machine)", indent: 0, column: column)
    page.entry(
      "place", "\(explanation.address), \(sentence: explanation.owner.description)", indent: 0, column: column)
    let count = Conclusion.count(explanation.expected.bytes.count, "byte")
    page.entry(
      "file", "\(sentence: explanation.source), section \(explanation.section)", indent: 0, column: column)
    page.entry("shown", "\(count) from \(explanation.start) on", indent: 0, column: column)
    page.writeReasoning(explanation, column: column)
    page.writeSides(explanation)
    page.blank()
    page.line("exit status \(Int(status.rawValue)) (\(PlainText(status.word))): \(Self.conclusion(explanation))")
    return page.text
  }

  /// That one place could not be looked at.
  package func render(_ query: String, cannot reason: String) -> String {
    var page = Page(theme: theme)
    page.entry(
      "UNKNOWN", "could not explain the bytes at \(query): \(sentence: reason)", indent: 0, column: Self.column,
      as: .unknown)
    return page.text
  }

  /// That no place could be looked at, and what to do about each reason.
  package func render(_ query: String, obstacles: [Withheld]) -> String {
    var page = Page(theme: theme)
    page.entry(
      "UNKNOWN", "could not start: nothing is known of the bytes at \(query)", indent: 0, column: Self.column,
      as: .unknown)
    page.writeObstacles(obstacles)
    page.blank()
    page.line("more: liveprobe doctor")
    return page.text
  }

  private static func conclusion(_ explanation: SiteExplanation) -> PlainText {
    switch status(explanation) {
    case .ok where explanation.called.isEmpty:
      "memory holds what the vendor's file and the kernel's own patching make"
    case .ok: "memory holds what the vendor's file and the kernel's own patching make, for a tracer that has an owner"
    case .warning: "the kernel's own patching made it, for somebody who redirects the function: ask whose it is"
    default:
      isMade(explanation)
        ? "the kernel's own patching made it, to serve somebody who must not be called there"
        : "nothing of the kernel's own explains what is there"
    }
  }

  private static func isMade(_ explanation: SiteExplanation) -> Bool {
    if case .different = explanation.agreement { false } else { true }
  }

  private static func sentence(_ explanation: SiteExplanation) -> PlainText {
    switch explanation.agreement {
    case .same where explanation.severity != nil, .alsoLegal where explanation.severity != nil:
      explanation.called.contains { $0.redirects && $0.severity != nil }
        ? "the bytes here are of the kernel's own making, and send the function's calls elsewhere"
        : "the kernel itself made the bytes here, and they call unowned code"
    case .different(let count):
      "\(Conclusion.count(count, "byte")) here \(count == 1 ? "is" : "are") not what should be there"
    case .same where explanation.isExplained: "the bytes here are the ones that should be there"
    case .alsoLegal where explanation.isExplained:
      "the bytes here are not the expected ones, but others that the kernel may have left there by its own rules"
    case .same, .alsoLegal: "the bytes here follow from the kernel's own state, but that state is wrong"
    }
  }
}

extension Page {
  /// From the file's bytes to those in memory, step by step.
  fileprivate mutating func writeReasoning(_ explanation: SiteExplanation, column: Int) {
    blank()
    line("HOW THE BYTES COME ABOUT", as: .heading)
    entry("file", Hexdump.hexadecimal(explanation.vendorBytes), indent: 2, column: column)
    for step in explanation.steps {
      let isChange = step.before != step.after
      let bytes: PlainText =
        isChange
        ? "\(Hexdump.hexadecimal(step.before)) becomes \(Hexdump.hexadecimal(step.after))"
        : "the bytes stay as they are"
      let distance = step.address.offset(from: explanation.start) ?? 0
      let at: PlainText = distance == 0 ? "" : ", at +\(distance.hexadecimal)"
      entry("step", "\(step.title)\(at): \(bytes)", indent: 2, column: column)
      entry("why", PlainText(sentence: step.reason), indent: 4, column: column)
    }
    if explanation.steps.isEmpty { entry("step", "no mechanism of the kernel's works here", indent: 2, column: column) }
    entry("expected", Hexdump.hexadecimal(explanation.expected.bytes), indent: 2, column: column)
    let isSame = explanation.agreement == .same
    entry(
      "memory", isSame ? "the same" : Hexdump.hexadecimal(explanation.observed.bytes), indent: 2, column: column,
      as: explanation.isExplained ? .good : .bad)
    for violation in explanation.violations {
      entry("wrong", PlainText(sentence: violation.words), indent: 2, column: column, as: .bad)
    }
    for called in explanation.called {
      entry(
        called.severity == nil ? "calls" : "wrong", PlainText(sentence: called.description), indent: 2, column: column,
        as: called.severity == nil ? nil : .bad)
    }
  }

  /// What the bytes mean; both sides if they differ.
  fileprivate mutating func writeSides(_ explanation: SiteExplanation) {
    let isCode = !explanation.expected.instructions.isEmpty
    let noun: PlainText = isCode ? "CODE" : "ADDRESSES"
    if explanation.agreement == .same {
      write(explanation.observed, "\(noun)", explanation.address)
    } else {
      write(explanation.expected, "\(noun) EXPECTED", explanation.address)
      write(explanation.observed, "\(noun) IN MEMORY", explanation.address)
      if isCode, explanation.observed.instructions.isEmpty { line("what is in memory is no instruction") }
    }
  }

  private mutating func write(
    _ side: SiteExplanation.Side, _ heading: PlainText, _ address: KernelAddress
  ) {
    guard !side.instructions.isEmpty || !side.destinations.isEmpty else { return }
    blank()
    line(heading, as: .heading)
    for row in Disassembly.rows(of: side.instructions, marked: address) {
      line(row.text, indent: 2, as: row.isMarked ? .marked : nil)
    }
    for destination in side.destinations {
      entry(
        "leads to", "\(destination.address), \(sentence: destination.owner.description)", indent: 4, column: 14)
    }
  }
}

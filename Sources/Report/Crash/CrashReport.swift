package import Audit
package import Crash
internal import KernelModel
internal import KernelFormats

/// The story of a panic, for a person and for programs.
package struct CrashReport {
  let story: CrashStory
  let verdict: Verdict
  let host: DumpFacts
  let account: CrashAccount
  let measurements: Measurements

  /// What is known of the dump besides its kernel.
  package struct DumpFacts {
    /// The host's name; nil if it is not known.
    package var nodeName: String?
    /// What was concluded about the dump, and from which angles, in sentences.
    package var conclusions: [String]

    package init(nodeName: String?, conclusions: [String]) {
      self.nodeName = nodeName
      self.conclusions = conclusions
    }
  }

  package init(_ story: CrashStory, _ verdict: Verdict, _ host: DumpFacts, _ measurements: Measurements) {
    self.story = story
    self.verdict = verdict
    self.host = host
    self.measurements = measurements
    account = CrashAccount(of: story, isChecked: Self.openChecks(verdict).isEmpty)
  }

  /// Critical if something leads where it must not; unknown if it cannot be told what happened, or a question that applies, or a step
  /// of the story, was left open.
  package var status: Status {
    if story.isTampered || verdict.status == .critical { return .critical }
    return notLookedAt.isEmpty ? .ok : .unknown
  }

  /// What the answer cannot rest on, in a few words each; empty if all was looked at.
  var notLookedAt: [String] {
    var left: [String] = []
    if case .failure = story.system.log { left.append("the log") }
    if case .success(let log) = story.system.log {
      if log.unreadableCount > 0 { left.append("a part of the log") }
      if story.system.trouble == nil, story.standstill == nil { left.append("what it died of") }
    }
    left += story.untold
    return left + Self.openChecks(verdict)
  }

  /// The checks that were not answered, or not wholly.
  private static func openChecks(_ verdict: Verdict) -> [String] {
    if verdict.answers.isEmpty { return ["the checks"] }
    return verdict.answers.filter { $0.status == .unknown }.map(\.check.id)
  }

  /// The answer in a line.
  var headline: String {
    guard status == .unknown else { return account.headline }
    return "\(account.headline); not looked at, or not wholly: \(notLookedAt.joined(separator: ", "))"
  }

  /// The report for a person.
  ///
  /// - Parameter logLines: how many of the last lines of the log are shown.
  package func text(_ theme: Theme, logLines: Int) -> String {
    var page = Page(theme: theme)
    page.writeHead(self)
    page.writeSystem(self, logLines: logLines)
    page.writeContext(story)
    page.writeStack(story)
    page.writeForeign(story)
    page.writeReferences(story)
    page.writeLikenesses(story.likenesses)
    page.writeAccount(account)
    page.writeCrashEnd(verdict, status, measurements)
    return page.text
  }
}

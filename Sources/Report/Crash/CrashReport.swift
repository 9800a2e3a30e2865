package import Audit
package import Crash
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
    account = CrashAccount(of: story)
  }

  /// Critical if something leads where it must not; unknown if it cannot be told what happened.
  package var status: Status {
    if story.isTampered || verdict.status == .critical { return .critical }
    let isTold = story.system.trouble != nil || (try? story.context.get()) != nil
    return isTold ? .ok : .unknown
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

package import KernelModel

extension RecordedState {
  /// What the checks of an audit saw, for a baseline.
  ///
  /// - Parameter accepting: whether the modules that nothing vouches for are accepted from now on.
  /// - Throws: if no kernel was looked at, or if it has no build id to be known by.
  package init(of verdict: Verdict, accepting: Bool = false) throws(Withheld) {
    guard verdict.obstacles.isEmpty, let kernel = verdict.kernel else {
      throw verdict.obstacles.first
        ?? Withheld("the running kernel", why: "it was not looked at", remedy: "run `liveprobe doctor`")
    }
    let state = RecordedState(
      release: kernel.release, machine: kernel.machine, buildID: try kernel.buildIDInMemory.get(),
      checks: verdict.answers.map(RecordedCheck.init))
    self = accepting ? state.accepting(verdict.strangers) : state
  }
}

extension RecordedCheck {
  fileprivate init(_ answer: Answer) {
    var unanswered = answer.examination.unanswered.map(\.subject)
    if unanswered.isEmpty, case .unknown = answer.outcome { unanswered = [Subject(answer.check.id)] }
    self.init(id: answer.check.id, unanswered: unanswered, facts: answer.examination.lastingFacts)
  }
}

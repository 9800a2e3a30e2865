internal import KernelModel

/// One check on its way to an answer, over as many looks as it takes.
struct Trial {
  private let check: any Check
  private let kernelIsRunning: Bool
  private var examination = Examination()
  private var failure: CannotCheck?
  /// Seen in the latest look and in the one before.
  private var confirmed: [Finding] = []
  /// Seen in the latest look for the first time.
  private var fresh: [Finding] = []
  private var remarks: [String] = []

  init(_ check: any Check, kernel: Kernel) {
    self.check = check
    kernelIsRunning = kernel.isRunning
    do throws(CannotCheck) {
      examination = try check.examine(kernel)
      fresh = examination.findings
    } catch {
      failure = error
    }
  }

  var needsAnotherLook: Bool { !fresh.isEmpty }

  /// Examines a fresh acquisition: what is found again is confirmed, what is not found again is dropped.
  ///
  /// Unless the check could not see all that it saw before: then what it misses stands.
  mutating func lookAgain(at kernel: Kernel) {
    let known = Set((confirmed + fresh).map(\.subject))
    do throws(CannotCheck) {
      let again = try check.examine(kernel)
      let subjects = Set(again.findings.map(\.subject))
      let vanished = known.subtracting(subjects).sorted()
      let wentBlind = !Set(again.unanswered.map(\.subject)).isSubset(of: examination.unanswered.map(\.subject))
      var standing: [Finding] = []
      if !vanished.isEmpty, wentBlind {
        standing = (confirmed + fresh).filter { vanished.contains($0.subject) }
        remarks.append("the second look saw less than the first, so the findings it misses stand")
      } else if !vanished.isEmpty {
        remarks.append(
          "did not survive a second look, so not reported: " + vanished.map(\.description).joined(separator: ", "))
      }
      examination = again
      confirmed = standing + again.findings.filter { known.contains($0.subject) }
      fresh = again.findings.filter { !known.contains($0.subject) }
    } catch {
      standUnconfirmed("the second look could not be made (\(error)), so the findings stand")
    }
  }

  /// What was found stands: there is nothing that another look could see differently.
  mutating func conclude() {
    confirmed += fresh
    fresh = []
  }

  mutating func secondLookFailed(_ failure: AcquisitionFailure) {
    guard needsAnotherLook else { return }
    let reasons = failure.obstacles.map(\.description).joined(separator: "; ")
    standUnconfirmed("the kernel could not be acquired a second time (\(reasons)), so the findings stand")
  }

  private mutating func standUnconfirmed(_ remark: String) {
    remarks.append(remark)
    conclude()
  }

  /// The answer, without what the operator accepts in the latest kernel.
  func answer(allowing allowance: Allowance?) -> Answer {
    var examination = examination
    if !fresh.isEmpty {
      examination.leaveUnanswered(Subject(check.manual.id), .unsettled(fresh.map(\.subject.description).sorted()))
    }
    let ruling = allowance?.rule(on: confirmed, of: check.manual.id) ?? Allowance.Ruling(kept: confirmed)
    return Answer(
      check: check.manual, isOfRunningKernel: kernelIsRunning,
      outcome: outcome(of: examination, findings: ruling.kept), examination: examination,
      findings: ruling.kept.map(advised), accepted: ruling.accepted, remarks: remarks + ruling.remarks)
  }

  /// The finding with what to do about it: a host that is down is neither kept running nor cut off.
  private func advised(_ finding: Finding) -> Finding {
    guard !kernelIsRunning else { return finding }
    var finding = finding
    finding.response = check.manual.responseToDump
    return finding
  }

  private func outcome(of examination: Examination, findings: [Finding]) -> Outcome {
    if let severity = findings.map(\.severity).max() {
      return .found(severity, count: findings.count)
    }
    if let failure {
      if case .notApplicable(let reason) = failure { return .notApplicable(reason) }
      return .unknown([failure])
    }
    if !examination.unanswered.isEmpty {
      return .unknown(examination.unanswered.map(\.reason))
    }
    return .clear(facts: examination.facts.count)
  }
}

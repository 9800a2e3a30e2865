internal import Audit
internal import KernelModel

/// A part of a check's question that applies and has no answer: why, and what to do about it.
struct OpenQuestion: Hashable {
  var subject: Subject
  var reason: String
  /// What a person can do.
  var remedy: String

  /// - Parameter isOfRunningKernel: whether the kernel that was asked runs; false for the one in a dump.
  init(_ subject: Subject, _ failure: CannotCheck, isOfRunningKernel: Bool) {
    self.subject = subject
    let otherwise = isOfRunningKernel ? Self.askTheDoctor : Self.betterDump(failure)
    switch failure {
    case .withheld(let withheld):
      reason = "\(withheld.what): \(withheld.why)"
      remedy = withheld.remedy.isEmpty ? otherwise : withheld.remedy
    case .symbolsWithheld:
      reason = "kallsyms shows every address as zero"
      remedy = "run as root with CAP_SYSLOG and kernel.kptr_restrict below 2"
    case .unsettled(let subjects):
      reason = "the kernel kept changing while it was looked at (\(subjects.joined(separator: ", ")))"
      remedy = "scan again; if it never settles, treat the subjects named as findings"
    case .symbolMissing, .symbolAmbiguous, .memoryUnreadable, .implausible, .torn, .layoutUnknown, .notApplicable:
      reason = failure.description
      remedy = otherwise
    }
  }

  /// What is in the way of the whole scan, or of a comparison.
  init(_ withheld: Withheld) {
    subject = Subject(withheld.what)
    reason = withheld.why
    remedy = withheld.remedy.isEmpty ? Self.askTheDoctor : withheld.remedy
  }

  private static let askTheDoctor =
    "run `liveprobe doctor` as root; if it misses nothing, report this kernel's release with the JSON report"

  /// What helps where a dump does not say.
  private static func betterDump(_ failure: CannotCheck) -> String {
    switch failure {
    case .memoryUnreadable(let fault) where fault.reason == .leftOut:
      "use a dump that has this page: of makedumpfile with a lower level (-d), or of all memory"
    case .memoryUnreadable(let fault) where fault.reason == .absent:
      "use a dump that has this memory: of all that /proc/iomem calls System RAM"
    case .memoryUnreadable(let fault) where fault.reason == .truncated:
      "the dump ends early: copy it again, whole, and compare its size and digest"
    case .memoryUnreadable(let fault) where fault.reason == .damaged:
      "copy the dump again and compare its digest; if it is the same, it was damaged when it was made"
    default:
      "name the vendor's kernel with --reference, if you did not; else report this kernel's release with the JSON report"
    }
  }
}

extension Answer {
  /// What the check left open, by subject: parts of its question, or the whole of it under the check's own name.
  var openQuestions: [OpenQuestion] {
    var questions = examination.unanswered.map {
      OpenQuestion($0.subject, $0.reason, isOfRunningKernel: isOfRunningKernel)
    }
    if case .unknown(let failures) = outcome {
      let known = Set(examination.unanswered.map(\.reason))
      questions += failures.filter { !known.contains($0) }.map {
        OpenQuestion(Subject(check.id), $0, isOfRunningKernel: isOfRunningKernel)
      }
    }
    return questions.sorted { ($0.subject, $0.reason) < ($1.subject, $1.reason) }
  }

  /// What the check compared with, by subject and then best first.
  var sortedExpectations: [Expectation] {
    let order = Expectation.Rung.allCases
    return examination.expectations.sorted {
      ($0.subject, order.firstIndex(of: $0.rung) ?? 0, $0.source)
        < ($1.subject, order.firstIndex(of: $1.rung) ?? 0, $1.source)
    }
  }

  /// The check's sentences, then the audit's.
  var allRemarks: [String] { examination.remarks + remarks }
}

internal import KernelModel

/// What one check sees otherwise than when it was recorded.
struct CheckDrift {
  let was: RecordedCheck
  let now: RecordedCheck

  /// By subject.
  var drift: [Drift] {
    let (before, today) = (values(of: was), values(of: now))
    // What cannot be looked at today may be as it was, and what could not be then may have been as it is.
    let blinded = Set(now.unanswered).subtracting(was.unanswered)
    let sighted = Set(was.unanswered).subtracting(now.unanswered)
    var drift = blinded.sorted().map { subject in
      Drift(.wentBlind, check: now.id, subject: subject, was: "answered", now: "could not be answered")
    }
    for subject in Set(before.keys).union(today.keys).sorted() {
      switch (before[subject], today[subject]) {
      case (let old?, let new?) where old != new:
        drift.append(Drift(.changed, check: now.id, subject: subject, was: old, now: new))
      case (nil, let new?) where sighted.isEmpty:
        drift.append(Drift(.appeared, check: now.id, subject: subject, was: nil, now: new))
      case (let old?, nil) where blinded.isEmpty:
        drift.append(Drift(.vanished, check: now.id, subject: subject, was: old, now: nil))
      default: continue
      }
    }
    return drift
  }

  /// What is noted of each subject, in words.
  private func values(of check: RecordedCheck) -> [Subject: String] {
    Dictionary(grouping: check.facts, by: \.subject).mapValues { facts in
      facts.map(\.fact.description).joined(separator: "; ")
    }
  }
}

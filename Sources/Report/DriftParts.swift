internal import Audit
internal import KernelModel

extension BaselineComparison {
  /// What came of the comparison, in the words and the order of every report for a person; the facts come after it.
  var parts: [(name: PlainText, text: PlainText)] {
    var parts: [(name: PlainText, text: PlainText)] = [("baseline", words), ("from", PlainText(source))]
    if let withheld {
      parts.append(("why", "\(withheld.what): \(sentence: withheld.why)"))
      parts.append(("do", PlainText(sentence: withheld.remedy)))
    }
    parts.append(("since", since))
    for (index, remark) in remarks.enumerated() {
      parts.append((index == 0 ? "note" : "", PlainText(sentence: remark)))
    }
    return parts.filter { !$0.text.isEmpty }
  }

  private var words: PlainText {
    switch outcome {
    case .unchanged(let facts): "unchanged: \(Conclusion.count(facts, "fact")) as recorded"
    case .drifted(let drift): "DRIFTED: \(Conclusion.count(drift.count, "fact")) not as recorded"
    case .absent: "ABSENT: there is nothing to compare with"
    case .refused: "REFUSED: nothing was compared"
    }
  }

  private var since: PlainText {
    guard let time = recordedAt else { return "" }
    guard let key = keyID else { return "\(time), when its file was written; its signature was not asked for" }
    return "\(time), when it was signed with key \(key)"
  }

  /// What to do about drift.
  static let afterDrift = """
    if you know why each of these changed, record the new state: liveprobe baseline record (and sign it where the key \
    is); if not, treat the host as suspect and keep this report
    """
}

extension Drift {
  var wasText: PlainText { was.map { PlainText(sentence: $0) } ?? "not there" }
  var isText: PlainText { now.map { PlainText(sentence: $0) } ?? "not there" }
}

extension Drift.Kind {
  var words: PlainText {
    switch self {
    case .changed: "changed"
    case .appeared: "appeared"
    case .vanished: "vanished"
    case .wentBlind: "no longer checked: it was answered when the baseline was recorded"
    }
  }
}

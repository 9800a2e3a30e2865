package import KernelModel

/// The trials of a reading path, as they come out where nobody edits anything.
package enum TestReading {
  package static let names = [
    "exact-lengths", "channels-agree-on-headers", "channels-agree-on-text", "page-against-words", "large-against-pages",
    "own-memory", "own-file", "directories", "another-name",
  ]

  package static let held = names.map {
    ReadingTrial(name: $0, question: "is \($0) as it should be?", outcome: .held(detail: "tried pread, read"))
  }

  /// The same, but for one.
  package static func with(_ outcome: ReadingTrial.Outcome, for name: String) -> [ReadingTrial] {
    held.map { trial in
      var trial = trial
      if trial.name == name { trial.outcome = outcome }
      return trial
    }
  }
}

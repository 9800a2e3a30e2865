import KernelModel

/// Two things that should be the same and are not.
struct Contradiction: Hashable {
  var expected: Finding.Value
  var observed: Finding.Value

  /// What differs between the bytes that should have come and those that did, or nil if nothing does.
  static func between(_ expected: [UInt8], _ observed: [UInt8]) -> Contradiction? {
    guard expected != observed else { return nil }
    guard expected.count == observed.count, let first = expected.indices.first(where: { expected[$0] != observed[$0] })
    else { return Contradiction(expected: "\(expected.count) bytes", observed: "\(observed.count) bytes") }
    let different = expected.indices.count { expected[$0] != observed[$0] }
    return Contradiction(
      expected: "\(start: Finding.Bytes(expected[first...])) at byte \(first)",
      observed: "\(start: Finding.Bytes(observed[first...])) there; \(different) bytes differ in all")
  }
}

/// Contradictions by where they were seen, and the rule by which they count.
///
/// The kernel patches its code, loads modules and gives pages back while it is looked at, so that two looks may differ
/// on an honest machine. What is an edit differs every time: it must be seen in each of three rounds.
struct Contradictions {
  /// By place and channel, in words.
  private(set) var found: [String: Contradiction] = [:]

  private static let rounds = 3
  private static let mostNamed = 16

  var isEmpty: Bool { found.isEmpty }

  mutating func add(_ place: String, _ contradiction: Contradiction) {
    found[place] = contradiction
  }

  /// What `round` finds each time it is asked, as often as it takes to tell.
  static func persisting<Failure: Error>(
    _ round: () throws(Failure) -> Contradictions
  ) throws(Failure) -> Contradictions {
    var standing = try round()
    for _ in 1..<rounds where !standing.isEmpty {
      let again = try round()
      standing.found = again.found.filter { standing.found[$0.key] != nil }
    }
    return standing
  }

  /// What comes of a trial: broken if anything contradicts, else held.
  func outcome(heldAs detail: String) -> ReadingTrial.Outcome {
    let sorted = found.sorted { $0.key < $1.key }
    guard let first = sorted.first else { return .held(detail: detail) }
    var evidence = sorted.prefix(Self.mostNamed).map { place, contradiction in
      Finding.Evidence(place, "\(contradiction.observed); expected \(contradiction.expected)")
    }
    if sorted.count > Self.mostNamed {
      evidence.append(Finding.Evidence("more", "\(sorted.count - Self.mostNamed) such places"))
    }
    return .broken(
      evidence: evidence, expected: first.value.expected, observed: "\(first.key): \(first.value.observed)")
  }
}

/// What findings told so far have said that others need not say again: the number of the first to say it.
struct ToldAlready {
  var meanings: [[String]: Int] = [:]
  var causes: [[String]: Int] = [:]
  var responses: [[String]: Int] = [:]

  /// How something is to be told.
  enum Telling {
    case anew([PlainText])
    /// The finding with this number has said the same.
    case asFor(Int)

    /// The sentences, or a reference to the finding that has said the same.
    var sentences: [PlainText] {
      switch self {
      case .anew(let sentences): sentences
      case .asFor(let number): ["as for finding \(number)"]
      }
    }
  }

  /// How the finding with `number` is to tell `sentences` on one topic.
  mutating func once(
    _ sentences: [String], by number: Int, _ topic: WritableKeyPath<ToldAlready, [[String]: Int]>
  ) -> Telling {
    let plain = sentences.map { PlainText(sentence: $0) }
    guard sentences.contains(where: { !$0.isEmpty }) else { return .anew(plain) }
    if let first = self[keyPath: topic][sentences] { return .asFor(first) }
    self[keyPath: topic][sentences] = number
    return .anew(plain)
  }
}

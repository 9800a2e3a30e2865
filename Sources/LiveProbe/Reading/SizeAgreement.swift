import KernelModel

/// Trials that compare one read with several smaller ones of the same bytes.
///
/// What puts saved bytes in the place of a patched function's does so for reads that look like those of a tool.
enum SizeAgreement {
  static let wordsName = "page-against-words"
  static let wordsQuestion = "does a page of code read in one piece hold what it holds when read in small pieces?"
  static let largeName = "large-against-pages"
  static let largeQuestion = "does one large read give what reads of single pages give?"

  /// One read, and the pieces of it that are read again by themselves.
  struct Spot {
    let whole: ReadingSpot
    let pieces: [Range<Int>]

    /// The whole in pieces of `byteCount` bytes each, without remainder.
    static func cut(_ whole: ReadingSpot, into byteCount: Int) -> Spot {
      Spot(
        whole: whole,
        pieces: stride(from: 0, through: whole.count - byteCount, by: byteCount).map { $0..<$0 + byteCount })
    }
  }

  static func trial(
    name: String, question: String, through channel: ReadingChannel, at spots: [Spot], reader: GuardedRead,
    detail: String
  ) -> ReadingTrial {
    var hasCompared = false
    let contradictions = Contradictions.persisting { () -> Contradictions in
      var found = Contradictions()
      for spot in spots {
        let before = reader.read(channel, at: spot.whole.offset, count: spot.whole.count)
        guard let expected = before.bytes else { continue }
        var different: [(Range<Int>, Contradiction)] = []
        for piece in spot.pieces where piece.upperBound <= expected.count {
          switch reader.read(channel, at: spot.whole.offset + UInt64(piece.lowerBound), count: piece.count) {
          case .refused: continue
          case .lie(let contradiction): different.append((piece, contradiction))
          case .bytes(let bytes):
            if let contradiction = Contradiction.between(Array(expected[piece]), bytes) {
              different.append((piece, contradiction))
            }
          }
          hasCompared = true
        }
        guard !different.isEmpty,
          reader.read(channel, at: spot.whole.offset, count: spot.whole.count) == before
        else { continue }
        for (piece, contradiction) in different {
          found.add("\(spot.whole.name), the \(piece.count) bytes from byte \(piece.lowerBound) on", contradiction)
        }
      }
      return found
    }
    return ReadingTrial(
      name: name, question: question,
      outcome: hasCompared
        ? contradictions.outcome(heldAs: "\(detail), through \(channel.name)")
        : .impossible(
          Withheld(
            "a comparison of reads of different sizes",
            why: spots.isEmpty
              ? "nothing says where the kernel's code is, or there is too little of it"
              : "\(channel.name) gives nothing of it")), systemCalls: KcoreChannel.systemCalls)
  }
}

import KernelModel

/// Trials that compare what the channels give of the same places.
enum ChannelAgreement {
  static let headersName = "channels-agree-on-headers"
  static let textName = "channels-agree-on-text"
  static let headersQuestion = "does each way of reading /proc/kcore give the same headers?"
  static let textQuestion = "does each way of reading /proc/kcore give the same code and constants?"

  /// Compares the other channels with `reference`.
  ///
  /// A difference counts only where the reference said the same before and after.
  static func trial(
    name: String, question: String, _ channels: [ReadingChannel], reference: ReadingChannel, at spots: [ReadingSpot],
    reader: GuardedRead, detail: String
  ) -> ReadingTrial {
    var compared: Set<String> = []
    let contradictions = Contradictions.persisting { () -> Contradictions in
      var found = Contradictions()
      for spot in spots {
        let before = reader.read(reference, at: spot.offset, count: spot.count)
        guard let expected = before.bytes else { continue }
        var different: [(String, Contradiction)] = []
        for channel in channels where channel.name != reference.name {
          switch reader.read(channel, at: spot.offset, count: spot.count) {
          case .refused: continue
          case .lie(let contradiction): different.append((channel.name, contradiction))
          case .bytes(let bytes):
            if let contradiction = Contradiction.between(expected, bytes) {
              different.append((channel.name, contradiction))
            }
          }
          compared.insert(channel.name)
        }
        guard !different.isEmpty, reader.read(reference, at: spot.offset, count: spot.count) == before else { continue }
        for (channel, contradiction) in different {
          found.add("\(channel) against \(reference.name), \(spot.name)", contradiction)
        }
      }
      return found
    }
    let outcome: ReadingTrial.Outcome
    if compared.isEmpty {
      outcome = .impossible(
        Withheld(
          "a comparison of ways to read /proc/kcore",
          why: spots.isEmpty ? "nothing says where the kernel's code is" : "fewer than two of them give anything"))
    } else {
      let names = channels.map(\.name).filter { compared.contains($0) || $0 == reference.name }
      outcome = contradictions.outcome(heldAs: "\(detail), through \(names.joined(separator: ", "))")
    }
    return ReadingTrial(name: name, question: question, outcome: outcome, systemCalls: KcoreChannel.systemCalls)
  }
}

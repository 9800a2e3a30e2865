import Files
import KernelModel

/// The trial `exact-lengths`: each channel must give as many bytes as it was asked for and says, and no more.
///
/// Inside a segment a kernel gives all or an error (read_kcore_iter, fs/proc/kcore.c, v6.12).
enum ExactLengths {
  static let name = "exact-lengths"
  private static let question =
    "does each way of reading /proc/kcore give all bytes it was asked for, and none behind them?"

  static func trial(
    _ channels: [ReadingChannel], at spots: [ReadingSpot], reader: GuardedRead
  ) -> ReadingTrial {
    var usable: [String] = []
    var refused: [String: Int32] = [:]
    let contradictions = Contradictions.persisting { () -> Contradictions in
      var found = Contradictions()
      usable = []
      for channel in channels {
        var answered = false
        for spot in spots {
          switch reader.read(channel, at: spot.offset, count: spot.count) {
          case .bytes: answered = true
          case .refused(let errno): refused[channel.name] = errno
          case .lie(let contradiction):
            answered = true
            found.add("\(channel.name) of \(spot.name)", contradiction)
          }
        }
        if answered { usable.append(channel.name) }
      }
      return found
    }
    let outcome: ReadingTrial.Outcome
    if usable.isEmpty {
      let reasons = channels.compactMap { channel in
        refused[channel.name].map { "\(channel.name): \(SystemError($0))" }
      }
      outcome = .impossible(
        Withheld("reading /proc/kcore", why: "no way of reading gives anything: " + reasons.joined(separator: ", ")))
    } else {
      let missing = channels.compactMap { channel in
        usable.contains(channel.name)
          ? nil : refused[channel.name].map { "\(channel.name) (\(SystemError($0)))" }
      }
      outcome = contradictions.outcome(
        heldAs: "tried \(usable.joined(separator: ", "))"
          + (missing.isEmpty ? "" : "; not available here: \(missing.joined(separator: ", "))"))
    }
    return ReadingTrial(name: name, question: question, outcome: outcome, systemCalls: KcoreChannel.systemCalls)
  }
}

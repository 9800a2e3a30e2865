import KernelModel

/// Trials that read back what we wrote ourselves: the only content of which we know what it must be.
enum OwnBytes {
  static let memoryName = "own-memory"
  static let fileName = "own-file"
  private static let memoryQuestion = "does /proc/kcore give our own memory as we wrote it?"
  private static let fileQuestion = "does each way of reading give a file of our own as we wrote it?"
  /// How often a page that moved while it was read is read again.
  private static let attempts = 3

  /// A trial, and the channels that gave everything as it was written.
  struct Result {
    let trial: ReadingTrial
    let honest: Set<String>
  }

  /// Reads a page of ours through `/proc/kcore`.
  ///
  /// - Parameter locate: where the page lies in the file, asked before and after it is read.
  static func memory(
    _ content: [UInt8], through channels: [ReadingChannel], reader: GuardedRead, locate: () throws(Withheld) -> UInt64
  ) -> Result {
    do throws(Withheld) {
      var read = Reading()
      let contradictions = try Contradictions.persisting { () throws(Withheld) -> Contradictions in
        for _ in 0..<attempts {
          let offset = try locate()
          let attempt = Reading(content, at: offset, through: channels, reader: reader)
          guard try locate() == offset else { continue }
          read = attempt
          return attempt.contradictions
        }
        throw Withheld("our own memory", why: "the page moved each of the \(attempts) times it was read")
      }
      guard !read.channels.isEmpty else {
        throw Withheld("our own memory", why: "no way of reading /proc/kcore gives it")
      }
      return Result(
        trial: ReadingTrial(
          name: memoryName, question: memoryQuestion,
          outcome: contradictions.outcome(heldAs: "a page of our own, through \(read.names(in: channels))"),
          systemCalls: KcoreChannel.systemCalls),
        honest: read.honest(contradictions))
    } catch {
      return Result(
        trial: ReadingTrial(name: memoryName, question: memoryQuestion, outcome: .impossible(error)), honest: [])
    }
  }

  /// Reads a file of ours.
  static func file(_ content: [UInt8], through channels: [ReadingChannel], reader: GuardedRead) -> ReadingTrial {
    ReadingTrial(
      name: fileName, question: fileQuestion,
      outcome: outcome(content, CanaryText.reads, of: "a file of our own", through: channels, reader: reader),
      claim: "reads of files", systemCalls: KcoreChannel.systemCalls)
  }

  /// What reading a file of ours through each channel gives, against what was written.
  ///
  /// - Parameters:
  ///   - reads: the parts of it that are read, none larger than ``GuardedRead/mostBytes``.
  ///   - what: what the file is called.
  static func outcome(
    _ content: [UInt8], _ reads: [Range<Int>], of what: String, through channels: [ReadingChannel], reader: GuardedRead
  ) -> ReadingTrial.Outcome {
    var read = Reading()
    let contradictions = Contradictions.persisting { () -> Contradictions in
      read = Reading(content, reads, at: 0, through: channels, reader: reader)
      return read.contradictions
    }
    return read.channels.isEmpty
      ? .impossible(Withheld(what, why: "it could not be read in any way"))
      : contradictions.outcome(heldAs: "\(what), through \(read.names(in: channels))")
  }

  /// The trial of a file of ours where none can be made.
  static func file(without reason: Withheld) -> ReadingTrial {
    ReadingTrial(name: fileName, question: fileQuestion, outcome: .impossible(reason))
  }

  /// One round: what each channel gave of the content.
  private struct Reading {
    var contradictions = Contradictions()
    /// The channels that gave something.
    var channels: Set<String> = []
    /// Which channel contradicted, by place.
    private var liars: [String: String] = [:]

    init() {}

    init(
      _ content: [UInt8], _ reads: [Range<Int>] = CanaryText.reads, at offset: UInt64,
      through channels: [ReadingChannel], reader: GuardedRead
    ) {
      for channel in channels {
        for range in reads {
          let expected = Array(content[range])
          let place = "\(channel.name), \(range.count) bytes from byte \(range.lowerBound) on"
          switch reader.read(channel, at: offset + UInt64(range.lowerBound), count: range.count) {
          case .refused: continue
          case .lie(let contradiction): add(place, channel.name, contradiction)
          case .bytes(let bytes):
            if let contradiction = Contradiction.between(expected, bytes) { add(place, channel.name, contradiction) }
          }
          self.channels.insert(channel.name)
        }
      }
    }

    private mutating func add(_ place: String, _ channel: String, _ contradiction: Contradiction) {
      contradictions.add(place, contradiction)
      liars[place] = channel
    }

    /// The channels that `persisting` contradictions do not speak of.
    func honest(_ persisting: Contradictions) -> Set<String> {
      channels.subtracting(persisting.found.keys.compactMap { liars[$0] })
    }

    func names(in order: [ReadingChannel]) -> String {
      order.map(\.name).filter { channels.contains($0) }.joined(separator: ", ")
    }
  }
}

import Foundation
import KernelModel
import Testing

@testable import LiveProbe

/// The trials on bytes in memory: each holds where nobody lies, and catches its lie.
@Suite struct ReadingTrialTests {
  let memory = LyingChannel(CanaryText.make() + RandomBytes.make(64 << 10))
  let reader = GuardedRead()
  let spots = [
    ReadingSpot(name: "a page", offset: 0, count: 4096), ReadingSpot(name: "a word", offset: 2048, count: 64),
  ]

  private func exactLengths(_ channels: [ReadingChannel]) -> ReadingTrial.Outcome {
    ExactLengths.trial(channels, at: spots, reader: reader).outcome
  }

  private func agreement(_ other: ReadingChannel) -> ReadingTrial.Outcome {
    ChannelAgreement.trial(
      name: "agree", question: "?", [memory.channel("pread"), other], reference: memory.channel("pread"), at: spots,
      reader: reader, detail: "all"
    ).outcome
  }

  private func sizes(_ channel: ReadingChannel, _ spot: SizeAgreement.Spot) -> ReadingTrial.Outcome {
    SizeAgreement.trial(name: "sizes", question: "?", through: channel, at: [spot], reader: reader, detail: "all")
      .outcome
  }

  // MARK: Honesty

  @Test func `honest channels hold, and are named`() {
    let channels = [memory.channel("pread"), memory.channel("readv"), LyingChannel.refusing("splice", errno: 22)]
    guard case .held(let detail) = exactLengths(channels) else {
      Issue.record("an honest channel was called a liar")
      return
    }
    #expect(detail.contains("pread, readv") && detail.contains("splice (invalid argument (EINVAL))"))
    #expect(agreement(memory.channel("readv")).isHeld)
  }

  @Test func `reads of all sizes of the same bytes agree`() {
    #expect(sizes(memory.channel("pread"), .cut(spots[0], into: 8)).isHeld)
    let large = ReadingSpot(name: "64 KiB", offset: 0, count: 64 << 10)
    #expect(sizes(memory.channel("pread"), .cut(large, into: 4096)).isHeld)
  }

  // MARK: Lies

  @Test(arguments: [
    LyingChannel.Lie.endsAtFirstNUL, .saysNothingCame, .givesHalf, .writesHalf, .writesBehind, .leavesPosition,
  ]) func `a wrong count, bytes behind it and a position that stays are found`(lie: LyingChannel.Lie) throws {
    let outcome = exactLengths([memory.channel("pread"), memory.channel("read", telling: lie)])
    let evidence = try #require(outcome.evidence)
    #expect(!evidence.isEmpty && evidence.allSatisfy { $0.name.hasPrefix("read of ") })
  }

  @Test func `a count beyond what was asked for is found`() {
    let channel = ReadingChannel("read") { _, buffer in ChannelAnswer(buffer.count + 1) }
    #expect(exactLengths([channel]).evidence != nil)
  }

  @Test(arguments: [
    LyingChannel.Lie.endsAtFirstNUL, .saysNothingCame, .writesHalf, .dropsLines, .replacesStart,
  ]) func `a channel that gives other bytes is found`(lie: LyingChannel.Lie) throws {
    let evidence = try #require(agreement(memory.channel("preadv", telling: lie)).evidence)
    #expect(evidence.allSatisfy { $0.name.hasPrefix("preadv against pread") })
  }

  @Test func `other bytes for small reads are found`() {
    let liar = memory.channel("pread", telling: .replacesSmallReads)
    #expect(sizes(liar, .cut(spots[0], into: 8)).evidence?.count == 17, "sixteen places, and how many more there are")
    #expect(sizes(liar, SizeAgreement.Spot(whole: spots[0], pieces: [100..<116])).evidence?.count == 1)
  }

  @Test func `other bytes in large reads are found`() {
    let large = ReadingSpot(name: "64 KiB", offset: 0, count: 64 << 10)
    #expect(sizes(memory.channel("pread", telling: .cutsLargeReads), .cut(large, into: 4096)).evidence?.count == 15)
  }

  // MARK: What is no lie

  @Test(arguments: [1, 2]) func `a difference that does not come each time is none`(times: Int) {
    memory.remaining = times
    let one = [ReadingSpot(name: "a page", offset: 0, count: 4096)]
    let trial = ChannelAgreement.trial(
      name: "agree", question: "?", [memory.channel("pread"), memory.channel("read", telling: .replacesStart)],
      reference: memory.channel("pread"), at: one, reader: reader, detail: "all")
    #expect(trial.isHeld)
  }

  @Test func `bytes that change while they are compared are no difference`() {
    // Patched between any two reads of it, as code is while tracing is switched on.
    let patched = ReadingChannel("pread") { [memory] offset, buffer in
      memory.bytes[0] &+= 1
      return memory.channel("").read(offset, buffer)
    }
    let trial = ChannelAgreement.trial(
      name: "agree", question: "?", [patched, memory.channel("read")], reference: patched,
      at: [ReadingSpot(name: "a page", offset: 0, count: 4096)], reader: reader, detail: "all")
    #expect(trial.isHeld)
  }

  @Test func `channels that the kernel refuses are no finding, and all of them are no answer`() {
    let refusing = LyingChannel.refusing("io_uring", errno: 38)
    #expect(agreement(refusing).isImpossible)
    #expect(exactLengths([refusing]).isImpossible)
    #expect(sizes(refusing, .cut(spots[0], into: 8)).isImpossible)
    #expect(exactLengths([memory.channel("pread"), refusing]).isHeld)
  }
}

extension ReadingTrial.Outcome {
  var isHeld: Bool { if case .held = self { true } else { false } }
  var isImpossible: Bool { if case .impossible = self { true } else { false } }
  var evidence: [Finding.Evidence]? { if case .broken(let evidence, _, _) = self { evidence } else { nil } }
}

import KernelModel
import Testing

@testable import LiveProbe

@Suite struct OwnBytesTests {
  private let content = CanaryText.make()
  private let reader = GuardedRead()

  private func memory(
    _ channels: [ReadingChannel], locate: () throws(Withheld) -> UInt64 = { () throws(Withheld) in 0 }
  ) -> OwnBytes.Result {
    OwnBytes.memory(content, through: channels, reader: reader, locate: locate)
  }

  @Test func `the words that filters react to are there, with and without NULs around them`() {
    let text = content[2048..<3072]
    #expect(content.count == 4096 && !text.contains(0))
    for word in ["hook", "taint", "kallsyms_lookup_name", "diamorphine", "singularity"] {
      #expect(String(decoding: text, as: UTF8.self).contains("\n\(word) "))
      #expect(String(decoding: content[3072..<3584], as: UTF8.self).contains("\0\n\(word)_"))
    }
    #expect(CanaryText.make() != content, "it is another one each time")
  }

  @Test func `what comes back as it was written holds`() {
    let source = LyingChannel(content)
    let result = memory([source.channel("pread"), source.channel("preadv2")])
    #expect(result.trial.isHeld)
    #expect(result.honest == ["pread", "preadv2"])
  }

  @Test(arguments: [
    LyingChannel.Lie.endsAtFirstNUL, .saysNothingCame, .givesHalf, .writesHalf, .dropsLines, .replacesStart,
  ]) func `a channel that edits is found, and not among the honest ones`(lie: LyingChannel.Lie) {
    let source = LyingChannel(content)
    let result = memory([source.channel("pread", telling: lie), source.channel("preadv2")])
    #expect(result.trial.outcome.evidence?.allSatisfy { $0.name.hasPrefix("pread, ") } == true)
    #expect(result.honest == ["preadv2"])
  }

  @Test func `a page that moved once is read again`() {
    let source = LyingChannel([UInt8](repeating: 0, count: 4096) + content)
    var places: [UInt64] = [0, 4096, 4096, 4096]
    let result = memory([source.channel("pread")]) { () throws(Withheld) in places.removeFirst() }
    #expect(result.trial.isHeld)
  }

  @Test func `a page that keeps moving, or cannot be found, is no answer`() {
    let source = LyingChannel(content)
    var place: UInt64 = 0
    let moving = memory([source.channel("pread")]) { () throws(Withheld) in
      place ^= 64
      return place
    }
    #expect(moving.trial.outcome.isImpossible && moving.honest.isEmpty)
    let hidden = memory([source.channel("pread")]) { () throws(Withheld) in throw Withheld("frames", why: "no CAP") }
    #expect(hidden.trial.outcome == .impossible(Withheld("frames", why: "no CAP")))
    #expect(memory([LyingChannel.refusing("pread", errno: 1)]).trial.outcome.isImpossible)
  }

  @Test func `a page of ours holds what was put there, and has a frame only for who may know`() throws {
    let page = try CanaryPage(holding: content)
    let first = Result { () throws(Withheld) in try page.physicalAddress() }
    if case .success(let address) = first { #expect(address.rawValue > 0 && address.rawValue % 4096 == 0) }
  }

  @Test func `a file of ours comes back through every channel there is`() throws {
    let file = try MemoryFile()
    try file.write(content)
    let source = ChannelReader()
    let descriptor = file.descriptor
    let channels = KcoreChannel.allCases.map { channel in
      ReadingChannel(channel.rawValue) { source.read(descriptor, at: $0, into: $1, through: channel) }
    }
    let trial = OwnBytes.file(content, through: channels, reader: reader)
    guard case .held(let detail) = trial.outcome else {
      Issue.record("\(trial)")
      return
    }
    #expect(detail.contains("pread, read, readv, preadv, preadv2, splice, sendfile"))
  }

  @Test(arguments: [LyingChannel.Lie.endsAtFirstNUL, .dropsLines]) func `a file of ours that is edited is found`(
    lie: LyingChannel.Lie
  ) {
    let trial = OwnBytes.file(content, through: [LyingChannel(content).channel("read", telling: lie)], reader: reader)
    #expect(trial.outcome.evidence != nil)
  }
}

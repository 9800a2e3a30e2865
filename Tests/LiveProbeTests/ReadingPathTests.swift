import Files
import KernelFormats
import KernelModel
import Testing

@testable import LiveProbe

@Suite struct ReadingPathTests {
  let system: SmallSystem

  init() throws { system = try SmallSystem() }

  private func acquire() throws(CannotAcquire) -> Acquisition {
    try LiveKernel.acquire(
      system.root, reference: { _ in NoReference(Withheld("the vendor's image", why: "a test")) },
      executable: "/nonexistent")
  }

  @Test func `an acquisition carries its trials, and none is broken on ordinary files`() throws {
    let trials = try acquire().kernel.reading.get()
    #expect(
      trials.map(\.name) == [
        "exact-lengths", "channels-agree-on-headers", "channels-agree-on-text", "page-against-words",
        "large-against-pages", "own-memory", "own-file", "directories", "another-name",
        "image-against-direct-map", "modules-against-direct-map", "kallsyms-against-memory",
      ])
    for trial in trials { #expect(trial.outcome.evidence == nil, "\(trial)") }
    let held = trials.filter(\.isHeld).map(\.name)
    #expect(
      held == [
        "exact-lengths", "channels-agree-on-headers", "channels-agree-on-text", "page-against-words", "own-file",
        "directories", "image-against-direct-map", "modules-against-direct-map",
      ], "a folder is not the running system, and a page of code is not a large read")
  }

  @Test func `a kcore without names for its code is tried on its headers`() throws {
    try system.fixture.write("ffffffff81000100 T __x64_sys_read\n", to: "proc/kallsyms")
    let trials = try acquire().kernel.reading.get()
    #expect(trials.first { $0.name == "channels-agree-on-text" }?.outcome.isImpossible == true)
    #expect(trials.first { $0.name == "channels-agree-on-headers" }?.isHeld == true)
  }

  @Test(arguments: KcoreChannel.allCases) func `kernel memory can be read through every channel`(channel: KcoreChannel)
    throws
  {
    let kcore = try ProcKcore(system.root, channel: channel)
    let plain = try ProcKcore(system.root)
    #expect(kcore.segments == plain.segments && kcore.notes == plain.notes)
    let address = KernelAddress(SmallSystem.text + 0x1ffd)
    #expect(try kcore.bytes(at: address, count: 4099) == plain.bytes(at: address, count: 4099))
    try system.fixture.cut("proc/kcore", to: 1000)
    #expect(throws: MemoryFault.self) { try kcore.bytes(at: KernelAddress(SmallSystem.text), count: 8) }
  }

  @Test func `an address has its place in the file, if all of it is there`() throws {
    let kcore = try ProcKcore(system.root)
    let text = KernelAddress(SmallSystem.text)
    let offset = try #require(kcore.fileOffset(of: text, count: 0x8000))
    #expect(
      try system.root.bytes(of: "proc/kcore")[Int(offset) + 0x4000] == 0, "the handler's address begins with 0x00")
    #expect(kcore.fileOffset(of: text, count: 0x8001) == nil)
    #expect(kcore.fileOffset(of: KernelAddress(0x1000), count: 1) == nil)
    #expect(kcore.fileOffset(of: text, count: -1) == nil)
  }

  @Test func `where pread is lied to, everything is read through the next way that is not`() throws {
    let bytes = try system.root.bytes(of: "proc/kcore")
    let path = ReadingPath(system.root, executable: nil) { channel in
      ["pread", "read"].contains(channel.name)
        ? LyingChannel(bytes).channel(channel.name, telling: .endsAtFirstNUL) : channel
    }
    #expect(path.openingChannel == .readv)
    let kcore = try ProcKcore(system.root, channel: path.openingChannel)
    let symbols = try ProcKallsyms.read(system.root).symbols
    let (reading, channel, _) = path.tryOut(kcore, symbols: symbols, symbolsDigest: "")
    #expect(channel == .readv)
    let trials = try reading.get()
    for name in ["exact-lengths", "channels-agree-on-headers"] {
      let evidence = trials.first { $0.name == name }?.outcome.evidence
      #expect(evidence?.last == Finding.Evidence("afterwards", "everything else was read through readv"))
    }
    #expect(trials.first { $0.name == "page-against-words" }?.isHeld == true)
    // A copy that was not to be run is told of, with what that costs.
    guard case .impossible(let withheld) = trials.first(where: { $0.name == "another-name" })?.outcome else {
      Issue.record("the trial another-name was made without a copy")
      return
    }
    #expect(withheld.why.contains("--no-copy"))
  }

  @Test func `trials and channels are made anew each time and leave nothing open`() throws {
    let before = try openFiles()
    for _ in 0..<3 { _ = try acquire() }
    #expect(try openFiles() <= before + 8, "other tests run at the same time")
  }

  private func openFiles() throws -> Int {
    try Folder("/proc/self/fd").names(limit: 1 << 16).count
  }
}

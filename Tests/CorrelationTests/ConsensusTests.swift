import KernelModel
import Testing

@testable import Correlation

/// Hosts with the same build of a kernel must show the same.
@Suite struct ConsensusTests {
  private static let usual: [HostState.Trait] = [
    .init(check: "taint", subject: "taint", value: "none"),
    .init(check: "kernel-text", subject: "returns", value: "54687 sites"),
    .init(check: "module-text", subject: "module ext4", value: "build id aa"),
    .init(check: "switches", subject: "kernel.kptr_restrict", value: "0"),
  ]

  private func state(
    _ host: String, _ traits: [HostState.Trait] = usual, build: String = "b1", at time: String = "2026-01-01T00:00:00Z",
    answered: Set<String> = ["taint", "kernel-text", "module-text", "switches", "module-list", "syscall-table"]
  ) -> HostState {
    HostState(
      host: host, build: build, release: "6.1", takenAt: time, digest: traits.map(\.value).joined(), answered: answered,
      traits: traits)
  }

  private func changed(_ subject: String, to value: String?) -> [HostState.Trait] {
    Self.usual.compactMap { trait in
      guard trait.subject == subject else { return trait }
      guard let value else { return nil }
      return .init(check: trait.check, subject: subject, value: value)
    }
  }

  private func consensus(_ states: [HostState]) -> Consensus {
    var all = ConsensusStates()
    for state in states { all.add(ReportedState(state)) }
    return Consensus(all)
  }

  @Test func `hosts that show the same differ in nothing`() {
    let consensus = consensus((0..<50).map { state("web\($0)") })
    #expect(consensus.outliers.isEmpty && consensus.hostCount == 50 && consensus.builds.map(\.stateCount) == [1])
    #expect(consensus.builds.first?.deviations.isEmpty == true)
  }

  @Test func `the hooked host comes first, then who says something else, and what is merely rare is no outlier`() {
    var states = (0..<50).map { state("web\($0)") }
    states[7] = state(
      "web7",
      Self.usual + [
        .init(
          check: "syscall-table", subject: "sys_call_table[0] (read)", value: "leads to unowned memory", isFinding: true
        )
      ])
    states[9] = state("web9", changed("module ext4", to: "build id bb"))
    states[11] = state("web11", changed("taint", to: "K"))
    states[12] = state("web12", changed("taint", to: "K"))
    states[20] = state("web20", Self.usual + [.init(check: "module-list", subject: "module nvme", value: "there")])
    states[21] = state("web21", changed("kernel.kptr_restrict", to: nil))
    let consensus = consensus(states)
    #expect(consensus.outliers.map(\.host) == ["web7", "web9", "web11", "web12"])
    #expect(consensus.outliers.map { $0.deviations.map(\.kind) } == [[.found], [.differs], [.differs], [.differs]])
    let taint = consensus.outliers.last?.deviations.first
    #expect(taint?.value == "K" && taint?.usual == "none" && taint?.agreeing == 48 && taint?.asked == 50)
    let kinds = consensus.builds.first?.deviations.map(\.kind)
    #expect(
      kinds == [.found, .differs, .differs, .rare, .missing] || kinds == [.found, .differs, .differs, .missing, .rare])
  }

  @Test func `hosts of other builds are not held against each other, and two are too few`() {
    let states =
      (0..<10).map { state("a\($0)") } + (0..<10).map { state("b\($0)", changed("taint", to: "E"), build: "b2") }
      + [state("c0", build: "b3"), state("c1", changed("taint", to: "O"), build: "b3")]
    let consensus = consensus(states)
    #expect(consensus.outliers.isEmpty && consensus.builds.map(\.build) == ["b1", "b2"] && consensus.aloneCount == 2)
  }

  @Test func `what hosts differ in by halves is usual nowhere`() {
    let consensus = consensus((0..<20).map { state("web\($0)", changed("returns", to: $0 < 10 ? "one" : "other")) })
    #expect(consensus.outliers.isEmpty)
  }

  @Test func `a host whose check found no answer lacks nothing of it`() {
    var states = (0..<20).map { state("web\($0)") }
    states[3] = state("web3", changed("module ext4", to: nil), answered: ["taint", "kernel-text", "switches"])
    let consensus = consensus(states)
    #expect(consensus.builds.first?.deviations.isEmpty == true)
  }

  @Test func `of a host's reports the latest counts, in whatever order they come`() {
    let old = state("web0", changed("taint", to: "K"), at: "2026-01-01T00:00:00Z")
    let new = state("web0", at: "2026-01-02T00:00:00Z")
    let others = (1..<5).map { state("web\($0)") }
    #expect(consensus([old, new] + others).outliers.isEmpty && consensus([new, old] + others).outliers.isEmpty)
    #expect(
      consensus([new] + others + [state("web0", changed("taint", to: "K"), at: "2026-01-03T00:00:00Z")]).outliers.map(
        \.host) == ["web0"])
  }

  @Test func `a report's state is read, and findings without their addresses`() throws {
    let document = """
      {"schema": "liveprobe/1", "kernel": {"release": "6.1", "buildID": {"claimed": "aa", "inMemory": "bb"}},
       "inventory": {"hostName": "web1", "modules": [{"name": "ext4", "buildID": "aa"}, {"name": "other"}]}, "run": {"startedAt": "2026-01-01T00:00:00Z"},
       "state": {"digest": "d", "checks": [
         {"id": "taint", "digest": "x", "isAnswered": true, "facts": [{"subject": "taint", "value": "none"}]},
         {"id": "syscall-table", "digest": "0123456789abcdef0123", "isAnswered": false}]},
       "checks": [{"id": "syscall-table", "findings": [
         {"severity": "critical", "subject": {"name": "sys_call_table", "index": 0}, "message": "leads to 0xffffffffc0123456"}]}]}
      """
    let state = try #require(try ReportedState(decoding: Array(document.utf8), from: "a file").state)
    #expect(state.host == "web1" && state.build == "bb" && state.digest == "d" && state.answered == ["taint"])
    #expect(
      state.traits.map(\.value) == [
        "none", "digest 0123456789abcdef", "build id aa", "no build id",
        MaskedAddresses.of("leads to 0xffffffffc0123456"),
      ])
    #expect(try ReportedState(decoding: Array(#"{"schema": "liveprobe/1"}"#.utf8), from: "a").state == nil)
    #expect(throws: NotAReport.self) { try ReportedState(decoding: [0x7b], from: "a") }
  }

  @Test func `a finding stands where the check could be answered nowhere`() {
    let answered: Set = ["taint"]
    let asked: Set = ["taint", "kernel-text"]
    let found = HostState.Trait(
      check: "kernel-text", subject: "vfs_read", value: "leads to unowned memory", isFinding: true, isCritical: true)
    let states = (0..<20).map { index in
      HostState(
        host: "web\(index)", build: "b1", digest: "d", answered: answered, asked: asked,
        traits: index == 3 ? [found] : [])
    }
    let consensus = consensus(states)
    #expect(consensus.outliers.map(\.host) == ["web3"])
    let deviation = consensus.outliers.first?.deviations.first
    #expect(deviation?.isCritical == true && deviation?.asked == 20 && deviation?.agreeing == 19)
  }

  @Test func `what half a fleet was found with makes nobody unlike the others, and is told`() {
    let finding = HostState.Trait(
      check: "taint", subject: "taint", value: "forged", isFinding: true, isCritical: true)
    let half = consensus((0..<20).map { state("web\($0)", Self.usual + ($0 < 10 ? [finding] : [])) })
    #expect(half.outliers.isEmpty && half.builds.first?.deviations.map(\.kind) == [.common])
    #expect(half.builds.first?.deviations.first?.hosts.count == 10)
    let alone = consensus([state("web0", Self.usual + [finding]), state("web1")])
    #expect(alone.aloneCount == 2 && alone.builds.map(\.hostCount) == [2])
    #expect(alone.builds.first?.deviations.map(\.hosts) == [["web0"]])
  }

  @Test func `what was read in part is held against what was read in part alone`() {
    let all: Set = ["taint", "kernel-text"]
    let states = (0..<21).map { index in
      let value = index < 20 ? "54687 sites" : "12 sites"
      return HostState(
        host: "web\(index)", build: "b1", digest: value, answered: index < 20 ? all : ["taint"], asked: all,
        traits: [.init(check: "kernel-text", subject: "returns", value: value)])
    }
    let deviations = consensus(states).outliers.flatMap(\.deviations)
    #expect(Set(deviations.map(\.kind)) == [.unanswered] && !deviations.contains { $0.value == "12 sites" })
  }

  @Test func `a host that cannot answer what the others answer is unlike them`() {
    var states = (0..<20).map { state("web\($0)") }
    states[5] = HostState(
      host: "web5", build: "b1", digest: "d", answered: ["taint", "switches"],
      asked: ["taint", "switches", "kernel-text", "module-text"], traits: [Self.usual[0], Self.usual[3]])
    let consensus = consensus(states)
    #expect(consensus.outliers.map(\.host) == ["web5"])
    #expect(consensus.outliers.first?.deviations.map(\.kind) == [.unanswered, .unanswered])
  }

  @Test func `a report that is given twice counts once, and of two of one second the worse speaks`() {
    let finding = HostState.Trait(check: "syscall-table", subject: "open", value: "hooked", isFinding: true)
    let states = (0..<9).map { state("web\($0)") }
    for order in [[true, false], [false, true]] {
      var all = ConsensusStates()
      for state in states + states { all.add(ReportedState(state)) }
      #expect(all.reportCount == 9 && all.duplicateCount == 9)
      for isHooked in order { all.add(ReportedState(state("web9", Self.usual + (isHooked ? [finding] : [])))) }
      #expect(all.reportCount == 11 && Consensus(all).outliers.map(\.host) == ["web9"])
    }
  }

  @Test func `a report that is yet to come does not outdo one that was made`() {
    let finding = HostState.Trait(check: "syscall-table", subject: "open", value: "hooked", isFinding: true)
    var all = ConsensusStates(now: UTCTime("2026-01-02T00:00:00Z"))
    for index in 0..<9 { all.add(ReportedState(state("web\(index)"))) }
    all.add(ReportedState(state("web9", at: "2099-01-01T00:00:00Z")))
    all.add(ReportedState(state("web9", Self.usual + [finding])))
    #expect(Consensus(all).outliers.map(\.host) == ["web9"])
  }
}

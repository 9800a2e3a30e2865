import Baseline
import Cryptography
import DecoderTrials
import Foundation
import KernelModel
import TestFolder
import Testing

@Suite struct BaselineStoreTests {
  private let folder: TemporaryFolder
  private static let name = "\(SampleBaseline.buildID).baseline"

  init() throws { folder = try TemporaryFolder() }

  private func store(_ name: String = "store") throws -> BaselineStore {
    try BaselineStore(folder.path(of: name), makes: true)
  }

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was refused"
    } catch {
      return "\(error)"
    }
  }

  @Test func `a baseline is found again under its build id, for its owner alone`() throws {
    let store = try store("a/b")
    try store.write(SampleBaseline.plain)
    #expect(try folder.mode(of: "a/b") == 0o700)
    #expect(try folder.mode(of: "a/b/\(Self.name)") == 0o600)
    #expect(try store.list() == [SampleBaseline.buildID])
    #expect(try store.read(SampleBaseline.buildID).bytes == SampleBaseline.plain.bytes)
    #expect(try store.read(SampleBaseline.buildID).modified != nil)
    try store.forget(SampleBaseline.buildID)
    #expect(try store.list() == [])
    #expect(throws: StoreError.absent(store.path(for: SampleBaseline.buildID))) {
      try store.forget(SampleBaseline.buildID)
    }
  }

  @Test func `after an upgrade it is told which kernel has a baseline, and nothing is compared with that`() throws {
    let store = try store()
    let upgraded = try #require(BuildID(hexadecimal: "abcd"))
    #expect(store.latest(butFor: upgraded) == nil)
    try store.write(SampleBaseline.plain)
    try folder.write(Array("damaged".utf8), to: "store/ffff.baseline")
    try folder.setMode(0o600, of: "store/ffff.baseline")
    #expect(store.latest(butFor: upgraded)?.buildID == SampleBaseline.buildID)
    #expect(store.latest(butFor: SampleBaseline.buildID) == nil)
    let source = BaselineSource(path: store.path)
    let release = SampleBaseline.plain.state.release
    do throws(BaselineSource.Failure) {
      _ = try source.baseline(for: upgraded)
      Issue.record("another build's baseline was taken")
    } catch {
      guard case .absent(let withheld) = error else { throw error }
      #expect(withheld.why.contains("the newest one is of another build, \(release), 2"))
      #expect(withheld.why.hasSuffix("another kernel was started since, as after an upgrade"))
      #expect(withheld.remedy.hasSuffix("liveprobe baseline record --store \(store.path)"))
    }
  }

  @Test func `a folder that others write to, or that a link leads to, is refused`() throws {
    _ = try store()
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(of: "link"), withDestinationPath: folder.path(of: "store"))
    #expect(refusal { _ = try store("link") }.contains("symbolic link"))
    #expect(refusal { _ = try store("link/") }.contains("symbolic link"))
    try folder.write([], to: "file")
    #expect(refusal { _ = try BaselineStore(folder.path(of: "file")) }.contains("is not a folder"))
    for mode in [0o770, 0o707] {
      try folder.setMode(mode, of: "store")
      #expect(refusal { _ = try store() }.contains("may be written by others: chmod 700"))
    }
    #expect(throws: StoreError.absent(folder.path(of: "none"))) { _ = try BaselineStore(folder.path(of: "none")) }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func `a folder or a file of somebody else's is refused`() throws {
    let store = try store()
    try store.write(SampleBaseline.plain)
    #expect(chown(folder.path(of: "store/\(Self.name)"), 1, 1) == 0)
    #expect(refusal { _ = try store.read(SampleBaseline.buildID) }.contains("the file belongs to user 1"))
    #expect(chown(folder.path(of: "store"), 1, 1) == 0)
    #expect(refusal { _ = try self.store() }.contains("the folder belongs to user 1"))
  }

  @Test func `a file that is none of ours to trust is refused`() throws {
    let store = try store()
    try folder.write(SampleBaseline.plain.bytes, to: "store/\(Self.name)", mode: 0o620)
    #expect(refusal { _ = try store.read(SampleBaseline.buildID) }.contains("the file may be written by others"))
    try store.forget(SampleBaseline.buildID)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(of: "store/\(Self.name)"), withDestinationPath: "/etc/passwd")
    #expect(refusal { _ = try store.read(SampleBaseline.buildID) }.contains("is a symbolic link"))
    // A link is replaced, and what it leads to left alone.
    try store.write(SampleBaseline.plain)
    #expect(try store.read(SampleBaseline.buildID).bytes == SampleBaseline.plain.bytes)
    try store.forget(SampleBaseline.buildID)
    #expect(mkfifo(folder.path(of: "store/\(Self.name)"), 0o600) == 0)
    #expect(refusal { _ = try store.read(SampleBaseline.buildID) }.contains("is not a plain file"))
  }

  @Test func `what a crash left unfinished is taken away by the next writer, and is no baseline`() throws {
    let store = try store()
    try folder.write([1, 2, 3], to: "store/\(Self.name).unfinished")
    try folder.write([1, 2, 3], to: "store/other.baseline.unfinished")
    #expect(try store.list() == [])
    try store.write(SampleBaseline.plain)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(of: "store")) == [Self.name])
  }

  @Test func `two writers and a reader: never half a baseline`() async throws {
    let path = folder.path(of: "store")
    _ = try store()
    let versions = (0..<2).map { writer in
      BaselineFile(
        RecordedState(
          release: "writer \(writer)", machine: "x86_64", buildID: SampleBaseline.buildID,
          checks: [
            RecordedCheck(
              id: "check", unanswered: [],
              facts: (0..<(400 << writer)).map {
                RecordedFact(subject: Subject("s", index: $0), fact: .count(UInt64($0)))
              })
          ]))
    }
    try BaselineStore(path).write(versions[0])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for version in versions {
        group.addTask {
          for _ in 0..<60 { try BaselineStore(path).write(version) }
        }
      }
      group.addTask {
        let store = try BaselineStore(path)
        for _ in 0..<120 {
          let bytes = try store.read(SampleBaseline.buildID).bytes
          #expect(versions.contains { $0.bytes == bytes })
        }
      }
      try await group.waitForAll()
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [Self.name])
  }

  /// Whether a small disk can be mounted: not by everybody, and in some containers not even by root.
  private static func canMount() -> Bool {
    guard let folder = try? TemporaryFolder(), mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else {
      return false
    }
    return umount(folder.path) == 0
  }

  @Test(.enabled("a file system can be mounted") { Self.canMount() })
  func `a full disk is said, and leaves the old baseline as it was`() throws {
    let path = folder.path(of: "disk")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try #require(mount("tmpfs", path, "tmpfs", 0, "size=64k,mode=0700") == 0)
    defer { umount(path) }
    let store = try BaselineStore(path)
    try store.write(SampleBaseline.plain)
    var large = SampleBaseline.plain
    large.state.release = String(repeating: "x", count: 100_000)
    #expect(
      refusal { try store.write(large) }.contains("no space is left on the device; what was there before is unchanged"))
    #expect(try store.read(SampleBaseline.buildID).bytes == SampleBaseline.plain.bytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [Self.name])
  }

  @Test(.enabled("a file system can be mounted") { Self.canMount() })
  func `a store that cannot be written to is compared with all the same, and that is said`() throws {
    let path = folder.path(of: "disk")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try #require(mount("tmpfs", path, "tmpfs", 0, "size=64k,mode=0700") == 0)
    defer { umount(path) }
    let key = PrivateKey()
    let time = try #require(UTCTime("2026-03-01T03:00:00Z"))
    try BaselineStore(path).write(SampleBaseline.plain.signed(with: key, at: time))
    try #require(mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), "size=64k,mode=0700") == 0)
    let accepted = try BaselineSource(path: path, publicKey: key.publicKey).baseline(for: SampleBaseline.buildID)
    #expect(accepted.remarks.count == 1 && accepted.remarks[0].contains("the file system is read-only"))
    #expect(refusal { try BaselineStore(path).write(SampleBaseline.plain) }.contains("the file system is read-only"))
  }

  @Test func `the newest signature is remembered for each build, and an older one changes nothing`() throws {
    let store = try store()
    let times = ["2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z"].compactMap { UTCTime($0) }
    #expect(try store.newestSignature(for: SampleBaseline.buildID) == nil)
    for time in times { try store.remember(time, for: SampleBaseline.buildID) }
    #expect(try store.newestSignature(for: SampleBaseline.buildID) == times[1])
    #expect(try store.newestSignature(for: BuildID(bytes: [1])) == nil)
    #expect(try store.list() == [])
  }

  @Test func `a kernel without a baseline is told apart from one that is refused`() throws {
    _ = try store()
    for path in [folder.path(of: "store"), folder.path(of: "none"), folder.path(of: "none.baseline")] {
      do throws(BaselineSource.Failure) {
        _ = try BaselineSource(path: path).baseline(for: SampleBaseline.buildID)
        Issue.record("a baseline was found in \(path)")
      } catch {
        guard case .absent(let withheld) = error else {
          Issue.record("\(path): \(error)")
          continue
        }
        #expect(withheld.remedy.hasSuffix("liveprobe baseline record --store \(path)"))
      }
    }
  }
}

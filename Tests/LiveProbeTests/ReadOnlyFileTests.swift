import Glibc
import LiveProbe
import Testing

@Suite struct ReadOnlyFileTests {
  @Test func `a file is read from any place, all of what was asked for`() throws {
    let fixture = try FixtureRoot()
    try fixture.write("0123456789", to: "file")
    let file = try ReadOnlyFile(fixture.root.path("file"))
    #expect(try file.bytes(at: 3, count: 4) == Array("3456".utf8))
  }

  @Test func `a file that ends early says after how many bytes`() throws {
    let fixture = try FixtureRoot()
    try fixture.write("0123", to: "file")
    let path = fixture.root.path("file")
    let file = try ReadOnlyFile(path)
    #expect(throws: FileFault(path: path, operation: .read, reason: .ended(after: 2))) {
      try file.bytes(at: 2, count: 3)
    }
  }

  @Test func `an offset that no file can have is refused and nothing traps`() throws {
    let fixture = try FixtureRoot()
    try fixture.write("0123", to: "file")
    let file = try ReadOnlyFile(fixture.root.path("file"))
    for offset in [UInt64(Int64.max) + 1, .max] {
      #expect(throws: FileFault.self) { try file.bytes(at: offset, count: 8) }
    }
  }

  @Test func `a missing file is told apart from one that may not be read`() throws {
    let fixture = try FixtureRoot()
    let path = fixture.root.path("nothing")
    let missing = #expect(throws: FileFault.self) { _ = try ReadOnlyFile(path) }
    #expect(missing?.isAbsence == true)
    #expect(missing?.description == "\(path): could not open it: no such file or directory (ENOENT)")
    let refused = FileFault(path: path, operation: .open, reason: .refused(errno: EACCES))
    #expect(!refused.isAbsence)
  }

  @Test func `a link in a file's place is not followed unless that is asked for`() throws {
    let fixture = try FixtureRoot()
    try fixture.write("there", to: "target")
    try fixture.makeLink("link", to: "target")
    let path = fixture.root.path("link")
    #expect(throws: FileFault(path: path, operation: .open, reason: .refused(errno: ELOOP))) {
      _ = try ReadOnlyFile(path)
    }
    let followed = try ReadOnlyFile(path, followingLinks: true)
    #expect(try followed.readAll(limit: 100) == Array("there".utf8))
  }

  @Test func `a pipe, a folder or a device in a file's place is refused, and none holds us up`() throws {
    let fixture = try FixtureRoot()
    try fixture.makePipe("pipe")
    try fixture.makeFolder("folder")
    for path in [fixture.root.path("pipe"), fixture.root.path("folder"), "/dev/zero"] {
      #expect(throws: FileFault(path: path, operation: .open, reason: .notRegular)) { _ = try ReadOnlyFile(path) }
    }
  }

  @Test func `a file larger than the limit is refused, one of just that size is not`() throws {
    let fixture = try FixtureRoot()
    try fixture.write([UInt8](repeating: 1, count: 1000), to: "file")
    let path = fixture.root.path("file")
    let tooSmall = try ReadOnlyFile(path)
    #expect(throws: FileFault(path: path, operation: .read, reason: .tooLarge(limit: 999))) {
      try tooSmall.readAll(limit: 999)
    }
    let enough = try ReadOnlyFile(path)
    #expect(try enough.readAll(limit: 1000).count == 1000)
  }

  @Test(arguments: [1, 3, 10, 64]) func `chunks put together are the file`(chunkByteCount: Int) throws {
    let fixture = try FixtureRoot()
    try fixture.write("0123456789", to: "file")
    let file = try ReadOnlyFile(fixture.root.path("file"))
    var all: [UInt8] = []
    try file.stream(chunkByteCount: chunkByteCount) { chunk in
      for index in chunk.indices { all.append(chunk[index]) }
      return true
    }
    #expect(all == Array("0123456789".utf8))
  }

  @Test func `a folder's names are listed, and no more than the limit`() throws {
    let fixture = try FixtureRoot()
    for name in ["a", "bb", "a name of many words, as long as such names ever get here"] {
      try fixture.write("", to: "folder/\(name)")
    }
    let folder = try ReadOnlyFile(fixture.root.path("folder"), isDirectory: true)
    #expect(
      try folder.names(limit: 3).sorted() == ["a", "a name of many words, as long as such names ever get here", "bb"])
    let again = try ReadOnlyFile(fixture.root.path("folder"), isDirectory: true)
    #expect(throws: FileFault.self) { try again.names(limit: 2) }
  }

  @Test func `a text ends at its first zero byte and loses the blanks at its ends`() throws {
    let fixture = try FixtureRoot()
    try fixture.write(" quiet splash \n\0hidden", to: "file")
    #expect(try fixture.root.text(of: "file") == "quiet splash")
    #expect(try fixture.root.line(of: "file") == " quiet splash ")
  }

  @Test func `paths lie under the root, with one slash between`() {
    #expect(SystemRoot().path("proc/kcore") == "/proc/kcore")
    #expect(SystemRoot(path: "/some/folder/").path("proc/kcore") == "/some/folder/proc/kcore")
    #expect(SystemRoot(path: "//").isLive)
    #expect(SystemRoot(path: "").isLive)
  }
}

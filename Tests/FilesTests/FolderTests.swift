import Files
import Glibc
import TestFolder
import Testing

@Suite struct FolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `files are found below a folder, and no link is followed but the first`() throws {
    for name in ["b", "a", "under/c", "elsewhere/d"] { try folder.write([1], to: "tree/\(name)") }
    try folder.write([1], to: "outside/secret")
    try folder.link("tree/link", to: folder.path(of: "outside"))
    try folder.link("tree/file", to: folder.path(of: "outside/secret"))
    try folder.makePipe("tree/pipe")
    try folder.link("start", to: folder.path(of: "tree"))
    for start in ["tree", "start"] {
      #expect(
        try Folder.files(below: folder.path(of: start))
          == ["a", "b", "elsewhere/d", "under/c"].map { folder.path(of: "\(start)/\($0)") })
    }
    #expect(
      Folder.folders(in: folder.path(of: "tree"), limit: 10) == [
        folder.path(of: "tree/elsewhere"), folder.path(of: "tree/under"),
      ])
    #expect(Folder.folders(in: folder.path(of: "tree"), limit: 1) == [])
  }

  @Test func `what is no folder is told apart from what is not there`() throws {
    try folder.write([1], to: "file")
    #expect(try Folder.files(below: folder.path(of: "file")) == nil)
    let missing = folder.path(of: "none")
    #expect(throws: FileFault(path: missing, operation: .open, reason: .refused(errno: ENOENT))) {
      try Folder.files(below: missing)
    }
    #expect(throws: FileFault.self) { _ = try Folder(folder.path(of: "file")) }
  }

  @Test func `a link to a folder is refused unless it is expected, with a slash behind it too`() throws {
    try folder.makeFolder("there")
    try folder.link("link", to: folder.path(of: "there"))
    for path in [folder.path(of: "link"), folder.path(of: "link/")] {
      #expect(throws: FileFault(path: path, operation: .open, reason: .refused(errno: ENOTDIR))) {
        _ = try Folder(path)
      }
      #expect(try Folder(path, followingLinks: true).names(limit: 1) == [])
    }
  }

  @Test func `a folder that is held open stays the one it was`() throws {
    try folder.write([1], to: "here/file")
    let held = try Folder(folder.path(of: "here"))
    #expect(rename(folder.path(of: "here"), folder.path(of: "moved")) == 0)
    try folder.write([2], to: "here/file")
    #expect(try held.open("file").readAll(limit: 10) == [1])
    try held.remove("file")
    #expect(try folder.bytes(of: "here/file") == [2])
    #expect(held.status(of: "file") == nil)
  }
}

import Files
import Glibc
import TestFolder
import Testing

@Suite struct OpenedFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `a file is read from any place, all of what was asked for`() throws {
    try folder.write(Array("0123456789".utf8), to: "file")
    let file = try OpenedFile(folder.path(of: "file"))
    #expect(try file.bytes(at: 3, count: 4) == Array("3456".utf8))
  }

  @Test func `a file that ends early says after how many bytes`() throws {
    try folder.write(Array("0123".utf8), to: "file")
    let path = folder.path(of: "file")
    let file = try OpenedFile(path)
    #expect(throws: FileFault(path: path, operation: .read, reason: .ended(after: 2))) {
      try file.bytes(at: 2, count: 3)
    }
  }

  @Test func `an offset that no file can have is refused and nothing traps`() throws {
    try folder.write(Array("0123".utf8), to: "file")
    let file = try OpenedFile(folder.path(of: "file"))
    for offset in [UInt64(Int64.max) + 1, .max] {
      #expect(throws: FileFault.self) { try file.bytes(at: offset, count: 8) }
    }
  }

  @Test func `a missing file is told apart from one that may not be read`() throws {
    let path = folder.path(of: "nothing")
    let missing = #expect(throws: FileFault.self) { _ = try OpenedFile(path) }
    #expect(missing?.isAbsence == true)
    #expect(missing?.description == "\(path): could not open it: no such file or directory (ENOENT)")
    let refused = FileFault(path: path, operation: .open, reason: .refused(errno: EACCES))
    #expect(!refused.isAbsence)
  }

  @Test func `a link in a file's place is not followed unless that is asked for`() throws {
    try folder.write(Array("there".utf8), to: "target")
    try folder.link("link", to: "target")
    let path = folder.path(of: "link")
    #expect(throws: FileFault(path: path, operation: .open, reason: .refused(errno: ELOOP))) {
      _ = try OpenedFile(path)
    }
    let followed = try OpenedFile(path, followingLinks: true)
    #expect(try followed.readAll(limit: 100) == Array("there".utf8))
  }

  @Test func `a pipe, a folder or a device in a file's place is refused, and none holds us up`() throws {
    try folder.makePipe("pipe")
    try folder.makeFolder("folder")
    for path in [folder.path(of: "pipe"), folder.path(of: "folder"), "/dev/zero"] {
      #expect(throws: FileFault(path: path, operation: .open, reason: .notRegular)) { _ = try OpenedFile(path) }
    }
  }

  @Test func `a file larger than the limit is refused, one of just that size is not`() throws {
    try folder.write([UInt8](repeating: 1, count: 1000), to: "file")
    let path = folder.path(of: "file")
    let tooSmall = try OpenedFile(path)
    #expect(throws: FileFault(path: path, operation: .read, reason: .tooLarge(limit: 999))) {
      try tooSmall.readAll(limit: 999)
    }
    let enough = try OpenedFile(path)
    #expect(try enough.readAll(limit: 1000).count == 1000)
  }

  @Test(arguments: [1, 3, 10, 64]) func `chunks put together are the file`(chunkByteCount: Int) throws {
    try folder.write(Array("0123456789".utf8), to: "file")
    let file = try OpenedFile(folder.path(of: "file"))
    var all: [UInt8] = []
    try file.stream(chunkByteCount: chunkByteCount) { chunk in
      for index in chunk.indices { all.append(chunk[index]) }
      return true
    }
    #expect(all == Array("0123456789".utf8))
  }

  @Test func `a folder's names are listed, and no more than the limit`() throws {
    for name in ["a", "bb", "a name of many words, as long as such names ever get here"] {
      try folder.write(Array("".utf8), to: "folder/\(name)")
    }
    let listed = try Folder(folder.path(of: "folder"))
    #expect(
      try listed.names(limit: 3).sorted() == ["a", "a name of many words, as long as such names ever get here", "bb"])
    #expect(throws: FileFault.self) { try listed.names(limit: 2) }
  }
}

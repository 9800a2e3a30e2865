import Files
import Foundation
import Glibc
import TestFolder
import Testing

@Suite struct AtomicFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path(of: "file") }

  init() throws { folder = try TemporaryFolder() }

  private func fault(_ path: String, _ operation: FileFault.Operation, _ reason: FileFault.Reason) -> FileFault {
    FileFault(path: path, operation: operation, reason: reason)
  }

  private func write(_ bytes: [UInt8], to file: AtomicFile, at offset: UInt64 = 0) throws {
    try bytes.withUnsafeBytes { try file.write(contentsOf: $0, at: offset) }
  }

  @Test func `a file takes an older one's place, with the mode that was asked for`() throws {
    for text in ["the older, longer file", "new", ""] {
      try AtomicFile(path, mode: 0o640).write(Array(text.utf8))
      #expect(try folder.bytes(of: "file") == Array(text.utf8))
    }
    #expect(try folder.mode(of: "file") == 0o640)
    #expect(folder.names == ["file"])
  }

  @Test func `who has the older file open goes on reading it`() throws {
    try AtomicFile(path).write(Array("older".utf8))
    let reader = try OpenedFile(path)
    try AtomicFile(path).write(Array("newer".utf8))
    #expect(try reader.readAll(limit: 100) == Array("older".utf8))
  }

  @Test func `it has its name when it is whole, and until then is its owner's alone`() throws {
    let file = try AtomicFile(path, mode: 0o644)
    try write([1, 2, 3], to: file, at: 4)
    #expect(folder.names == ["file.unfinished"])
    #expect(try folder.mode(of: "file.unfinished") == 0o600)
    try file.finish()
    #expect(folder.names == ["file"])
    #expect(try folder.bytes(of: "file") == [0, 0, 0, 0, 1, 2, 3])
    #expect(try folder.mode(of: "file") == 0o644)
  }

  @Test func `one that is given up leaves nothing, and the older one as it was`() throws {
    try folder.write([9], to: "file")
    do {
      let file = try AtomicFile(path)
      try write([1, 2, 3], to: file)
    }
    #expect(folder.names == ["file"])
    #expect(try folder.bytes(of: "file") == [9])
  }

  @Test func `what is there is replaced only if that was asked`() throws {
    try folder.write([9], to: "file")
    #expect(throws: fault(path, .write, .occupied)) { _ = try AtomicFile(path, replaces: false) }
    // One that came while it was written is in the way, too.
    let other = try AtomicFile(folder.path(of: "other"), replaces: false)
    try folder.write([8], to: "other")
    #expect(throws: fault(other.path, .write, .occupied)) { try other.finish() }
    #expect(try folder.bytes(of: "other") == [8])
  }

  @Test func `what is no file is left alone, and a link is not followed`() throws {
    try folder.write(Array("untouched".utf8), to: "target")
    try folder.link("link", to: folder.path(of: "target"))
    for path in ["/dev/null", folder.path(of: "link")] {
      #expect(throws: fault(path, .write, .notRegular)) { try AtomicFile(path).write([1]) }
    }
    #expect(try folder.bytes(of: "target") == Array("untouched".utf8))
    #expect(folder.names == ["link", "target"])
  }

  @Test func `what a killed program left is taken over, and what another writes is not`() throws {
    try folder.write([UInt8](repeating: 1, count: 10_000), to: "file.unfinished")
    let file = try AtomicFile(path)
    #expect(throws: fault(path + ".unfinished", .make, .busy)) { _ = try AtomicFile(path, waits: false) }
    try write([7, 7], to: file)
    try file.finish()
    #expect(try folder.bytes(of: "file") == [7, 7])
  }

  /// Else a link planted there would have us empty any file of ours.
  @Test func `what somebody planted under the other name is not written to`() throws {
    try folder.write([1, 2, 3], to: "victim")
    #expect(link(folder.path(of: "victim"), path + ".unfinished") == 0)
    #expect(throws: fault(path + ".unfinished", .make, .foreign)) { _ = try AtomicFile(path) }
    unlink(path + ".unfinished")
    try folder.link("file.unfinished", to: folder.path(of: "victim"))
    #expect(throws: fault(path + ".unfinished", .make, .refused(errno: ELOOP))) { _ = try AtomicFile(path) }
    unlink(path + ".unfinished")
    try folder.makePipe("file.unfinished")
    #expect(throws: fault(path + ".unfinished", .make, .foreign)) { _ = try AtomicFile(path) }
    #expect(try folder.bytes(of: "victim") == [1, 2, 3])
  }

  @Test func `many writers wait for one another, and a reader sees one file whole`() async throws {
    let path = path
    try AtomicFile(path).write([UInt8](repeating: 0, count: 1000))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 1...3 {
        group.addTask {
          for _ in 0..<40 { try AtomicFile(path).write([UInt8](repeating: UInt8(writer), count: 1000 * writer)) }
        }
      }
      group.addTask {
        for _ in 0..<200 {
          let bytes = try OpenedFile(path).readAll(limit: 10_000)
          #expect(bytes.count >= 1000 && Set(bytes).count == 1)
        }
      }
      try await group.waitForAll()
    }
    #expect(folder.names == ["file"])
  }

  @Test func `a folder that is not there is told`() {
    let missing = folder.path(of: "none/file")
    #expect(throws: fault(folder.path(of: "none/"), .open, .refused(errno: ENOENT))) { _ = try AtomicFile(missing) }
  }

  @Test func `the disk's free room is told`() throws {
    #expect(try AtomicFile(path).freeByteCount ?? 0 > 0)
  }
}

import Files
import KernelModel
import Report
import TestFolder
import Testing

@testable import LiveProbe

/// A report, once written, against what was meant.
@Suite struct WrittenFileTests {
  private let folder: TemporaryFolder
  /// Several reads long, and no multiple of a block.
  private let content = [UInt8]("{\"module\": \"singularity\"}\n".utf8) + [UInt8](repeating: 0x20, count: 40_001)
  private var path: String { folder.path(of: "report.json") }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func write(_ bytes: [UInt8]) throws -> [UInt64]? {
    let file = try AtomicFile(path)
    try file.write(bytes)
    return file.identity
  }

  @Test func `what was written reads back in each way`() throws {
    let outcome = WrittenFile.outcome(content, at: path, identity: try write(content))
    guard case .held(let detail) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(detail.hasPrefix("\(path), through pread, read, readv, preadv, preadv2, splice, sendfile"))
  }

  @Test func `a name that was blanked on the way to the disk is found`() throws {
    var blanked = content
    blanked.replaceSubrange(12..<23, with: repeatElement(0x20, count: 11))
    let outcome = WrittenFile.outcome(content, at: path, identity: try write(blanked))
    guard case .broken(let evidence, _, let observed) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(observed.words.contains("11 bytes differ in all"))
    #expect(evidence.count >= 7, "each way of reading shows it")
  }

  @Test func `a word that is taken out of what one way reads is found`() throws {
    let outcome = WrittenFile.outcome(content, at: path, identity: try write(content)) { channel in
      guard channel.name == "pread" else { return channel }
      return ReadingChannel("pread") { offset, buffer in
        let answer = channel.read(offset, buffer)
        if offset == 0 { buffer[12] = 0x20 }
        return answer
      }
    }
    #expect(outcome.evidence?.map(\.name) == ["pread, 16384 bytes from byte 0 on"])
  }

  @Test func `ways that give less at a time, or refuse, are no contradiction`() throws {
    let identity = try write(content)
    let slow = WrittenFile.outcome(content, at: path, identity: identity) { channel in
      ReadingChannel(channel.name) { offset, buffer in
        channel.read(offset, UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(512)))
      }
    }
    #expect(slow.isHeld)
    let refusing = WrittenFile.outcome(content, at: path, identity: identity) {
      LyingChannel.refusing($0.name, errno: 5)
    }
    #expect(refusing.isImpossible)
  }

  @Test(arguments: [0, 1, 4096]) func `a file that is shorter or longer is found`(left: Int) throws {
    let shorter = WrittenFile.outcome(content, at: path, identity: try write(Array(content.prefix(left))))
    #expect(shorter.evidence != nil)
    let longer = WrittenFile.outcome(Array(content.prefix(left)), at: path, identity: try write(content))
    #expect(longer.evidence != nil)
  }

  @Test func `what is gone, or another file by now, is no contradiction`() throws {
    let identity = try write(content)
    _ = try write([1, 2, 3])
    #expect(WrittenFile.outcome(content, at: path, identity: identity).isImpossible)
    #expect(WrittenFile.outcome(content, at: folder.path(of: "missing"), identity: identity).isImpossible)
  }
}

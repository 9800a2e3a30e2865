import Capture
import Foundation
import KernelFormats
import KernelModel
import Postmortem
import Testing

/// Memory of 256 pages, each full of its number, of which some cannot be read.
private final class NumberedPages: Dump {
  let format = "numbered"
  let extents = [PhysicalAddress(0)..<PhysicalAddress(frame: 256)]
  let notes: [ElfNote] = []
  let vmcoreInfo: [UInt8]? = nil
  let remarks: [String] = []
  let isFiltered = false
  var unreadable: Set<UInt64> = []

  func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    for offset in 0..<bytes.byteCount {
      let frame = (address.rawValue + UInt64(offset)) >> 12
      guard frame < 256, !unreadable.contains(frame) else { throw .absent(PhysicalAddress(frame: frame)) }
      bytes.withUnsafeMutableBytes { $0[offset] = UInt8(frame) }
    }
  }
}

@Suite struct PageSavingTests {
  private let memory = NumberedPages()
  private let folder: URL
  private var path: String { folder.appending(path: "capture").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "capture-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func tidy() { try? FileManager.default.removeItem(at: folder) }
  private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? [] }

  private var description: KdumpWriter.Description {
    KdumpWriter.Description(
      nodeName: "web17", release: "6.1.0-test", version: "#1 SMP", machine: "x86_64", time: 0, processorCount: 1,
      extents: memory.extents, physicalBase: 0, vmcoreInfo: Array("OSRELEASE=6.1.0-test\n".utf8))
  }

  private func pages(_ frames: [UInt64]) -> PageSet {
    frames.reduce(into: PageSet()) { $0.insert($1) }
  }

  @Test func `pages are saved in their order, without those that cannot be read or are no memory`() throws {
    defer { tidy() }
    memory.unreadable = [7, 200]
    let file = try CaptureFile(path, replaces: false)
    var told: [Int] = []
    let outcome = try PageSaving.save(
      pages([0, 1, 2, 6, 7, 8, 100, 200, 255, 256, 1 << 50]), of: memory, as: description, to: file,
      progress: { told.append($0) })
    #expect(outcome.pageCount == 7 && outcome.unreadable == 2 && outcome.zeroPageCount == 1)
    #expect(told.last == 9 && told == told.sorted())
    let dump = try DumpFile.open(path: file.temporaryPath)
    for frame: UInt64 in [0, 1, 2, 6, 8, 100, 255] {
      #expect(
        try dump.bytes(at: PhysicalAddress(frame: frame), count: 4096) == [UInt8](repeating: UInt8(frame), count: 4096))
    }
    #expect(throws: PhysicalFault.leftOut(PhysicalAddress(frame: 7))) {
      _ = try dump.bytes(at: PhysicalAddress(frame: 7), count: 1)
    }
  }

  @Test func `whoever interrupts is obeyed`() throws {
    defer { tidy() }
    let file = try CaptureFile(path, replaces: false)
    var asked = 0
    #expect(throws: PageSaving.Failure.interrupted) {
      _ = try PageSaving.save(
        pages(Array(0..<250)), of: memory, as: description, to: file,
        isInterrupted: {
          asked += 1
          return asked > 2
        })
    }
  }

  // MARK: The file

  @Test func `a file has its name when it is whole, and is its owner's alone`() throws {
    defer { tidy() }
    let file = try CaptureFile(path, replaces: false)
    try [1, 2, 3].withUnsafeBytes { try file.write($0, at: 4) }
    #expect(names == ["capture.unfinished"])
    try file.finish()
    #expect(names == ["capture"])
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func `a file that is given up leaves nothing`() throws {
    defer { tidy() }
    do {
      let file = try CaptureFile(path, replaces: false)
      try [1, 2, 3].withUnsafeBytes { try file.write($0, at: 0) }
    }
    #expect(names == [])
  }

  @Test func `what is there is replaced only if that was asked, and never what is no file`() throws {
    defer { tidy() }
    try Data("old".utf8).write(to: URL(filePath: path))
    #expect(throws: CaptureFileError.inTheWay(path, "is there already; --force replaces it")) {
      _ = try CaptureFile(path, replaces: false)
    }
    #expect(names == ["capture"])
    let file = try CaptureFile(path, replaces: true)
    try [UInt8](repeating: 7, count: 2).withUnsafeBytes { try file.write($0, at: 0) }
    #expect(try Data(contentsOf: URL(filePath: path)) == Data("old".utf8))
    try file.finish()
    #expect(try Data(contentsOf: URL(filePath: path)) == Data([7, 7]))
    let link = folder.appending(path: "link").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    #expect(throws: CaptureFileError.self) { _ = try CaptureFile(link, replaces: true) }
  }

  @Test func `what a killed program left is taken over, and what another writes is not`() throws {
    defer { tidy() }
    try Data(repeating: 1, count: 10000).write(to: URL(filePath: path + ".unfinished"))
    let file = try CaptureFile(path, replaces: false)
    #expect(throws: CaptureFileError.inTheWay(path + ".unfinished", "is being written by another program")) {
      _ = try CaptureFile(path, replaces: false)
    }
    #expect(names == ["capture.unfinished"])
    try [UInt8](repeating: 7, count: 2).withUnsafeBytes { try file.write($0, at: 0) }
    try file.finish()
    #expect(try Data(contentsOf: URL(filePath: path)) == Data([7, 7]))
  }

  @Test func `a folder that is not there is told`() {
    defer { tidy() }
    let missing = folder.appending(path: "none/capture").path
    #expect(throws: CaptureFileError.failed("make", missing + ".unfinished", errno: ENOENT)) {
      _ = try CaptureFile(missing, replaces: false)
    }
  }
}

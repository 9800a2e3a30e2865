import Capture
import Files
import Foundation
import KernelFormats
import KernelModel
import Postmortem
import TestFolder
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
  private let folder: TemporaryFolder
  private var path: String { folder.path(of: "capture") }

  init() throws { folder = try TemporaryFolder() }

  private var description: KdumpWriter.Description {
    KdumpWriter.Description(
      nodeName: "web17", release: "6.1.0-test", version: "#1 SMP", machine: "x86_64", time: 0, processorCount: 1,
      extents: memory.extents, physicalBase: 0, vmcoreInfo: Array("OSRELEASE=6.1.0-test\n".utf8))
  }

  private func pages(_ frames: [UInt64]) -> PageSet {
    frames.reduce(into: PageSet()) { $0.insert($1) }
  }

  @Test func `pages are saved in their order, without those that cannot be read or are no memory`() throws {
    memory.unreadable = [7, 200]
    let file = try AtomicFile(path, waits: false)
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

  @Test(arguments: PageCompression.allCases)
  func `what is kept is saved in small parts, to the same file`(_ compression: PageCompression) throws {
    var saved: [[UInt8]] = []
    for isKept in [false, true] {
      let file = try AtomicFile(path, waits: false)
      let outcome = try PageSaving.save(
        pages(Array(0..<256)), of: memory, isKept: isKept, as: description, compression: compression, to: file)
      #expect(outcome.pageCount == 256 && outcome.unreadable == 0)
      saved.append([UInt8](try Data(contentsOf: URL(fileURLWithPath: file.temporaryPath))))
      file.abandon()
    }
    #expect(saved[0] == saved[1])
    // Each page but that of zeros is one byte throughout.
    #expect(compression == .none ? saved[0].count > 255 * 4096 : saved[0].count < 128 << 10, "\(saved[0].count)")
  }

  @Test func `whoever interrupts is obeyed`() throws {
    let file = try AtomicFile(path, waits: false)
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
}

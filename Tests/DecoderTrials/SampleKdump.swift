internal import KernelFormats
internal import TestKernel

/// A kdump-compressed file in the making: its parts, which may be changed before they are put together.
package struct SampleKdump {
  package static let block = 4096

  package var signature = Array("KDUMP   ".utf8)
  package var version: UInt32 = 6
  package var status: UInt32 = 0
  package var blockByteCount: UInt32 = 4096
  package var split: UInt32 = 0
  package var pageFrameCount: UInt64 = 0
  /// Which page frames are memory, which are in the file; the first is nil in a file with one bitmap.
  package var known: [UInt8]?
  package var held: [UInt8] = []
  package var pages: [(bytes: [UInt8], flags: UInt32)] = []
  package var notes: [UInt8] = []
  package var vmcoreInfo: [UInt8] = []

  package init(_ dump: SampleDump, _ compression: SamplePageCompression) {
    pageFrameCount = (dump.pages.keys.max() ?? 0) + 1
    var known = [UInt8](repeating: 0, count: Self.block)
    held = known
    for number in dump.pages.keys.sorted() {
      known[Int(number / 8)] |= 1 << (number % 8)
      guard case .held(let bytes) = dump.pages[number] else { continue }
      held[Int(number / 8)] |= 1 << (number % 8)
      // As makedumpfile does: what does not get shorter stays as it was.
      let compressed = compression.compress(bytes) ?? bytes
      let isShorter = compressed.count < bytes.count
      pages.append(isShorter ? (compressed, compression.rawValue) : (bytes, 0))
    }
    self.known = known
    notes = SampleDump.noteBytes
    vmcoreInfo = SampleDump.notes.first { $0.name == "VMCOREINFO" }?.descriptor ?? []
  }

  /// Where the page descriptors are.
  package var descriptorOffset: Int { (known == nil ? 3 : 4) * Self.block }

  package var file: [UInt8] {
    let noteOffset = descriptorOffset + pages.count * 24
    var offset = noteOffset + notes.count + vmcoreInfo.count
    var descriptors: [UInt8] = []
    for (bytes, flags) in pages {
      descriptors += little(UInt64(offset)) + little(UInt32(bytes.count)) + little(flags) + little(UInt64(0))
      offset += bytes.count
    }
    return padded(header) + padded(subHeader(noteOffset: noteOffset)) + (known ?? []) + held + descriptors + notes
      + vmcoreInfo + pages.flatMap(\.bytes)
  }

  private var header: [UInt8] {
    var bytes = signature + little(version) + [UInt8](repeating: 0, count: 424 - 12)
    let bitmapBlocks: UInt32 = known == nil ? 1 : 2
    for number in [status, blockByteCount, 1, bitmapBlocks, UInt32(truncatingIfNeeded: pageFrameCount)] {
      bytes += little(number)
    }
    return bytes + [UInt8](repeating: 0, count: 464 - bytes.count)
  }

  private func subHeader(noteOffset: Int) -> [UInt8] {
    let none = little(UInt64(0))
    return none + little(UInt32(31)) + little(split) + none + none
      + little(UInt64(noteOffset + notes.count)) + little(UInt64(vmcoreInfo.count))
      + little(UInt64(noteOffset)) + little(UInt64(notes.count)) + none + none + none + none + little(pageFrameCount)
  }

  private func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: Self.block - bytes.count)
  }
}

internal import KernelModel
internal import Postmortem
internal import TestKernel

/// A dump in any format, put to any bytes: whatever can be read of it can be read again, in other pieces.
struct DumpTrial {
  /// Stretches of zeros are left out of what is fuzzed: which bytes of the input stand where in the file.
  var layout: [(byteCount: Int, room: Int)] = []

  func run(_ bytes: [UInt8]) -> String? {
    let dump: any Dump
    do throws(DumpError) {
      dump = try DumpFile.open(BytesSource(expanded(bytes)))
    } catch {
      return error.description.isEmpty ? "an error without words" : nil
    }
    for (lower, upper) in zip(dump.extents, dump.extents.dropFirst()) {
      guard lower.upperBound <= upper.lowerBound else { return "extents out of order" }
    }
    guard !dump.extents.isEmpty, dump.extents.allSatisfy({ !$0.isEmpty }) else { return "an empty extent" }
    guard dump.remarks.allSatisfy({ !$0.isEmpty }) else { return "a remark without words" }
    for extent in dump.extents.prefix(8) {
      let last = PhysicalAddress(extent.upperBound.rawValue - 1)
      for address in [extent.lowerBound, last] {
        if let problem = read(dump, at: address) { return problem }
      }
    }
    return read(dump, at: PhysicalAddress(.max - 8)) ?? read(dump, at: PhysicalAddress(0))
  }

  /// Reads across the end of a page, whole and byte by byte.
  private func read(_ dump: any Dump, at address: PhysicalAddress) -> String? {
    let whole = attempt(dump, at: address, count: 4200)
    switch whole {
    case .success(let bytes):
      for offset in [0, 1, 4095, 4096, 4199] {
        guard let place = address.advanced(by: UInt64(offset)) else { return "memory past the last address" }
        guard attempt(dump, at: place, count: 1) == .success([bytes[offset]]) else { return "a byte that changes" }
      }
      return attempt(dump, at: address, count: 4200) == whole ? nil : "memory that changes"
    case .failure(let fault):
      if case .unreasonable = fault.reason {
        return address.advanced(by: 4200) == nil ? nil : "an unreasonable fault"
      }
      guard PhysicalRegion(start: address, byteCount: 4200).contains(fault.address) else { return "a fault elsewhere" }
      guard case .failure(let again) = attempt(dump, at: fault.address, count: 1) else { return "a fault that goes" }
      return again == fault ? nil : "a fault that changes from \(fault) to \(again)"
    }
  }

  private func attempt(_ dump: any Dump, at address: PhysicalAddress, count: Int) -> Result<[UInt8], PhysicalFault> {
    Result { () throws(PhysicalFault) in try dump.bytes(at: address, count: count) }
  }

  private func expanded(_ bytes: [UInt8]) -> [UInt8] {
    var rest = bytes[...]
    var file: [UInt8] = []
    for (byteCount, room) in layout {
      file += rest.prefix(byteCount)
      rest = rest.dropFirst(byteCount)
      if !rest.isEmpty { file += [UInt8](repeating: 0, count: room - byteCount) }
    }
    return file + rest
  }

  /// The other way around: what of `file` is fuzzed.
  private func condensed(_ file: [UInt8]) -> [UInt8] {
    var rest = file[...]
    var bytes: [UInt8] = []
    for (byteCount, room) in layout {
      bytes += rest.prefix(byteCount)
      rest = rest.dropFirst(room)
    }
    return bytes + rest
  }
}

extension DumpTrial {
  static let plain = DumpTrial()
  /// The headers, and the starts of two bitmaps.
  static let kdump = DumpTrial(layout: [(464, 4096), (104, 4096), (8, 4096), (8, 4096)])
  static let flattened = DumpTrial(layout: [(32, 4096)])

  static var vmcoreSamples: [[UInt8]] { [tinyCore] }

  /// Pages next to each other, each compressed in another way.
  static var kdumpSamples: [[UInt8]] {
    let page = [UInt8](repeating: 7, count: 4096)
    let ways: [SamplePageCompression] = [.zlib, .lzo, .snappy, .zstd]
    var dump = SampleDump(pages: [6: .leftOut])
    for number in 1...ways.count { dump.pages[UInt64(number)] = .held(page) }
    var file = SampleKdump(dump, .zlib)
    file.pages = ways.map { ($0.compress(page) ?? page, $0.rawValue) }
    return [kdump.condensed(file.file)]
  }

  static var flattenedSamples: [[UInt8]] {
    [flattened.condensed(SampleFlattened.flatten(tinyCore, recordByteCount: 64))]
  }

  static var limeSamples: [[UInt8]] {
    [SampleLime.lime(0x1000, Array(0..<40)) + SampleLime.lime(0x2000, Array(50..<90))]
  }

  static var avmlSamples: [[UInt8]] {
    let memory = [UInt8](repeating: 3, count: 70) + Array(0..<40)
    return [SampleLime.avml(0x1000, memory, chunkByteCount: 70) + SampleLime.avml(0x2000, Array(50..<90))]
  }

  /// A core file with notes, a stretch of memory, and one of which half is left out.
  private static var tinyCore: [UInt8] {
    var file = SampleCoreFile(segments: [
      .init(address: 0, byteCount: 0), .init(address: 0xffff_8880_0000_1000, byteCount: 32),
      .init(address: 0xffff_8880_0000_1018, byteCount: 32),
    ])
    let notes = SampleCoreFile.note("VMCOREINFO", type: 0, Array("PAGESIZE=4096\n".utf8))
    let start = UInt64(64 + 3 * 56)
    file.segments[0].type = 4
    file.segments[0].fileOffset = start
    file.segments[0].fileByteCount = UInt64(notes.count)
    for (index, physical) in [(1, UInt64(0x1000)), (2, 0x1018)] {
      file.segments[index].physicalAddress = physical
      file.segments[index].fileOffset = start + UInt64(notes.count + (index - 1) * 32)
    }
    file.segments[2].fileByteCount = 16
    return file.header + file.table + notes + Array(0..<48)
  }
}

package import KernelFormats
package import KernelModel

/// A kdump-compressed file: what makedumpfile writes, and QEMU's `dump-guest-memory -z`, `-l` or `-s`.
///
/// Headers, one or two bitmaps, a descriptor of 24 bytes for each page that is in it, and the pages, each compressed for
/// itself. Source: IMPLEMENTATION and diskdump_mod.h, makedumpfile 1.7.2.
package final class KdumpDump: Dump {
  package let format: String
  package let extents: [PhysicalRegion]
  package let notes: [ElfNote]
  package let vmcoreInfo: [UInt8]?
  package let remarks: [String]
  package let isFiltered: Bool

  private let bitmap: PageBitmap
  private let pages: KdumpPages
  private let cache = BlockCache(blockByteCount: KdumpHeader.blockByteCount)

  init(_ source: any DumpSource, format: String = "kdump-compressed", remarks: [String] = []) throws(DumpError) {
    self.format = format
    let block = KdumpHeader.blockByteCount
    let head = try source.available(block, at: 0)
    let subHeader = try source.available(block, at: UInt64(block))
    let header = try KdumpHeader.decode(head.span, subHeader: subHeader.span)
    bitmap = try PageBitmap(header, source)
    guard bitmap.heldCount > 0 else { throw .noMemory("its bitmap has no page") }
    pages = KdumpPages(header, count: bitmap.heldCount, source)
    var remarks = remarks
    let notes = try source.notes(at: header.notes.offset, byteCount: header.notes.byteCount, &remarks)
    self.notes = notes
    vmcoreInfo =
      header.vmcoreInfo.byteCount > 0
      ? try source.vmcoreInfo(at: header.vmcoreInfo.offset, byteCount: header.vmcoreInfo.byteCount, &remarks)
      : notes.vmcoreInfo
    isFiltered = bitmap.leftOutCount > 0
    extents = bitmap.extents.map { PhysicalAddress(frame: $0.lowerBound)..<PhysicalAddress(frame: $0.upperBound) }
    if header.status & ~KdumpHeader.knownStatus != 0 {
      remarks.append("its status has bits that are not known: \(header.status.hexadecimal)")
    }
    if let remark = try pages.missing() { remarks.append(remark) }
    self.remarks = remarks
  }

  package func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    try bytes.fill(from: address, piece)
  }

  private func piece(
    at address: PhysicalAddress, into target: UnsafeMutableRawBufferPointer
  ) throws(PhysicalFault) -> Int {
    let fault: PhysicalFault
    do throws(SourceFault) {
      switch try bitmap.holding(of: address.frame) {
      case .held(let number):
        return try cache.copy(
          number, from: Int(Machine.offsetInPage(address.rawValue)), byteCount: KdumpHeader.blockByteCount, into: target
        ) { page throws(SourceFault) in try pages.read(number, into: page) }
      case .leftOut: fault = .leftOut(address)
      case .absent: fault = .absent(address)
      }
    } catch {
      fault = error.fault(at: address)
    }
    throw fault
  }
}

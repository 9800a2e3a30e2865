package import KernelFormats
package import KernelModel

/// A dump that remembers which of its pages were read.
///
/// Whoever looks at a kernel through it finds out what looking takes: another file that has those pages gives the same
/// answers.
package final class RecordingDump: Dump {
  private let base: any Dump
  /// The pages that were read.
  package private(set) var read = PageSet()
  /// The pages that were asked for, of which the dump knows and which it does not have.
  package private(set) var leftOut = PageSet()

  package init(_ base: any Dump) {
    self.base = base
  }

  package var format: String { base.format }
  package var extents: [PhysicalRegion] { base.extents }
  package var notes: [ElfNote] { base.notes }
  package var vmcoreInfo: [UInt8]? { base.vmcoreInfo }
  package var remarks: [String] { base.remarks }
  package var isFiltered: Bool { base.isFiltered }

  package func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    do throws(PhysicalFault) {
      try base.read(at: address, into: &bytes)
    } catch {
      if error.reason == .leftOut { leftOut.insert(error.address.frame) }
      throw error
    }
    read.insert(PhysicalRegion(start: address, byteCount: UInt64(bytes.byteCount)))
  }
}

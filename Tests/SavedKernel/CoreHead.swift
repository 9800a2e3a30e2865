import KernelFormats
import KernelModel

/// The beginning of a guest's `/proc/kcore`: where its memory lies, and what the kernel tells crash tools.
struct CoreHead {
  private let segments: [CoreFileSegment]
  let info: VMCoreInfo

  init(_ bytes: [UInt8]) throws(SavedKernelError) {
    do {
      let header = try CoreFileHeader.decode(bytes.span)
      guard header.programHeaderOffset < UInt64(bytes.count) else {
        throw SavedKernelError("its program headers are not in it")
      }
      segments = try CoreFileSegment.decodeTable(
        bytes.span.extracting(Int(header.programHeaderOffset)..<bytes.count), count: header.programHeaderCount)
      guard let notes = segments.first(where: { $0.kind == .note }),
        notes.fileOffset + notes.fileByteCount <= UInt64(bytes.count)
      else { throw SavedKernelError("its notes are not in it") }
      let region = bytes.span.extracting(Int(notes.fileOffset)..<Int(notes.fileOffset + notes.fileByteCount))
      guard let note = try ElfNote.decodeAll(region).first(where: { $0.name == "VMCOREINFO" }) else {
        throw SavedKernelError("it has no note VMCOREINFO")
      }
      info = try VMCoreInfo.decode(note.descriptor.span)
    } catch {
      throw SavedKernelError("the snapshot's file `core`: \(error)")
    }
  }

  /// The physical address of an address in the kernel's image.
  func physical(of address: KernelAddress) throws(SavedKernelError) -> PhysicalAddress {
    for segment in segments {
      if segment.kind == .load, segment.memory.contains(address),
        let physical = segment.physicalAddress?.advanced(by: address.rawValue - segment.memory.start.rawValue)
      {
        return physical
      }
    }
    throw SavedKernelError("no segment of the snapshot's file `core` has a physical address for \(address)")
  }
}

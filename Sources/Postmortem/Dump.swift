package import KernelFormats
package import KernelModel

/// A file that holds a machine's physical memory, or part of it.
///
/// What a ``KernelAddress`` names here is a physical address. A page that the file lacks is never read as zeros:
/// ``MemoryFault/absent(_:)`` where the file knows of no memory at all, ``MemoryFault/leftOut(_:)`` where it knows of
/// it and does not have it.
package protocol Dump: KernelMemory {
  /// What the format is called: `ELF vmcore`, `kdump-compressed`, `LiME`.
  var format: String { get }
  /// Where the file says that there is memory, in physical addresses, lowest first, not overlapping; whether it has each
  /// page of it is another question.
  var extents: [MemoryRegion] { get }
  /// The notes of the file; none where its format has none.
  var notes: [ElfNote] { get }
  /// The text that the kernel leaves for crash tools, if the file says where it is: the descriptor of the note
  /// VMCOREINFO.
  var vmcoreInfo: [UInt8]? { get }
  /// What was odd about the file and did not stop us.
  var remarks: [String] { get }
  /// Whether the file was made without some of the pages it knows of.
  var isFiltered: Bool { get }
}

package import KernelFormats
package import KernelModel

/// A file that holds a machine's physical memory, or part of it.
///
/// A page that the file lacks is never read as zeros: ``FaultReason/absent`` where the file knows of no memory at all,
/// ``FaultReason/leftOut`` where it knows of it and does not have it.
package protocol Dump: PhysicalMemory {
  /// What the format is called: `ELF vmcore`, `kdump-compressed`, `LiME`.
  var format: String { get }
  /// Where the file says that there is memory, lowest first, not overlapping; whether it has each page of it is another
  /// question.
  var extents: [PhysicalRegion] { get }
  /// The notes of the file; none where its format has none.
  var notes: [ElfNote] { get }
  /// The text that the kernel leaves for crash tools, if the file says where it is: the descriptor of the note
  /// VMCOREINFO.
  var vmcoreInfo: [UInt8]? { get }
  /// What was odd about the file and did not stop us.
  var remarks: [String] { get }
  /// Whether the file was made without some of the pages it knows of.
  var isFiltered: Bool { get }
  /// The same file, if it holds memory and nothing else, with nothing from `start` up to 4 GiB: what follows in the file lies behind;
  /// nil if the file says where its memory is.
  func leavingOut(from start: PhysicalAddress) -> (any Dump)?
}

extension Dump {
  package func leavingOut(from start: PhysicalAddress) -> (any Dump)? { nil }
}

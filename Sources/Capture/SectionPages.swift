internal import Crash
internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Where the kernel keeps the names and addresses of its modules' sections and notes, with which crash and drgn load a module's debug
/// information.
///
/// Source: `struct module_sect_attrs`, kernel/module/sysfs.c (Linux v6.1; kernel/module.c before v5.19). Since Linux kernel
/// commit 34f5ec0f8252 ("module: sysfs: Drop member 'module_sect_attr::address'") (in v6.14) it holds the attributes
/// themselves.
struct SectionPages {
  private static let mostModules = 4096
  private static let mostSections: UInt64 = 512
  /// MODULE_SECT_READ_SIZE and more: no name of a section is longer, in bytes.
  private static let longestName: UInt64 = 128

  /// `struct module_notes_attrs` with a handful of notes, in bytes: where a module's build id is told.
  private static let noteRecordsByteCount: UInt64 = 1024

  private let reader: Snapshot
  private let start: UInt64
  private let stride: UInt64
  private let name: UInt64

  init?(_ reader: Snapshot) {
    self.reader = reader
    let types = reader.types
    let (entry, path) =
      types.structure("module_sect_attr") == nil
      ? ("bin_attribute", "attr.name") : ("module_sect_attr", "battr.attr.name")
    guard let start = types.offsetIfAny(of: "attrs", in: "module_sect_attrs"),
      let byteCount = types.structure(entry)?.byteCount, byteCount > 0,
      let name = types.offsetIfAny(of: path, in: entry)
    else { return nil }
    (self.start, stride, self.name) = (start, UInt64(byteCount), name)
  }

  func note(in notes: inout PageNotes) throws(CannotCheck) {
    for module in try reader.list(at: "modules", linkedBy: "list", of: "module", limit: Self.mostModules) {
      if let records = try module.valueIfAny("notes_attrs") {
        notes.note(records, byteCount: Self.noteRecordsByteCount)
      }
      guard let attributes = try module.valueIfAny("sect_attrs"),
        KernelAddress(attributes).isInKernelHalf
      else { continue }
      notes.note(attributes, byteCount: start)
      for index in 0..<Self.mostSections {
        let entry = attributes &+ start &+ index * stride
        guard let text = reader.word(at: entry &+ name), KernelAddress(text).isInKernelHalf else { break }
        notes.note(entry, byteCount: stride)
        notes.note(text, byteCount: Self.longestName)
      }
    }
  }
}

internal import Crash
internal import KernelFormats
package import KernelModel
internal import KernelObjects
package import Postmortem

/// The pages of a kernel that a capture has whatever the checks read: the image, the page tables, all that may be executed
/// and all that belongs to modules, what belongs to processors and tasks, the log, and what crash tools are told.
package struct KernelSurvey {
  /// One part of it.
  package struct Part: Hashable, Sendable {
    package var name: String
    /// Pages that no part before it had.
    package var pageCount: Int
    /// Why it is not there, or not all of it; nil if nothing was in the way.
    package var problem: String?
  }

  package private(set) var pages = PageSet()
  package private(set) var parts: [Part] = []
  /// How many processors the kernel was started for; 1 if it does not say.
  package private(set) var processorCount = 1
  /// The text that the kernel left for crash tools; nil if it cannot be had.
  package private(set) var vmcoreInfo: [UInt8]?

  private let kernel: Kernel

  package init(of kernel: Kernel) {
    self.kernel = kernel
    take("the kernel's image") { (notes) throws(CannotCheck) in try Self.noteImage(of: kernel, &notes) }
    take("page tables") { (notes) throws(CannotCheck) in
      guard let tables = kernel.mappings as? Machine.PageTables else {
        throw .withheld(Withheld("the page tables", why: "they were not found"))
      }
      for page in tables.tablePages() { notes.note(page) }
    }
    take("modules and executable memory") { (notes) throws(CannotCheck) in
      if let end = kernel.image?.end { try notes.note(mapped: Machine.moduleSpace(above: end)) }
      try notes.noteExecutable()
    }
    take("fixed addresses and processors' entry areas") { (notes) throws(CannotCheck) in
      for region in Machine.fixedRegions { try notes.note(mapped: region) }
    }
    let read = Result { () throws(CannotCheck) in try Snapshot(of: kernel) }
    take("processors") { (notes) throws(CannotCheck) in try ProcessorPages(read.get()).note(in: &notes) }
    take("tasks and their stacks") { (notes) throws(CannotCheck) in try TaskPages(read.get()).note(in: &notes) }
    take("the log") { (notes) throws(CannotCheck) in try LogPages.note(in: &notes, read.get()) }
    take("what crash tools need") { (notes) throws(CannotCheck) in try CrashToolPages(read.get()).note(in: &notes) }
    take("the names of modules' sections") { (notes) throws(CannotCheck) in
      try SectionPages(read.get())?.note(in: &notes)
    }
    guard let reader = try? read.get() else { return }
    processorCount = (try? PerProcessor(reader, known: 1).offsets.count) ?? 1
    vmcoreInfo = CrashToolPages(reader).vmcoreInfo
  }

  private mutating func take(_ name: String, _ note: (inout PageNotes) throws(CannotCheck) -> Void) {
    var notes = PageNotes(kernel.mappings)
    var problem: String?
    do throws(CannotCheck) {
      try note(&notes)
    } catch {
      problem = error.description
    }
    if notes.isFull { problem = "more than is believed; the rest was left out" }
    let before = pages.count
    pages.formUnion(notes.pages)
    parts.append(Part(name: name, pageCount: pages.count - before, problem: problem))
  }

  /// All of the image but what the kernel gave back when it had booted, which is anybody's memory now:
  /// free_initmem, arch/x86/mm/init.c (Linux v5.10 to v7.2).
  private static func noteImage(of kernel: Kernel, _ notes: inout PageNotes) throws(CannotCheck) {
    guard let image = kernel.image, let end = image.end else { throw .symbolMissing("_text or _end") }
    let given = [try kernel.address(of: "__init_begin"), try kernel.address(of: "__init_end")]
    try notes.note(mapped: MemoryRegion(from: image.start, to: min(given[0], end)))
    try notes.note(mapped: MemoryRegion(from: max(given[1], image.start), to: end))
  }
}

internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The pointers to code that the vendor's image puts into memory of the kernel's that may change, and the constant tables that
/// it has.
struct KernelPointers {
  private(set) var slots: [PointerSlot] = []
  private(set) var tables = PointerTables()
  /// Why what each processor has was not found; nil if it was, or if there is none.
  private(set) var obstacle: CannotCheck?
  /// Whether the image says where it holds addresses; else they were found by what places hold.
  let areListed: Bool

  /// - Parameter processors: how far from their symbols each processor's variables lie.
  /// - Throws: if the kernel was moved, and the image does not say where it holds addresses.
  init(_ vendor: VendorKernel, processors: Result<[UInt64], CannotCheck>) throws(CannotCheck) {
    let relocations = try vendor.relocations.get()
    areListed = relocations.areListed
    let areas = try Areas(vendor)
    var file = FileBytes(vendor.object)
    let offset = vendor.offset
    var constants: [PointerTables.Entry] = []
    var waiting: [(place: UInt64, target: UInt64)] = []
    var copied: [(place: UInt64, target: UInt64)] = []
    relocations.forEachPointer { place in
      if let template = areas.copied, template.range.contains(place) {
        guard let bytes = template.pointer(at: place) else { return }
        copied.append((place, bytes.value(UInt64.self) &+ offset))
        return
      }
      guard let bytes = file.pointer(at: place, count: 8), let memory = file.permissions(at: place) else { return }
      let target = bytes.value(UInt64.self) &+ offset
      switch areas.kind(of: place, in: memory) {
      case .constant:
        if vendor.text.contains(target) { constants.append(.init(place: place &+ offset, function: target)) }
      case .writable: waiting.append((place &+ offset, target))
      case nil: return
      }
    }
    tables = PointerTables(constants, object: vendor.symbols.object(around:))
    let followed = Machine.followedPointers(of: vendor)
    let keys = Set(vendor.trampolines.map(\.key))
    func kind(of target: UInt64) -> PointerSlot.Kind? {
      vendor.text.contains(target) ? .function : tables.has(target) ? .table : nil
    }
    // arch/x86/kernel/ftrace_64.S and kernel/trace/fgraph.c (Linux v5.10 to v7.2).
    let stubs = Set(["ftrace_stub", "ftrace_stub_graph", "ftrace_graph_entry_stub"].compactMap { vendor.symbols[$0] })
    for (place, target) in waiting.sorted(by: { $0.place < $1.place }) {
      guard let kind = kind(of: target) else { continue }
      let next = followed.partitionPoint { $0.lowerBound > place }
      let isFollowed = next > 0 && followed[next - 1].contains(place)
      slots.append(
        PointerSlot(
          address: place, target: target,
          kind: keys.contains(place) ? .key : isFollowed ? .followed : stubs.contains(target) ? .judgedElsewhere : kind)
      )
    }
    guard let template = areas.copied else { return }
    let distances: [UInt64]
    do throws(CannotCheck) {
      distances = try processors.get()
    } catch {
      obstacle = copied.isEmpty ? nil : error
      return
    }
    for (place, target) in copied {
      guard let kind = kind(of: target) else { continue }
      // Its variables' symbols count from 0 on, or are addresses of the image.
      let variable = template.countsFromZero ? place &- template.range.lowerBound : place &+ offset
      for processor in distances where processor != 0 && processor != template.range.lowerBound &+ offset {
        slots.append(
          PointerSlot(address: variable &+ processor, target: target, kind: kind, variable: variable))
      }
    }
    slots.sort { $0.address < $1.address }
  }

  /// What is where in the image, by link-time addresses.
  private struct Areas {
    enum Kind {
      case constant, writable
    }

    private let writtenOnce: Range<UInt64>
    private let constantsEnd: UInt64
    /// What the kernel gives back when it has booted.
    private let initialisation: Range<UInt64>
    private(set) var copied: Copied?

    /// What each processor gets a copy of: `.data..percpu`.
    ///
    /// It counted from 0 on, and lay at `__per_cpu_load`, before Linux kernel commit 9d7de2aa8b41 ("x86/percpu/64: Use relative
    /// percpu offsets") (in v6.15).
    struct Copied {
      var range: Range<UInt64>
      var countsFromZero: Bool
      var object: VendorObject
      var section: VendorObject.Section

      func pointer(at place: UInt64) -> UnsafeRawPointer? {
        object.pointer(at: place &- range.lowerBound, of: section, count: 8)
      }
    }

    /// - Throws: if a bound is not known: memory that the kernel gave back would be taken for changed pointers.
    init(_ vendor: VendorKernel) throws(CannotCheck) {
      let (symbols, offset) = (vendor.symbols, vendor.offset)
      func range(_ first: String, _ last: String) throws(CannotCheck) -> Range<UInt64> {
        let (start, end) = (try symbols.address(of: first), try symbols.address(of: last))
        guard start <= end, start >= offset else {
          throw .implausible(VendorImage.subject, "its symbols \(first) and \(last) are not in this order")
        }
        return start &- offset..<end &- offset
      }
      writtenOnce = try range("__start_ro_after_init", "__end_ro_after_init")
      constantsEnd = try symbols.address(of: "__end_rodata") &- offset
      initialisation = try range("__init_begin", "__init_end")
      if let section = vendor.object.section(named: ".data..percpu"), !section.fileRange.isEmpty,
        let start = section.address != 0 ? section.address : symbols["__per_cpu_load"].map({ $0 &- offset }),
        !start.addingReportingOverflow(section.byteCount).overflow
      {
        copied = Copied(
          range: start..<start + section.byteCount, countsFromZero: section.address == 0, object: vendor.object,
          section: section)
      }
    }

    func kind(of place: UInt64, in memory: FileBytes.Permissions) -> Kind? {
      if writtenOnce.contains(place) { return .writable }
      if initialisation.contains(place) { return nil }
      if place < constantsEnd { return memory.isExecutable ? nil : .constant }
      // From v7 on `.data` has the flag of code, too.
      return memory.isWritable ? .writable : nil
    }
  }
}

package import KernelModel

internal import KernelFormats
internal import KernelObjects

/// Compares the running kernel's text and constants, byte for byte, with what the vendor's image must have become.
package final class KernelTextVerifier {
  let kernel: Kernel
  let vendor: VendorKernel
  let facts: Machine.PatchFacts
  let ftrace: FtraceState
  let kprobes: KprobeState
  /// The modules that were loaded when the first of the live state was read.
  let modules: Result<LiveModules, CannotCheck>
  private(set) var trampolines: Machine.Patching.Trampolines?
  private let relocations: Machine.ImageRelocations
  private let patching: Machine.Patching
  private var knownInterceptions: Interceptions?

  /// - Parameter memory: where the live state is read from; another than `kernel.memory` to look again.
  /// - Throws: if the image makes no sense, or the kernel's own state cannot be read.
  init(_ kernel: Kernel, vendor: VendorKernel, memory: any KernelMemory) throws(CannotCheck) {
    self.kernel = kernel
    self.vendor = vendor
    relocations = try vendor.relocations.get()
    recreation = Self.moved(vendor, relocations)
    facts = try Machine.PatchFacts(
      of: vendor, live: LivePages(memory), image: recreation.image,
      ownership: CodeOwnership(kernel: kernel, symbols: vendor.symbols, text: vendor.text))
    let reader = facts.reader
    modules = Result { () throws(CannotCheck) in
      // Those of the first attempt are read at the same moment as all else.
      try kernel.steadily(reading: memory, attempts: 8) { (again: any KernelMemory) throws(CannotCheck) in
        try LiveModules(again === memory ? reader : reader.reading(again))
      }
    }
    ftrace = try FtraceState(reader)
    kprobes = try KprobeState(reader)
    patching = Machine.Patching(facts: facts, tables: vendor.tables, ftrace: ftrace, kprobes: kprobes)
  }

  /// The vendor's bytes as they are patched so far.
  private(set) var recreation: Recreation

  /// Where the kernel's code and constants lie, stretch by stretch.
  package var regions: [(name: String, region: MemoryRegion)] {
    compared.map { name, range in
      (name, MemoryRegion(from: KernelAddress(range.lowerBound), to: KernelAddress(range.upperBound)))
    }
  }

  /// Who is called where functions run, as of the same moment.
  func interceptions() -> Interceptions {
    if let known = knownInterceptions { return known }
    let reading = InterceptionReading(facts.reader, facts.ownership, ftrace: ftrace, probes: kprobes)
    let found = Interceptions(reading, kernel: kernel, reader: facts.reader, ownership: facts.ownership)
    knownInterceptions = found
    return found
  }

  /// Gives back the memory of the copy: whoever compares again has it made again.
  func discardImage() {
    recreation = Recreation(TextImage())
  }

  /// Starts over with a copy in which what is done at `traced`, or at every site, is remembered.
  func restart(tracing traced: Range<UInt64>?, recordsSites: Bool = false) throws(CannotCheck) {
    discardImage()
    recreation = Self.moved(vendor, relocations, tracing: traced, recordsSites: recordsSites)
  }

  private func undiscard() {
    do throws(CannotCheck) {
      try restart(tracing: nil)
      try recreate()
    } catch {
      // It was possible a moment ago. What is not patched differs, and nothing passes for equal.
    }
  }

  /// A copy of the vendor's bytes, moved to where the kernel lies.
  private static func moved(
    _ vendor: VendorKernel, _ relocations: Machine.ImageRelocations, tracing traced: Range<UInt64>? = nil,
    recordsSites: Bool = false
  ) -> Recreation {
    let recreation = Recreation(vendor.makeImage(), tracing: traced, recordsSites: recordsSites)
    relocations.apply(to: recreation, offset: vendor.offset)
    return recreation
  }

  /// Every place where a mechanism wrote, by address; made by patching another copy.
  func sites() -> [SiteRecord] {
    let kept = recreation
    defer { recreation = kept }
    recreation = Self.moved(vendor, relocations, recordsSites: true)
    do throws(CannotCheck) {
      try recreate()
    } catch {
      return []  // it was possible a moment ago; without the sites, every difference is judged by itself
    }
    return recreation.sites.sorted { $0.address < $1.address }
  }

  /// Every place that a mechanism may write, whether or not it is known what.
  func places() -> PatchPlaces {
    patching.places(of: vendor, in: Self.moved(vendor, relocations).image, written: sites())
  }

  /// Does all of the kernel's own patching again, in the kernel's order.
  func recreate() throws(CannotCheck) {
    trampolines = try patching.recreate(vendor, in: recreation)
  }

  /// Compares memory with what was recreated.
  func compare(
    _ memory: any KernelMemory, only wanted: [Range<UInt64>]? = nil, mostRuns: Int = TextComparison.mostRuns
  ) -> TextComparison {
    if recreation.image.blocks.isEmpty { undiscard() }
    let sites = Machine.LegalSites(patching, in: recreation, functionStart: vendor.symbols.functionStart(atOrAfter:))
    var comparison = TextComparison(recreation, sites, mostRuns: mostRuns)
    for (_, range) in compared {
      guard let wanted else {
        comparison.compare(range, in: memory)
        continue
      }
      for part in wanted {
        let start = max(part.lowerBound, range.lowerBound)
        let end = min(part.upperBound, range.upperBound)
        if start < end { comparison.compare(start..<end, in: memory) }
      }
    }
    return comparison
  }

  /// What is left of `comparison` once features that were changed late are taken as they were.
  func drift(from comparison: TextComparison, in memory: any KernelMemory) throws(CannotCheck) -> FeatureDrift {
    try FeatureDrift(comparison, candidates: patching.features(at: comparison.runs)) {
      (features: Set<Int>) throws(CannotCheck) -> TextComparison in
      facts.reversedFeatures = features
      try restart(tracing: nil)
      try recreate()
      return compare(memory)
    }
  }

  /// Sections of code and constants without the data that is written once while the kernel boots.
  private lazy var compared: [(name: String, range: Range<UInt64>)] = vendor.sections.flatMap { section in
    let start = section.address &+ vendor.offset
    var end = start &+ UInt64(section.fileRange.count)
    // Code can be hidden behind the last function, where the page goes on: there the file has zeros.
    if section.isExecutable {
      let pageEnd = Machine.pageEnd(end)
      if recreation.image.byteCount(from: end) >= Int(pageEnd - end) { end = pageEnd }
    }
    return Self.range(start..<end, without: vendor.writtenOnce).map { (section.name, $0) }
  }

  private static func range(_ range: Range<UInt64>, without hole: Range<UInt64>) -> [Range<UInt64>] {
    guard !hole.isEmpty, range.overlaps(hole) else { return [range] }
    var parts: [Range<UInt64>] = []
    if range.lowerBound < hole.lowerBound { parts.append(range.lowerBound..<hole.lowerBound) }
    if hole.upperBound < range.upperBound { parts.append(hole.upperBound..<range.upperBound) }
    return parts
  }
}

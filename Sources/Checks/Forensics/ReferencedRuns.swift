internal import KernelFormats
internal import KernelModel

/// The runs of memory that the code of one run refers to and that nobody owns, or the module that the code belongs to.
///
/// Since Linux kernel commit ac3b43283923 ("module: replace module_layout with module_memory") (in v6.4) a module's
/// data, and with it its names and strings, lies apart from its code. The code's own operands say where.
struct ReferencedRuns {
  private(set) var runs: [MappedRun] = []

  private static let mostRuns = 16
  private static let mostInstructions = 400_000

  /// - Parameter modules: those that own what the findings lead to; what they hold apart from their code is looked at, too.
  init(of bytes: RunBytes, run: MappedRun, ofModules modules: Set<String>, limit: UInt64, in kernel: Kernel) {
    guard !Self.isKernelImage(run, in: kernel), let disassembler = Self.disassembler() else { return }
    var pages: [KernelAddress: Int] = [:]
    for code in run.permissions where RunBytes.mayBeExecuted(code) {
      for stretch in bytes.stretches {
        guard let part = Self.part(of: stretch, in: code.region) else { continue }
        Self.collect(from: part.bytes, at: part.start, with: disassembler) { target in
          pages[target.pageStart, default: 0] += 1
        }
      }
    }
    for (page, _) in pages.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      guard runs.count < Self.mostRuns else { break }
      // Only the modules' and vmalloc's areas are followed: the direct map holds everybody's memory, and a stray constant that
      // happens to point into it would bring in a megabyte of a stranger's strings.
      guard !run.region.contains(page), !runs.contains(where: { $0.region.contains(page) }),
        !page.isBelowImage, !Self.mayBeKernels(page, in: kernel), Self.isFollowed(kernel.owner(of: page), modules)
      else { continue }
      let found = MappedRun(around: page, limit: limit, in: kernel)
      // A run that was cut at the limit may be met again from behind the cut: it is told once.
      guard !found.region.overlaps(run.region), !runs.contains(where: { $0.region.overlaps(found.region) }) else {
        continue
      }
      runs.append(found)
    }
    runs.sort { $0.region.start < $1.region.start }
  }

  private static func isFollowed(_ owner: Owner, _ modules: Set<String>) -> Bool {
    switch owner {
    case .nobody(.mapped): true
    case .module(let place): place.module.map(modules.contains) ?? false
    case .nobody, .kernelText, .kernelData, .generatedCode: false
    }
  }

  /// The bytes of a stretch that lie in `region`.
  private static func part(
    of stretch: (start: KernelAddress, bytes: [UInt8]), in region: MemoryRegion
  ) -> (start: KernelAddress, bytes: [UInt8])? {
    let whole = MemoryRegion(start: stretch.start, byteCount: UInt64(stretch.bytes.count))
    guard whole.overlaps(region) else { return nil }
    let start = max(whole.start, region.start)
    guard let skipped = start.offset(from: whole.start), let toEnd = region.end?.offset(from: start) else { return nil }
    let count = min(UInt64(stretch.bytes.count) - skipped, toEnd)
    return (start, Array(stretch.bytes[Int(skipped)..<Int(skipped + count)]))
  }

  /// Whether the run is the kernel's own, whose operands lead everywhere.
  private static func isKernelImage(_ run: MappedRun, in kernel: Kernel) -> Bool {
    kernel.image.map { $0.overlaps(run.region) } ?? false
  }

  /// Whether the page may be the image's, of which nothing says where it ends.
  private static func mayBeKernels(_ page: KernelAddress, in kernel: Kernel) -> Bool {
    kernel.image == nil && Machine.imageSpace.contains(page)
  }

  private static func disassembler() -> Machine.Disassembler? {
    do throws(DisassemblerError) {
      return try Machine.Disassembler()
    } catch {
      return nil  // without a disassembler the run itself is still shown
    }
  }

  private static func collect(
    from bytes: [UInt8], at start: KernelAddress, with disassembler: Machine.Disassembler,
    to add: (KernelAddress) -> Void
  ) {
    var offset = 0
    var decoded = 0
    while offset < bytes.count, decoded < mostInstructions, let address = start.advanced(by: UInt64(offset)) {
      let window = bytes.span.extracting(offset..<min(offset + 4096, bytes.count))
      let run = disassembler.decode(window, at: address, limit: 4096)
      for machine in run {
        if let target = machine.memory?.target, target.isInKernelHalf { add(target) }
        for immediate in machine.immediates where immediate < 0 {
          let target = KernelAddress(UInt64(bitPattern: immediate))
          if target.isInKernelHalf, !machine.isCall, !machine.isJump { add(target) }
        }
      }
      decoded += run.count
      offset += max(run.reduce(0) { $0 + $1.instruction.bytes.count }, Machine.InstructionShape.alignment)
    }
  }
}

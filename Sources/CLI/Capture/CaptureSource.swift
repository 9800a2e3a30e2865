internal import Audit
internal import Baseline
internal import Capture
internal import Checks
internal import KernelFormats
internal import KernelModel
internal import LiveProbe
internal import Postmortem

/// What is captured: the running kernel's memory, or that in a dump.
struct CaptureSource {
  var memory: any Dump
  var origin: CaptureManifest.Origin
  /// What the running kernel says of its taint.
  var taint: UInt64?
  /// What came of the check `reader`, which only a running kernel can be asked.
  var reader: Answer?
  /// Lets the kernel go on for a moment, if it runs.
  var pause: () -> Void = {}

  static func open(
    _ options: DumpOptions, reference: String?, asksCopy: Bool, _ progress: Progress
  ) throws -> CaptureSource {
    if let path = options.image {
      progress.report("opening the dump")
      let dump = try DumpFile.open(path: path, map: options.memory.map)
      return CaptureSource(memory: settled(dump, progress), origin: .dump)
    }
    return try running(reference: reference, asksCopy: asksCopy, progress)
  }

  /// A raw image with its memory where its kernel says that it lies: pages are saved by their addresses.
  private static func settled(_ dump: any Dump, _ progress: Progress) -> any Dump {
    guard dump.leavingOut(from: PhysicalAddress(Machine.pageSize)) != nil else { return dump }
    // What stands against it, the checks meet as well, and say.
    return (try? DeadKernel(dump, progress: progress.report))?.dump ?? dump
  }

  /// The running kernel, with the reading path tried out first: what it answers wrongly would be captured.
  private static func running(
    reference: String?, asksCopy: Bool, _ progress: Progress
  ) throws -> CaptureSource {
    var host: any KernelSource = LiveHost(reference: reference, ahead: .none, asksCopy: asksCopy)
    let verdict = HostScan(checks: [Reader()]).run(on: &host, progress).verdict
    guard let acquisition = (host as? LiveHost)?.acquisition, verdict.obstacles.isEmpty else {
      throw AcquisitionFailure(verdict.obstacles)
    }
    let kernel = acquisition.kernel
    let aliases = PageAliases(kernel)
    return CaptureSource(
      memory: RunningMemory(
        kernel.memory.fresh, extents: acquisition.kcore.ordinaryMemory,
        // Registers are of nobody: they are all zeros (docs/capture.md).
        notes: acquisition.kcore.notes.filter { $0.name == "VMCOREINFO" },
        directMap: acquisition.kcore.directMap, alias: aliases.address(of:)),
      origin: .runningKernel, taint: try? kernel.claims.taint.get(), reader: verdict.answers.first,
      pause: kernel.pause)
  }
}

/// Where memory of modules and executable memory is used, by its physical address; found out when first asked.
private final class PageAliases {
  private let kernel: Kernel
  private var leaves: [(physical: PhysicalRegion, start: KernelAddress)]?

  init(_ kernel: Kernel) {
    self.kernel = kernel
  }

  func address(of physical: PhysicalAddress) -> KernelAddress? {
    let leaves = self.leaves ?? found()
    self.leaves = leaves
    guard let leaf = leaves.first(where: { $0.physical.contains(physical) }) else { return nil }
    return leaf.start.advanced(by: physical.rawValue - leaf.physical.lowerBound.rawValue)
  }

  private func found() -> [(physical: PhysicalRegion, start: KernelAddress)] {
    // Where the page tables cannot be walked, the kernel's map of all memory must do.
    let modules = kernel.image?.end.flatMap { try? kernel.mappings.pages(in: Machine.moduleSpace(above: $0)) } ?? []
    return (modules + ((try? kernel.mappings.executablePages()) ?? [])).map { page in
      (PhysicalRegion(start: page.physicalAddress, byteCount: page.region.byteCount), page.region.start)
    }
  }
}

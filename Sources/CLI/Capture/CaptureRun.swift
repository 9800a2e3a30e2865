internal import Audit
internal import Baseline
internal import Capture
internal import Checks
internal import Crash
internal import Cryptography
internal import Files
internal import Glibc
internal import KernelFormats
internal import KernelModel
internal import Postmortem

/// One capture: finds out which pages it takes, saves them, and makes sure that the file gives the checks' answers.
///
/// Pages are kept as they were when the checks read them, and saved so: the checks say of the file what they said of memory.
/// Where that cannot be, since there are too many or a dump does not say what the file will, the file is scanned instead.
final class CaptureRun {
  private let source: CaptureSource
  private let compression: PageCompression
  private let file: AtomicFile
  private let progress: Progress
  private let interruption: Interruption
  private let shown: ShownDump
  /// Acquires what ``shown`` shows.
  private let host: DumpedHost

  /// How often a running kernel is captured at most until what was saved is in itself consistent.
  private static let mostAttempts = 3
  /// Pages kept at most: 256 MiB, and an eighth of the host's memory.
  private static let mostKept: UInt64 = 1 << 16

  init(
    source: CaptureSource, reference: String?, compression: PageCompression, file: AtomicFile, progress: Progress,
    interruption: Interruption
  ) {
    self.source = source
    self.compression = compression
    self.file = file
    self.progress = progress
    self.interruption = interruption
    let shown = ShownDump(source.memory)
    self.shown = shown
    var host = DumpedHost(name: "the capture", reference: reference) { shown.dump }
    host.pause = source.pause
    self.host = host
  }

  func run() throws -> SavedCapture {
    var attempt = 1
    var pages = PageSet()
    while true {
      let plan = try plan(after: pages)
      try file.clear()
      let outcome = try save(plan)
      try file.settle()
      let proof = try prove(plan)
      if proof.differing.isEmpty && proof.missing == 0 || source.origin == .dump || attempt == Self.mostAttempts {
        return try capture(plan, outcome, proof, attempts: attempt)
      }
      progress.finish()
      let why = proof.differing.isEmpty ? "\(proof.missing) pages" : proof.differing.joined(separator: ", ")
      Terminal.write("liveprobe: the kernel changed while it was read: \(why); reading it again\n", to: .standardError)
      attempt += 1
      pages = plan.pages
      source.pause()
    }
  }

  // MARK: Which pages

  /// What is to be saved, and what the checks said of it in memory.
  private struct Plan {
    var pages: PageSet
    /// The memory, as far as it was kept.
    var memory: RecordingDump
    var survey: KernelSurvey
    var verdict: Verdict
    var kernel: Kernel
    var description: KdumpWriter.Description

    /// Whether the file will have all that the checks read, as they read it, and nothing else.
    var isKept: Bool { memory.keepsAll && memory.vmcoreInfo != nil }
  }

  /// - Parameter earlier: the pages of the attempt before; they are read in one go now.
  private func plan(after earlier: PageSet) throws -> Plan {
    let memory = RecordingDump(source.memory, keeping: mostKept)
    memory.keep(earlier)
    let (verdict, dumped, known) = try scan(memory)
    guard let kernel = dumped.kernel, let survey = known else { throw AcquisitionFailure([]) }
    var pages = memory.read
    pages.formUnion(survey.pages)
    let description = try describe(kernel, nodeName: dumped.nodeName, survey)
    if earlier.count == 0 { try announce(pages.count) }
    return Plan(
      pages: pages, memory: memory, survey: survey, verdict: verdict, kernel: kernel, description: description)
  }

  /// How many pages are kept at most; none of a dump without VMCOREINFO, in which page tables are searched for in all of memory.
  private var mostKept: Int {
    guard source.memory.vmcoreInfo != nil else { return 0 }
    let byteCount = source.memory.extents.reduce(0) { $0 &+ $1.byteCount }
    return Int(min(Self.mostKept, byteCount / 8 / Machine.pageSize))
  }

  private func describe(
    _ kernel: Kernel, nodeName: String?, _ survey: KernelSurvey
  ) throws -> KdumpWriter.Description {
    guard let text = source.memory.vmcoreInfo ?? survey.vmcoreInfo,
      let base = try? VMCoreInfo.decode(text.span).number("phys_base")
    else {
      throw AcquisitionFailure([
        Withheld("what the kernel leaves for crash tools", why: "phys_base is neither in a note nor in memory")
      ])
    }
    return KdumpWriter.Description(
      nodeName: nodeName ?? (source.origin == .dump ? "" : HostName.current()), release: kernel.identity.release,
      version: kernel.identity.version,
      machine: kernel.identity.machine, time: Int64(time(nil)), processorCount: survey.processorCount,
      extents: source.memory.extents, physicalBase: UInt64(bitPattern: base), vmcoreInfo: text,
      // Those of a running kernel are of nobody.
      notes: source.origin == .dump ? source.memory.notes : [])
  }

  /// Says what is to come, and refuses what the disk has clearly no room for.
  private func announce(_ pageCount: Int) throws {
    let estimate = CaptureEstimate(pageCount: pageCount, compression: compression)
    progress.finish()
    Terminal.write(estimate.text, to: .standardError)
    if let free = file.freeByteCount, free < estimate.least {
      throw CaptureFailure.noRoom(free: free, needed: estimate.likely.upperBound)
    }
  }

  // MARK: Saving

  private func save(_ plan: Plan) throws -> PageSaving.Outcome {
    let count = plan.pages.count
    return try PageSaving.save(
      plan.pages, of: plan.memory, isKept: plan.isKept, as: plan.description, compression: compression, to: file,
      isInterrupted: { interruption.isPending },
      progress: { done in progress.report("saving pages, \(done * 100 / max(count, 1)) %") })
  }

  // MARK: What the file is worth

  /// What the checks say of the file.
  private struct Proof {
    var answers: [Answer]
    /// Pages that the checks asked for and that are not in the file as they were.
    var missing = 0
    /// The checks that say something else of the file than they said of memory, with both words.
    var differing: [String] = []
  }

  private func prove(_ plan: Plan) throws -> Proof {
    progress.report("reading the file back")
    let saved = try DumpFile.open(path: file.temporaryPath)
    guard plan.isKept else {
      let recorder = RecordingDump(saved)
      let verdict = try scan(recorder).verdict
      return Proof(
        answers: verdict.answers, missing: recorder.leftOut.frames.count { !plan.memory.leftOut.contains($0) },
        differing: verdict.differences(from: plan.verdict))
    }
    return Proof(
      answers: plan.verdict.answers, missing: plan.memory.missing(in: saved),
      differing: try differences(from: plan.verdict))
  }

  /// What a running kernel answers otherwise, of all that is not in order by `verdict`.
  ///
  /// The checks saw each page once: what looked wrong because it was about to change would look wrong in the file for good.
  private func differences(from verdict: Verdict) throws -> [String] {
    let checks = verdict.answers.filter { $0.status != .ok }.compactMap { Registry.check(withID: $0.check.id) }
    guard source.origin == .runningKernel, !checks.isEmpty else { return [] }
    try prepare(source.memory)
    var host: any KernelSource = host
    let now = HostScan(checks: checks, forensics: ScanCommand.forensics()).run(on: &host, progress).verdict
    guard now.obstacles.isEmpty else { throw AcquisitionFailure(now.obstacles) }
    return verdict.differences(from: now)
  }

  private func prepare(_ dump: any Dump) throws {
    guard !interruption.isPending else { throw PageSaving.Failure.interrupted }
    shown.dump = dump
  }

  /// The checks, those first whose memory moves fastest.
  ///
  /// First of all what is registered, timers and work among it, and then what a report has last.
  private static let checks: [any Check] =
    [RegisteredCode()] + Registry.checks.reversed().filter { !($0 is RegisteredCode) }

  /// Reads all that `scan` and `crash` read of a dump, whatever they are to show, and then what is saved in any case.
  private func scan(
    _ memory: RecordingDump
  ) throws -> (verdict: Verdict, host: DumpedHost, survey: KernelSurvey?) {
    try prepare(memory)
    let forensics = ScanCommand.forensics()
    var source: any KernelSource = host
    var survey: KernelSurvey?
    var verdict = HostScan(
      checks: Self.checks, forensics: forensics,
      exhibit: { kernel in
        // Before what was worked out of the kernel is forgotten.
        let exhibits = Exhibits(of: kernel, askingFiles: false)
        _ = CrashStory(of: kernel, findings: [], by: forensics)
        let surveyed = KernelSurvey(of: kernel)
        memory.keep(surveyed.pages)
        survey = surveyed
        return exhibits
      }, wantsInventory: true
    ).run(on: &source, progress).verdict
    guard verdict.obstacles.isEmpty, let dumped = source as? DumpedHost, let kernel = dumped.kernel else {
      throw AcquisitionFailure(verdict.obstacles)
    }
    let order = Registry.checks.map(\.manual.id)
    verdict.answers = order.compactMap { id in verdict.answers.first { $0.check.id == id } }
    if !verdict.findings.isEmpty {
      progress.report("reading what crash needs")
      _ = CrashStory(of: kernel, findings: verdict.findings, by: forensics)
    }
    return (verdict, dumped, survey)
  }

  // MARK: What came of it

  private func capture(
    _ plan: Plan, _ outcome: PageSaving.Outcome, _ proof: Proof, attempts: Int
  ) throws -> SavedCapture {
    progress.report("computing the file's digest")
    let digest = try FileDigest(of: OpenedFile(file.temporaryPath))
    guard let now = UTCTime.now(), case .success(let buildID) = plan.kernel.identity.buildIDInMemory else {
      throw AcquisitionFailure([Withheld("the kernel's build id", why: "it is not in memory")])
    }
    let answers = proof.answers.map { $0.check.id == source.reader?.check.id ? source.reader ?? $0 : $0 }
    let manifest = CaptureManifest(
      toolVersion: Liveprobe.version, origin: source.origin, hostName: plan.description.nodeName,
      release: plan.kernel.identity.release, machine: plan.kernel.identity.machine, buildID: buildID, capturedAt: now,
      taint: source.taint, pageCount: UInt64(outcome.pageCount), byteCount: digest.byteCount, digest: digest.sha256,
      checks: answers.map { CaptureManifest.CheckStatus(id: $0.check.id, word: $0.outcome.word) })
    return SavedCapture(
      manifest: manifest, outcome: outcome, parts: plan.survey.parts, missing: proof.missing,
      differing: proof.differing, attempts: attempts)
  }
}

/// Which dump is looked at.
private final class ShownDump {
  var dump: any Dump

  init(_ dump: any Dump) {
    self.dump = dump
  }
}

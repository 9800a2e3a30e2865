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

/// One capture: finds out which pages it takes, saves them, and asks the checks again of what was saved.
struct CaptureRun {
  private let source: CaptureSource
  private let file: AtomicFile
  private let progress: Progress
  private let interruption: Interruption
  private let shown: ShownDump
  /// Acquires what ``shown`` shows.
  private var host: any KernelSource

  /// How often a running kernel is captured at most until what was saved is in itself consistent.
  private static let mostAttempts = 3

  init(
    source: CaptureSource, reference: String?, file: AtomicFile, progress: Progress, interruption: Interruption
  ) {
    self.source = source
    self.file = file
    self.progress = progress
    self.interruption = interruption
    let shown = ShownDump(source.memory)
    self.shown = shown
    var host = DumpedHost(name: "the capture", reference: reference) { shown.dump }
    host.pause = source.pause
    self.host = host
  }

  mutating func run() throws -> SavedCapture {
    var attempt = 1
    while true {
      let plan = try plan(announced: attempt > 1)
      try file.clear()
      let outcome = try save(plan)
      try file.settle()
      let (verdict, missing) = try scanSaved(without: plan.leftOut)
      let differing = verdict.differences(from: plan.verdict)
      if differing.isEmpty && missing == 0 || source.origin == .dump || attempt == Self.mostAttempts {
        return try capture(plan, outcome, verdict, missing, differing: differing, attempts: attempt)
      }
      attempt += 1
      source.pause()
    }
  }

  // MARK: Which pages

  /// What is to be saved, and what the checks said of it in memory.
  private struct Plan {
    var pages: PageSet
    /// Pages that the checks asked for and that are not there to be saved: a dump may lack them.
    var leftOut: PageSet
    var survey: KernelSurvey
    var verdict: Verdict
    var kernel: Kernel
    var description: KdumpWriter.Description
  }

  private mutating func plan(announced: Bool) throws -> Plan {
    let recorder = RecordingDump(source.memory)
    let verdict = try scan(recorder)
    progress.report("collecting the remaining pages")
    guard let dumped = host as? DumpedHost, let acquired = dumped.kernel else { throw AcquisitionFailure([]) }
    let kernel = Self.lookedAtAfresh(acquired)
    let survey = KernelSurvey(of: kernel)
    var pages = recorder.read
    pages.formUnion(survey.pages)
    let description = try describe(kernel, nodeName: dumped.nodeName, survey)
    if !announced { try announce(pages.count) }
    return Plan(
      pages: pages, leftOut: recorder.leftOut, survey: survey, verdict: verdict, kernel: kernel,
      description: description)
  }

  /// The kernel with nothing remembered of its memory, after the structures that say who owns memory were read again: what
  /// was loaded since the checks began is to be saved, too.
  private static func lookedAtAfresh(_ acquired: Kernel) -> Kernel {
    var kernel = acquired
    kernel.memory = acquired.memory.fresh
    kernel.mappings = acquired.mappings.fresh
    kernel.workings.clear()
    _ = kernel.account(kernel)
    return kernel
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
    let estimate = CaptureEstimate(pageCount: pageCount)
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
      plan.pages, of: source.memory, as: plan.description, to: file,
      isInterrupted: { interruption.isPending },
      progress: { done in progress.report("saving pages, \(done * 100 / max(count, 1)) %") })
  }

  /// What the checks say of the saved file, and how many pages they missed in it that could have been saved.
  private mutating func scanSaved(without leftOut: PageSet) throws -> (verdict: Verdict, missing: Int) {
    let recorder = RecordingDump(try DumpFile.open(path: file.temporaryPath))
    let verdict = try scan(recorder)
    return (verdict, recorder.leftOut.frames.count { !leftOut.contains($0) })
  }

  private mutating func scan(_ dump: any Dump) throws -> Verdict {
    guard !interruption.isPending else { throw PageSaving.Failure.interrupted }
    shown.dump = dump
    let forensics = ScanCommand.forensics()
    let verdict = HostScan(forensics: forensics, wantsExhibits: true, wantsInventory: true).run(on: &host, progress)
      .verdict
    guard verdict.obstacles.isEmpty, let kernel = (host as? DumpedHost)?.kernel else {
      throw AcquisitionFailure(verdict.obstacles)
    }
    progress.report("reading what crash needs")
    _ = CrashStory(of: kernel, findings: verdict.answers.flatMap(\.findings), by: forensics)
    return verdict
  }

  // MARK: What came of it

  private func capture(
    _ plan: Plan, _ outcome: PageSaving.Outcome, _ verdict: Verdict, _ missing: Int, differing: [String],
    attempts: Int
  ) throws -> SavedCapture {
    progress.report("computing the file's digest")
    let digest = try FileDigest(of: OpenedFile(file.temporaryPath))
    guard let now = UTCTime.now(), case .success(let buildID) = plan.kernel.identity.buildIDInMemory else {
      throw AcquisitionFailure([Withheld("the kernel's build id", why: "it is not in memory")])
    }
    let answers = verdict.answers.map { $0.check.id == source.reader?.check.id ? source.reader ?? $0 : $0 }
    let manifest = CaptureManifest(
      toolVersion: Liveprobe.version, origin: source.origin, hostName: plan.description.nodeName,
      release: plan.kernel.identity.release, machine: plan.kernel.identity.machine, buildID: buildID, capturedAt: now,
      taint: source.taint, pageCount: UInt64(outcome.pageCount), byteCount: digest.byteCount, digest: digest.sha256,
      checks: answers.map { CaptureManifest.CheckStatus(id: $0.check.id, word: $0.outcome.word) })
    return SavedCapture(
      manifest: manifest, outcome: outcome, parts: plan.survey.parts, missing: missing,
      differing: differing, attempts: attempts)
  }
}

/// What came of a capture.
struct SavedCapture {
  var manifest: CaptureManifest
  var outcome: PageSaving.Outcome
  var parts: [KernelSurvey.Part]
  /// Pages that the checks asked for and that are not in the file.
  var missing: Int
  /// The checks that say something else of the file than they said of memory, with both words.
  var differing: [String]
  var attempts: Int
}

/// Which dump is looked at.
private final class ShownDump {
  var dump: any Dump

  init(_ dump: any Dump) {
    self.dump = dump
  }
}

extension Verdict {
  /// The checks of which another verdict has another word: `kernel-text (clear, now unknown)`.
  fileprivate func differences(from earlier: Verdict) -> [String] {
    let words = Dictionary(
      earlier.answers.map { ($0.check.id, $0.outcome.word) }, uniquingKeysWith: { first, _ in first })
    return answers.compactMap { answer in
      let before = words[answer.check.id] ?? "not asked"
      return before == answer.outcome.word ? nil : "\(answer.check.id) (\(before), now \(answer.outcome.word))"
    }
  }
}

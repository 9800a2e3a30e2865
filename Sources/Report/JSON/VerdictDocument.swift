internal import Audit
internal import KernelModel

/// A verdict as JSON says it.
struct VerdictDocument: Encodable {
  let schema: PlainText
  let tool: Tool
  let status: PlainText
  let exitStatus: Int
  let sentence: PlainText
  let kernel: OrNull<KernelDocument>
  let inventory: OrNull<InventoryDocument>
  let incidents: [IncidentDocument]
  let firstSteps: [PlainText]
  let checks: [CheckDocument]
  let implants: [ImplantDocument]
  let baseline: OrNull<BaselineDocument>
  let state: OrNull<StateDocument>
  let obstacles: [WithheldDocument]
  let remarks: [PlainText]
  let run: Run

  struct Tool: Encodable {
    let name: PlainText
    let version: PlainText
  }

  /// All that may differ between two scans of one state.
  struct Run: Encodable {
    let startedAt: PlainText
    let wallSeconds: Double
    let kcoreBytesRead: UInt64
    let symbols: Int
    let looks: Int
    let peakMemoryBytes: UInt64
  }

  init(
    _ verdict: Verdict, _ measurements: Measurements, toolVersion: String, digest: (([UInt8]) -> String)? = nil
  ) {
    schema = PlainText(JSONReport.schema)
    tool = Tool(name: "liveprobe", version: PlainText(toolVersion))
    status = PlainText(verdict.status.word)
    exitStatus = Int(verdict.status.rawValue)
    sentence = Conclusion(verdict).sentence
    kernel = OrNull(verdict.kernel.map(KernelDocument.init))
    inventory = OrNull(verdict.inventory.map(InventoryDocument.init))
    let sorted = verdict.sortedImplants
    let reported = ReportedIncident.all(of: verdict, sorted)
    incidents = reported.map { IncidentDocument($0, sorted) }
    firstSteps = FirstSteps(verdict, reported).steps.map { PlainText(sentence: $0) }
    checks = verdict.answers.map(CheckDocument.init)
    implants = sorted.map(ImplantDocument.init)
    baseline = OrNull(verdict.baseline.map(BaselineDocument.init))
    // A kernel without a build id is held against no other.
    state = OrNull(digest.flatMap { digest in (try? RecordedState(of: verdict)).map { StateDocument($0, digest) } })
    obstacles = verdict.obstacles.map(WithheldDocument.init)
    remarks = verdict.remarks.map { PlainText(sentence: $0) }
    run = Run(
      startedAt: PlainText(measurements.startedAt), wallSeconds: Double(measurements.milliseconds) / 1000,
      kcoreBytesRead: measurements.kcoreBytesRead, symbols: measurements.symbols, looks: verdict.looks,
      peakMemoryBytes: measurements.peakMemoryBytes)
  }
}

/// Which kernel it is.
struct KernelDocument: Encodable {
  let release: PlainText
  let version: PlainText
  let machine: PlainText
  let buildID: BuildIDs
  let kaslrOffset: OrNull<PlainText>
  /// Why what is null above is not known.
  let withheld: [WithheldDocument]

  struct BuildIDs: Encodable {
    let claimed: OrNull<PlainText>
    let inMemory: OrNull<PlainText>
  }

  init(_ identity: KernelIdentity) {
    release = PlainText(identity.release)
    version = PlainText(identity.version)
    machine = PlainText(identity.machine)
    buildID = BuildIDs(
      claimed: Self.known(identity.claimedBuildID) { Hexdump.compact($0.bytes) },
      inMemory: Self.known(identity.buildIDInMemory) { Hexdump.compact($0.bytes) })
    kaslrOffset = Self.known(identity.kaslrOffset) { "\($0.hexadecimal)" }
    withheld =
      Self.reason(identity.claimedBuildID) + Self.reason(identity.buildIDInMemory) + Self.reason(identity.kaslrOffset)
  }

  private static func reason<Value>(_ result: Result<Value, Withheld>) -> [WithheldDocument] {
    switch result {
    case .success: []
    case .failure(let withheld): [WithheldDocument(withheld)]
    }
  }

  private static func known<Value>(
    _ result: Result<Value, Withheld>, _ text: (Value) -> PlainText
  ) -> OrNull<PlainText> {
    switch result {
    case .success(let value): OrNull(text(value))
    case .failure: OrNull(nil)
    }
  }
}

/// Something that could not be had.
struct WithheldDocument: Encodable {
  let what: PlainText
  let why: PlainText
  let remedy: PlainText

  init(_ withheld: Withheld) {
    what = PlainText(withheld.what)
    why = PlainText(sentence: withheld.why)
    remedy = PlainText(sentence: withheld.remedy)
  }
}

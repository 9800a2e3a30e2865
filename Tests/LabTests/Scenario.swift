import Lab
import Testing

/// One state of a guest, and what liveprobe must say about it.
struct Scenario: Sendable, CustomTestStringConvertible {
  /// How a scenario went: what it did is in the closure, what came of it here.
  struct Run: Sendable {
    let scans: [Scan]
    let expectation: Expectation
    /// What was wrong with the scenario itself, as against the scans.
    var complaints: [String] = []
  }

  /// What a guest is booted with; 1 processor that can do all that the emulator can, unless it is said otherwise.
  struct Machine: Sendable, Hashable {
    var kernelArguments: [String] = []
    var processors = 1
    var processorModel = "max"

    var options: GuestOptions {
      GuestOptions(kernelArguments: kernelArguments, processors: processors, processorModel: processorModel)
    }
  }

  let name: String
  /// Scenarios that follow one another with the same machine share a guest, in the order of the table.
  var machine = Machine()
  /// Why the scenario does not apply to this kernel; nil if it does.
  var exemption: @Sendable (Guest) throws -> String? = { _ in nil }
  /// Brings about the state, scans, and puts the state back unless that cannot be done.
  let run: @Sendable (Guest) throws -> Run

  var testDescription: String { name }
}

extension Scenario {
  /// Where a guest's kernel is scanned.
  enum Place: Sendable {
    /// By the guest, which takes a dozen seconds under emulation.
    case inside
    /// Here, of the guest's memory.
    case outside
    /// In both places, which must give the same answers.
    case both
  }

  /// Scans a guest's kernel, and compares the answers if that is done in two places.
  ///
  /// Whoever asks for scans inside gets both wherever one outside would do.
  static func run(
    _ guest: Guest, only checks: [String] = [], _ place: Place, expecting expectation: Expectation
  ) throws -> Run {
    let wanted: Place = place == .outside && LabSettings().scansInside ? .both : place
    var scans: [Scan] = []
    if wanted != .outside { scans.append(try Scan(in: guest, only: checks)) }
    if wanted != .inside { scans.append(try Scan(ofMemoryOf: guest, only: checks)) }
    let differences = wanted == .both ? scans[0].differences(from: scans[1]) : []
    return Run(scans: scans, expectation: expectation, complaints: differences)
  }

  /// Scans while a tampering from outside is in place, and undoes it.
  ///
  /// - Parameters:
  ///   - checks: the only ones to ask, those of code if it is not said; all if none is named.
  ///   - place: where to scan; if it is not said, outside where memory alone answers.
  ///   - after: undoes the rest.
  static func tampering(
    with guest: Guest, only checks: [String] = checksOfCode, scanned place: Place? = nil,
    _ change: (Tampering) throws -> Expectation, after: () throws -> Void = {}
  ) throws -> Run {
    let answeredByMemory = !checks.isEmpty && Set(checks).isSubset(of: checksOfCode)
    let tampering = Tampering(guest)
    do {
      let expectation = try change(tampering)
      let run = try run(guest, only: checks, place ?? (answeredByMemory ? .outside : .inside), expecting: expectation)
      try tampering.restore()
      try after()
      return run
    } catch {
      try tampering.restore()
      throw error
    }
  }

  /// Who is asked about changed code and tables: the others have nothing to say of them, and rows of their own.
  ///
  /// These are answered by memory and the vendor's files alone.
  static let checksOfCode = ["syscall-table", "syscall-dispatch", "kernel-text", "module-text", "executable-memory"]

  /// Exempts kernels that no module of ours can be built for.
  static let hasNoFixture: @Sendable (Guest) throws -> String? = {
    $0.kernel.hasFixture ? nil : "no fixture for this kernel"
  }

  /// Does something while the guest has no kernel image to compare with.
  static func withoutImage<Result>(_ guest: Guest, _ body: () throws -> Result) throws -> Result {
    _ = try guest.output(of: "mv $(cat /lab/image) /image-away")
    let result = try body()
    _ = try guest.output(of: "mv /image-away $(cat /lab/image)")
    return result
  }

  /// Scans after one command, and does another after that.
  static func clean(in guest: Guest, after command: String, undo: String) throws -> Run {
    _ = try guest.output(of: command)
    let scan = try comparedScan(in: guest)
    _ = try guest.output(of: undo)
    return Run(scans: [scan], expectation: .clean)
  }

  /// A scan that is compared with the baseline if one was recorded in the guest: ordinary life is no drift either.
  static func comparedScan(in guest: Guest) throws(LabError) -> Scan {
    let store = "/var/lib/liveprobe/baselines"
    return try Scan(in: guest, options: " $([ -d \(store) ] && echo --baseline \(store))")
  }
}

import Lab
import Testing

/// One state of a kernel, and what liveprobe must say about it.
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
    /// Whether it has every module of its kernel that the lab keeps, and memory for them.
    var hasEveryModule = false
    /// A command that is run before memory is changed: what it loads is there to be changed.
    var preparation = "modprobe dummy; modprobe \(Tampering.quietModule) max_bonds=0"

    var options: GuestOptions {
      var options = GuestOptions(
        kernelArguments: kernelArguments, processors: processors, processorModel: processorModel)
      if hasEveryModule {
        options.hasEveryModule = true
        options.memory = 2560
      }
      return options
    }
  }

  /// In which runs of the lab a scenario is run in a guest.
  ///
  /// Where it only changes memory it is run of a saved kernel in each.
  enum Guests: Sendable {
    /// In each, on each kernel.
    case each
    /// On some kernels, and on all only if all of the lab is asked for; why these are enough for a change.
    case of(Set<String>, why: String)
    /// Only if all of the lab is asked for, and why.
    case whenAllIsAsked(why: String)
  }

  let name: String
  /// Scenarios that follow one another with the same machine share a guest, in the order of the table.
  var machine = Machine()
  var guests = Guests.each
  /// Kernels that are saved with its machine, if not all of the lab is asked for; nil for all of them.
  var savedKernels: Set<String>?
  /// Whether what it does cannot be undone: the scenarios after it get another guest, which is as the kernel booted.
  var leavesGuestChanged = false
  /// Why the scenario does not apply to this kernel; nil if it does.
  var exemption: @Sendable (any TamperedKernel) throws -> String? = { _ in nil }
  /// What it changes of a kernel's memory, from outside; nil if it does more than that.
  let change: Change?
  /// Brings about the state in a guest, scans, and puts the state back unless that cannot be done.
  let run: @Sendable (Guest) throws -> Run

  var testDescription: String { name }

  /// A state that needs a guest.
  init(
    name: String, machine: Machine = Machine(), guests: Guests = .each, leavesGuestChanged: Bool = false,
    exemption: @escaping @Sendable (any TamperedKernel) throws -> String? = { _ in nil },
    run: @escaping @Sendable (Guest) throws -> Run
  ) {
    self.name = name
    self.machine = machine
    self.guests = guests
    self.leavesGuestChanged = leavesGuestChanged
    self.exemption = exemption
    change = nil
    self.run = run
  }

  /// A state that is nothing but changed memory.
  ///
  /// - Parameter guests: where it is scanned in guests, too; if it is not said, only if all of the lab is asked for.
  init(
    name: String, machine: Machine = Machine(), guests: Guests = savedAlone,
    exemption: @escaping @Sendable (any TamperedKernel) throws -> String? = { _ in nil }, change: Change
  ) {
    self.name = name
    self.machine = machine
    self.guests = guests
    self.exemption = exemption
    self.change = change
    run = { guest in try change.run(in: guest, prepared: machine.preparation) }
  }

  /// Whether a run of the lab has this in a guest of a kernel.
  func runsInGuest(of label: String, _ tier: LabSettings.Tier) -> Bool {
    switch (tier, guests) {
    case (.saved, _): false
    case (.all, _), (.change, .each): true
    case (.change, .of(let labels, _)): labels.contains(label)
    case (.change, .whenAllIsAsked): false
    }
  }

  /// Whether a run of the lab has this of a saved kernel.
  func runsSaved(_ label: String, _ tier: LabSettings.Tier) -> Bool {
    guard change != nil else { return false }
    return tier == .all || savedKernels?.contains(label) ?? true
  }

  /// Why a run of the lab may do without this.
  var reasonToLeave: String {
    switch guests {
    case .each: "it needs a guest"
    case .of(_, let why), .whenAllIsAsked(let why): why
    }
  }

  /// Where a kind of change is scanned in a guest, too, in each run: its answer must be that of the saved kernel.
  static func calibrated(on label: String) -> Guests {
    .of([label], why: "one row of each kind of change is scanned in a guest, too, on one kernel")
  }

  /// Where states are that kernels share: each has some of them in each run, and all of them if all of the lab is asked for.
  static func shared(by labels: String...) -> Guests {
    .of(Set(labels), why: "kernels do it alike, or in an older and a newer way, and each of these is run")
  }

  /// Where a change of memory is that is scanned in no guest, if not all of the lab is asked for.
  static let savedAlone = Guests.whenAllIsAsked(why: "only memory is changed: a saved kernel is scanned in each run")
}

extension Scenario {
  /// Exempts kernels that no module of ours can be built for.
  static let hasNoFixture: @Sendable (any TamperedKernel) throws -> String? = {
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
    let run = try scanned(guest, expecting: .clean)
    _ = try guest.output(of: undo)
    return run
  }

  /// A scan that is compared with the baseline if one was recorded in the guest: ordinary life is no drift either.
  static func comparedScan(
    in guest: Guest, only checks: [String] = [], options: [String] = []
  ) throws(LabError) -> Scan {
    let store = "/var/lib/liveprobe/baselines"
    return try Scan(
      in: guest, only: checks,
      options: " $([ -d \(store) ] && echo --baseline \(store)) " + options.joined(separator: " "))
  }

  /// Scans a guest's memory from here, and, if all of the lab is asked for, in the guest: the answers must be the same.
  static func scanned(
    _ guest: Guest, only checks: [String] = [], expecting expectation: Expectation
  ) throws -> Run {
    let outside = try Scan(ofMemoryOf: guest, only: checks)
    guard LabSettings().tier == .all else { return Run(scans: [outside], expectation: expectation) }
    return try scannedInBothPlaces(guest, only: checks, outside, expecting: expectation)
  }

  /// Scans while memory is changed from outside, in a guest that was made to have something to change.
  static func scanned(
    _ guest: Guest, only checks: [String], while change: (Tampering) throws -> Expectation
  ) throws -> Run {
    let tampering = Tampering(guest)
    do {
      let run = try scanned(guest, only: checks, expecting: change(tampering))
      try tampering.restore()
      return run
    } catch {
      try tampering.restore()
      throw error
    }
  }

  /// Scans in a guest, and its memory from here; the answers must be the same.
  static func scannedInBothPlaces(
    _ guest: Guest, only checks: [String] = [], options: [String] = [], _ outside: Scan? = nil,
    expecting expectation: Expectation
  ) throws -> Run {
    let inside = try comparedScan(in: guest, only: checks, options: options)
    let outside = try outside ?? Scan(ofMemoryOf: guest, only: checks, options: options)
    return Run(scans: [inside, outside], expectation: expectation, complaints: inside.differences(from: outside))
  }
}

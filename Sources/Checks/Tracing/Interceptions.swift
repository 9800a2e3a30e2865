internal import KernelModel
internal import KernelObjects

/// All code but the kernel's own that is called where functions run, judged.
///
/// Tracing by code that somebody owns is ordinary (perf, LTTng, BPF, probes): no severity, unless it could send calls
/// elsewhere, or change what they answer, and is a module's that nothing vouches for. To say where a function's callers go instead is a live patch's
/// business, which is known by the kernel's own records of it and by its code; of anybody else's it is a warning, and
/// critical where the function has a part in what user space is told; of a live patch whose file cannot be had, a warning.
/// Code that nobody owns is critical wherever it is called.
struct Interceptions {
  struct Judged {
    var interception: Interception
    /// nil if its owner may.
    var severity: Finding.Severity?
    /// Why a redirection is not taken for a live patch, or tracing not for that alone; empty if that is no question.
    var objection = ""
    /// Whose code it is, where it is asked only because nothing vouches for the module.
    var stranger: Finding.Stranger?
  }

  private(set) var judged: [Judged]
  /// Why some of it is not known, of the tracer's users and of probes.
  let obstacles: [Interception.Family: CannotCheck]
  /// Why some of it is not known; nil if all is.
  var obstacle: CannotCheck? { obstacles[.tracers] ?? obstacles[.probes] }
  private let kernel: Kernel
  /// The places of all that is called in single functions, lowest first, and whose they are.
  private let places: [(address: UInt64, index: Int)]
  /// Whatever is called in all functions.
  private let everywhere: [Int]

  private static let mostPlaces = 1 << 20

  init(_ reading: InterceptionReading, kernel: Kernel, reader: Snapshot, ownership: CodeOwnership) {
    let found = reading.found
    self.kernel = kernel
    obstacles = reading.obstacles
    let answering = AnsweringFunction(types: reader.types, kernel: kernel)
    let livePatches = LivePatchProof(kernel: kernel, reader: reader)
    let strangers = StrangerModules(kernel)
    judged = found.map { (interception: Interception) -> Judged in
      guard ownership.isLegitimate(interception.callee) else {
        return Judged(interception: interception, severity: .critical)
      }
      guard interception.redirects else {
        guard let change = interception.mayChange,
          case .module(let place) = kernel.owner(of: KernelAddress(interception.callee)),
          let module = place.module, let stranger = strangers.stranger(module)
        else { return Judged(interception: interception) }
        return Judged(
          interception: interception, severity: .warning,
          objection: "it could also \(change.words), and nothing vouches for module \(module)",
          stranger: stranger)
      }
      let objection: String
      switch interception.means == .livePatch ? livePatches.answer(for: interception.callee) : .noRecord {
      case .proven: return Judged(interception: interception)
      // What could not be looked at convicts nobody; module-text has it as an open question.
      case .open(let reason): return Judged(interception: interception, severity: .warning, objection: reason)
      case .refuted(let reason): objection = reason
      }
      return Judged(
        interception: interception, severity: answering.answers(interception.functions) ? .critical : .warning,
        objection: objection)
    }
    var places: [(address: UInt64, index: Int)] = []
    var everywhere: [Int] = []
    for (index, interception) in found.enumerated() {
      switch interception.functions {
      case .these(let functions):
        guard places.count + functions.count <= Self.mostPlaces else { continue }
        places += functions.map { ($0, index) }
      case .all: everywhere.append(index)
      case .unknown: break
      }
    }
    self.places = places.sorted { ($0.address, $0.index) < ($1.address, $1.index) }
    self.everywhere = everywhere
  }

  /// Those of `kernel` as it is now, by whatever names and types can be had.
  ///
  /// - Throws: if the tracer's or the probes' records cannot be read.
  static func current(of kernel: Kernel) throws(CannotCheck) -> Interceptions {
    let structures = try kernel.structures
    return try structures.now { (reader: Snapshot) throws(CannotCheck) in
      let ownership = CodeOwnership(kernel: kernel, symbols: reader.symbols, text: structures.text)
      let reading = InterceptionReading(
        reader, ownership, ftrace: try FtraceState(reader), probes: try KprobeState(reader))
      return Interceptions(reading, kernel: kernel, reader: reader, ownership: ownership)
    }
  }

  /// What is wrong only for a moment settled: a module that registers something may not be on every list yet.
  ///
  /// - Throws: as ``current(of:)`` does.
  static func settled(of kernel: Kernel) throws(CannotCheck) -> Interceptions {
    // What cannot be told is looked at again, too: nil stands for it.
    var (found, wrong) = try kernel.persisting(looks: looks) { () throws(CannotCheck) in
      try current(of: kernel)
    } wrong: { look in
      look.wrong.map { Optional($0.interception) } + (look.obstacle == nil ? [] : [nil])
    }
    let persisting = Set(wrong)
    found.judged = found.judged.map { judged in
      guard judged.severity != nil, !persisting.contains(judged.interception) else { return judged }
      return Judged(interception: judged.interception)
    }
    return found
  }

  private static let looks = 3

  /// What is wrong.
  var wrong: [Judged] { judged.filter { $0.severity != nil } }

  /// Of one family.
  func judged(of family: Interception.Family) -> [Judged] { judged.filter { $0.interception.means.family == family } }

  /// Whether a kernel has neither a tracer nor probes, so that there is nothing to read.
  static func areImpossible(in kernel: Kernel) -> Bool {
    ["ftrace_ops_list", "kprobe_table"].allSatisfy { kernel.symbols.symbols(named: $0).isEmpty }
  }

  /// Who is called in `range`, the worst first.
  func called(in range: Range<UInt64>) -> [Judged] {
    var indices: [Int] = []
    var index = places.partitionPoint { $0.address >= range.lowerBound }
    while index < places.count, range.contains(places[index].address) {
      if !indices.contains(places[index].index) { indices.append(places[index].index) }
      index += 1
    }
    for index in everywhere {
      if case .all(let excepted) = judged[index].interception.functions,
        !excepted.contains(where: range.contains)
      {
        indices.append(index)
      }
    }
    return indices.map { judged[$0] }.sorted { Self.rank($0) > Self.rank($1) }
  }

  /// Who is called in the function that begins at `start`, the worst first.
  func called(inFunctionAt start: KernelAddress) -> [Judged] {
    let end = kernel.symbols.next(above: start)?.address.rawValue ?? .max
    let longest = start.rawValue.addingReportingOverflow(Self.longestFunction).partialValue
    return start.rawValue < min(end, longest) ? called(in: start.rawValue..<min(end, longest)) : []
  }

  private static let longestFunction: UInt64 = 64 << 10

  /// Who is called at `site`, or at the start of a function that it is in the first instructions of: whoever asks there
  /// asks who gets the function's calls.
  ///
  /// A user of the tracer who asked for all functions is among them only where the tracer works.
  func called(at site: Range<UInt64>, recreated: Recreation, in kernel: Kernel) -> [Judged] {
    let offset = kernel.owner(of: KernelAddress(site.lowerBound)).place?.offset ?? .max
    let isStart = offset < Machine.tracedStartByteCount && offset <= site.lowerBound
    let start = isStart ? site.lowerBound - offset : site.lowerBound
    let range = start..<max(site.upperBound, isStart ? start &+ Machine.tracedStartByteCount : 0)
    let isTraced = recreated.trace.contains { step in
      step.mechanism == .ftrace && step.address < site.upperBound
        && step.address &+ UInt64(step.after.count) > site.lowerBound
    }
    return called(in: range).filter { judged in
      if case .all = judged.interception.functions { isTraced } else { true }
    }
  }

  private static func rank(_ judged: Judged) -> Int {
    switch judged.severity {
    case nil: 0
    case .warning: 1
    case .critical: 2
    }
  }
}

extension Kernel {
  private static let interceptionsMember = Workings.Member { (kernel) throws(CannotCheck) in
    try Interceptions.settled(of: kernel)
  }

  /// All code but its own that is called where its functions run, judged, and settled.
  ///
  /// - Throws: if the tracer's or the probes' records cannot be read.
  var interceptions: Interceptions {
    get throws(CannotCheck) { try value(of: Self.interceptionsMember) }
  }
}

extension Interceptions.Judged {
  /// As reports show it.
  func calledCode(in kernel: Kernel) -> CalledCode {
    let address = KernelAddress(interception.callee)
    return CalledCode(
      address: address, owner: kernel.owner(of: address), means: interception.means.words,
      redirects: interception.redirects, severity: severity)
  }
}

extension AnsweringFunction {
  /// Functions asked about at most; whoever redirects more has some that answer.
  private static let mostAsked = 4096

  fileprivate func answers(_ functions: TracedFunctions) -> Bool {
    switch functions {
    case .these(let places): places.prefix(Self.mostAsked).contains(where: answers)
    case .all: true
    case .unknown: false
    }
  }
}

extension LivePatchProof.Answer {
  fileprivate static let noRecord = Self.refuted("it is no live patch that the kernel has a record of")
}

internal import KernelFormats
package import KernelModel

/// What the kernel holds of BPF at one moment: programs, where they hang, and the numbers of its objects.
///
/// Programs are come upon by three ways: the number that bpf(2) knows them by (`prog_idr`), the list of their code
/// (`bpf_kallsyms`), and whatever runs them.
///
/// Source: kernel/bpf/core.c, `struct bpf_ksym` in include/linux/bpf.h (Linux v5.10 to v7.2).
package struct BpfState {
  /// By the address of the `struct bpf_prog`.
  package private(set) var programs: [UInt64: BpfProgram] = [:]
  /// Each once.
  package private(set) var attachments: [BpfAttachment] = []
  package let numbers: BpfNumbers
  /// The code that the kernel lists as programs', and as that of parts of programs: each to its last byte.
  ///
  /// Not that of trampolines and dispatchers: these have whole pages, of which what is not in use may hold anything, such as
  /// jumps to programs that are gone.
  package private(set) var code: [Code] = []
  /// Why some of it is not known; nil if all is.
  package private(set) var obstacle: CannotCheck?

  /// A piece of BPF's code, by what the kernel calls it.
  package struct Code: Hashable, Sendable {
    package var name: String
    package var range: Range<UInt64>
  }

  private var known: Set<BpfAttachment> = []
  private let helpers: BpfHelpers
  private let snapshot: Snapshot

  private static let most = 1 << 17
  /// Bytes of one piece of code at most: a million instructions make fewer.
  private static let mostCode: UInt32 = 16 << 20

  /// - Throws: `notApplicable` if the kernel has no BPF system call.
  package init(_ snapshot: Snapshot, _ probes: TracepointProbes?) throws(CannotCheck) {
    self.snapshot = snapshot
    numbers = try BpfNumbers(snapshot)
    obstacle = numbers.obstacle
    helpers = try BpfHelpers(snapshot)
    // What hinders the reading of one must not hide another.
    for program in numbers[.program].values {
      attempt { (state: inout Self) throws(CannotCheck) in try state.addProgram(program) }
    }
    attempt { (state: inout Self) throws(CannotCheck) in try state.addListedCode() }
    let events = TraceEvents(snapshot)
    attempt { (state: inout Self) throws(CannotCheck) in try state.addLinks(events) }
    add { () throws(CannotCheck) in try events.attachments() }
    add { () throws(CannotCheck) in try BpfTrampolines.attachments(snapshot) }
    add { () throws(CannotCheck) in try BpfControlGroups.attachments(snapshot) }
    add { () throws(CannotCheck) in try BpfDevices.attachments(snapshot) }
    add { () throws(CannotCheck) in try Self.attachments(of: probes, snapshot) }
  }

  /// Programs that the kernel runs or lists, and that have a number which its own table of numbers lacks.
  package var unnumbered: [BpfProgram] {
    let numbered = numbers[.program]
    return programs.values.filter { $0.id != 0 && numbered[$0.id] != $0.address }.sorted { $0.address < $1.address }
  }

  private mutating func attempt(_ read: (inout Self) throws(CannotCheck) -> Void) {
    do throws(CannotCheck) {
      try read(&self)
    } catch {
      obstacle = obstacle ?? error
    }
  }

  private mutating func add(_ attachments: () throws(CannotCheck) -> [BpfAttachment]) {
    attempt { (state: inout Self) throws(CannotCheck) in
      for attachment in try attachments() { try state.add(attachment) }
    }
  }

  private mutating func addProgram(_ address: UInt64) throws(CannotCheck) {
    guard programs[address] == nil else { return }
    programs[address] = try BpfProgram(snapshot.object("bpf_prog", at: address), helpers)
  }

  /// Trampolines and dispatchers are on the list, too; parts of programs have no number of their own.
  private mutating func addListedCode() throws(CannotCheck) {
    for symbol in try snapshot.list(at: "bpf_kallsyms", linkedBy: "lnode", of: "bpf_ksym", limit: Self.most)
    where try symbol["prog"] as UInt8 != 0 {
      let details = try symbol.container("bpf_prog_aux", member: "ksym")
      try addCode(symbol, of: details)
      guard try details["id"] as UInt32 != 0 else { continue }
      try addProgram(details["prog"])
    }
  }

  /// The list has whole pages of programs in Linux v5.10; what was compiled ends before that.
  private mutating func addCode(_ symbol: KernelObject, of details: KernelObject) throws(CannotCheck) {
    guard let program = try details.target("prog", as: "bpf_prog") else { return }
    let start: UInt64 = try symbol["start"]
    let byteCount: UInt32 = try program["jited_len"]
    guard byteCount > 0, byteCount <= Self.mostCode, start <= UInt64.max - UInt64(byteCount) else { return }
    code.append(
      Code(
        name: snapshot.live.text(at: try symbol.address(of: "name")) ?? "a program",
        range: start..<start + UInt64(byteCount)))
  }

  private mutating func addLinks(_ events: TraceEvents) throws(CannotCheck) {
    let places = BpfLinkPlace(snapshot: snapshot, events: events)
    for address in numbers[.link].values {
      let link = try BpfLink(snapshot.object("bpf_link", at: address))
      guard link.program != 0, let place = try places.place(of: link) else { continue }
      try add(BpfAttachment(program: link.program, means: place.means, place: place.place))
    }
  }

  private mutating func add(_ attachment: BpfAttachment) throws(CannotCheck) {
    guard attachments.count < Self.most, known.insert(attachment).inserted else { return }
    try addProgram(attachment.program)
    attachments.append(attachment)
  }

  /// Programs at tracepoints themselves (`raw_tracepoint`): what the function that calls them is told is the program, since
  /// Linux kernel commit d4dfc5700e86 ("bpf: pass whole link instead of prog when triggering raw tracepoint") (in v6.10) its
  /// link.
  private static func attachments(
    of probes: TracepointProbes?, _ snapshot: Snapshot
  ) throws(CannotCheck) -> [BpfAttachment] {
    let callers = Set(snapshot.symbols.symbols(withPrefix: "__bpf_trace_").map(\.address.rawValue))
    let getsLink = snapshot.types.offsetIfAny(of: "cookie", in: "bpf_raw_tp_link") != nil
    var found: [BpfAttachment] = []
    for probe in probes?.probes ?? [] where callers.contains(probe.function) && probe.data != 0 {
      let program = try getsLink ? snapshot.object("bpf_link", at: probe.data)["prog"] : probe.data
      guard program != 0 else { continue }
      found.append(BpfAttachment(program: program, means: "raw_tracepoint", place: .tracepoint(probe.tracepoint)))
    }
    return found
  }
}

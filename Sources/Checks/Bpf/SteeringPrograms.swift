internal import KernelModel
internal import KernelObjects

/// The BPF programs that can change what user space is told or does, and hang where that is decided.
struct SteeringPrograms {
  struct Steering {
    let program: BpfProgram
    let powers: [BpfProgram.Power]
    /// Where it hangs, of the places that have a part in what user space is told.
    let places: [BpfAttachment]
    let holders: [BpfHolders.Holder]
    /// Who vouches for the executable of one who holds it, and whether somebody does.
    let vouching: Vouching

    var severity: Finding.Severity? {
      switch (powers.first, vouching) {
      case (nil, _): nil
      case (.sendSignal, .recorded): nil
      case (.sendSignal, _), (_, .recorded): .warning
      default: .critical
      }
    }
  }

  /// Whether a package brought the executable that holds a program.
  enum Vouching: Hashable {
    case recorded(String)
    case nobody(String)

    var words: String {
      switch self {
      case .recorded(let package): "its file is package \(package)'s"
      case .nobody(let reason): reason
      }
    }
  }

  private let kernel: Kernel
  private let answering: AnsweringFunction

  init(_ kernel: Kernel, types: KernelTypes) {
    self.kernel = kernel
    answering = AnsweringFunction(types: types, kernel: kernel)
  }

  /// Those of a look.
  func among(_ state: BpfState, _ snapshot: Snapshot) -> [Steering] {
    let able = state.programs.values.filter { !$0.powers.isEmpty }.sorted { ($0.id, $0.address) < ($1.id, $1.address) }
    guard !able.isEmpty else { return [] }
    let holders = BpfHolders(snapshot).holders
    return able.compactMap { program in
      let places = state.attachments.filter { $0.program == program.address && decides($0.place) }
      guard !places.isEmpty else { return nil }
      let held = holders[program.address, default: []]
      return Steering(
        program: program, powers: program.powers.sorted(), places: places, holders: held, vouching: vouching(for: held))
    }
  }

  /// Whether what happens at a place has a part in what user space is told.
  func decides(_ place: BpfAttachment.Place) -> Bool {
    switch place {
    case .function(let address): answering.answers(address)
    case .functions(let addresses): addresses.contains(where: answering.answers)
    // The events of every system call: include/trace/syscall.h, include/trace/events/syscalls.h (Linux v5.10 to v7.2).
    case .event(let system, _): ["syscalls", "raw_syscalls"].contains(system)
    case .tracepoint(let name): ["sys_enter", "sys_exit"].contains(name)
    case .userCode, .device, .cgroup, .other: false
    }
  }

  private func vouching(for holders: [BpfHolders.Holder]) -> Vouching {
    guard !holders.isEmpty else { return .nobody("no process holds it any more") }
    var reason = "what holds it has no file"
    for case let holder in holders {
      guard let executable = holder.executable else { continue }
      if executable.isDeleted {
        reason = "the file that holds it was deleted"
      } else if executable.isInOtherMounts {
        reason = "what holds it sees other mounts, as in a container: this host's records do not say whose file it is"
      } else if !kernel.isRunning {
        reason = "the records of the host are not at hand"
      } else {
        switch kernel.reference.provenance(of: executable.path) {
        case .recorded(let record): return .recorded(record.package)
        case .brought, .built: return .recorded("(brought)")
        case .altered(let record, _): reason = "its file is not as package \(record.package) brought it"
        case .unvouched(let why): reason = "nobody vouches for its file: \(why)"
        }
      }
    }
    return .nobody(reason)
  }
}

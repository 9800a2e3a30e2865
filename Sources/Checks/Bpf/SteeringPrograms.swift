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
    let vouching: LoaderVouching

    var severity: Finding.Severity? {
      switch (powers.first, vouching) {
      case (nil, _): nil
      case (.sendSignal, .recorded): nil
      case (.sendSignal, _), (_, .recorded): .warning
      default: .critical
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
  func among(_ state: BpfState, _ holders: BpfHolders) -> [Steering] {
    let able = state.programs.values.filter { !$0.powers.isEmpty }.sorted { ($0.id, $0.address) < ($1.id, $1.address) }
    return able.compactMap { program in
      let places = state.attachments.filter { $0.program == program.address && decides($0.place) }
      guard !places.isEmpty else { return nil }
      let held = holders.holders[program.address, default: []]
      return Steering(
        program: program, powers: program.powers.sorted(), places: places, holders: held,
        vouching: LoaderVouching(for: held, in: kernel))
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
}

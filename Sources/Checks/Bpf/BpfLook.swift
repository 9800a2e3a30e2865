internal import KernelModel
internal import KernelObjects

/// What the kernel holds of BPF, and what it tells of it, at one moment.
struct BpfLook {
  let state: BpfState
  /// Objects that memory has before and after the system call was asked, and that it leaves out.
  let hidden: [Hidden]
  /// Why the system call could not be asked for a kind of object.
  let unasked: [BpfObjectKind: Withheld]

  struct Hidden: Hashable {
    let kind: BpfObjectKind
    let number: UInt32
    let address: UInt64
  }

  init(of kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.structures
    state = try Self.state(structures)
    guard kernel.isRunning else {
      (hidden, unasked) = ([], [:])
      return
    }
    var told: [BpfObjectKind: Set<UInt32>] = [:]
    var unasked: [BpfObjectKind: Withheld] = [:]
    for kind in BpfObjectKind.allCases {
      switch kernel.toldBpfNumbers(kind) {
      case .success(let numbers): told[kind] = numbers
      case .failure(let withheld): unasked[kind] = withheld
      }
    }
    let after = try structures.now { (snapshot) throws(CannotCheck) in try BpfNumbers(snapshot) }
    var hidden: [Hidden] = []
    for (kind, told) in told {
      for (number, address) in state.numbers[kind] where after[kind][number] == address && !told.contains(number) {
        hidden.append(Hidden(kind: kind, number: number, address: address))
      }
    }
    self.hidden = hidden.sorted { ($0.kind.rawValue, $0.number) < ($1.kind.rawValue, $1.number) }
    self.unasked = unasked
  }

  /// Whatever is in the middle of being loaded or freed is read again.
  private static func state(_ structures: KernelStructures) throws(CannotCheck) -> BpfState {
    do throws(CannotCheck) {
      return try structures.now { (snapshot) throws(CannotCheck) in
        let state = try Self.state(snapshot)
        if let obstacle = state.obstacle, obstacle.mayPass { throw obstacle }
        return state
      }
    } catch {
      // What can be read is looked at all the same.
      guard error.mayPass else { throw error }
      return try structures.now { (snapshot) throws(CannotCheck) in try Self.state(snapshot) }
    }
  }

  private static func state(_ snapshot: Snapshot) throws(CannotCheck) -> BpfState {
    // A kernel without tracepoints has no programs there; why they cannot be read is for the check of them to say.
    try BpfState(snapshot, try? TracepointProbes(snapshot))
  }
}

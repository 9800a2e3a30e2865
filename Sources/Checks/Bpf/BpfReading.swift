internal import KernelModel
internal import KernelObjects

/// What there is of BPF in a kernel, judged: what the check tells, and what `hooks` lists.
struct BpfReading {
  enum Wrong: Hashable {
    /// bpf(2) leaves it out.
    case hidden(BpfLook.Hidden)
    /// The kernel runs it, and its table of numbers lacks it.
    case unnumbered(UInt64)
    /// The kernel goes elsewhere than to its code.
    case elsewhere(UInt64)
    /// Its code leads elsewhere.
    case astray(ProgramBranches.Branch)

    /// The program's `struct bpf_prog`; nil where it is about other objects, or about code alone.
    var program: UInt64? {
      switch self {
      case .hidden(let hidden): hidden.kind == .program ? hidden.address : nil
      case .unnumbered(let address), .elsewhere(let address): address
      case .astray: nil
      }
    }
  }

  let look: BpfLook
  /// What was so at each of several looks.
  let wrong: [Wrong]
  let steering: [SteeringPrograms.Steering]
  let expectation: Expectation
  private let holders: BpfHolders
  private let kernel: Kernel

  private static let looks = 3

  /// - Throws: if the kernel's structures cannot be read, or it has no BPF.
  init(of kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.structures
    let ownership = CodeOwnership(kernel: kernel, symbols: structures.reader.symbols, text: structures.text)
    let (look, wrong) = try kernel.persisting(looks: Self.looks) { () throws(CannotCheck) in
      try BpfLook(of: kernel)
    } wrong: {
      Self.wrong(in: $0, kernel.memory.fresh, ownership)
    }
    // Who holds programs is asked only where there are some.
    holders =
      look.state.programs.isEmpty
      ? BpfHolders() : try structures.now { (snapshot) throws(CannotCheck) in BpfHolders(snapshot) }
    steering = SteeringPrograms(kernel, types: structures.reader.types).among(look.state, holders)
    (self.look, self.wrong, self.kernel) = (look, wrong, kernel)
    expectation = structures.expectation
  }

  /// Who holds a program, and who vouches for them.
  func holders(of program: BpfProgram) -> (holders: [BpfHolders.Holder], vouching: LoaderVouching) {
    let holders = holders.holders[program.address, default: []]
    return (holders, LoaderVouching(for: holders, in: kernel))
  }

  private static func wrong(
    in look: BpfLook, _ memory: any KernelMemory, _ ownership: CodeOwnership
  ) -> [Wrong] {
    var wrong = look.hidden.map { Wrong.hidden($0) }
    wrong += look.state.unnumbered.map { .unnumbered($0.address) }
    wrong += look.state.programs.values.filter { !isInItsPlace($0, ownership) }.map { .elsewhere($0.address) }
    wrong += ProgramBranches.astray(in: look.state, memory, ownership).map { .astray($0) }
    return wrong
  }

  /// Whether the kernel goes to the program's own code, or to its interpreter.
  private static func isInItsPlace(_ program: BpfProgram, _ ownership: CodeOwnership) -> Bool {
    if let code = program.code { return code.contains(program.entry) }
    return ownership.standing(of: program.entry) == .kernelFunction
  }
}

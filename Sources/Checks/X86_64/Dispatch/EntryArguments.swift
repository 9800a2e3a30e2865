internal import KernelFormats
internal import KernelModel

/// How a function of the entry code is given the number of a system call and the caller's registers.
enum EntryArguments {
  /// `x64_sys_call(regs, nr)` and `do_syscall_64(regs, nr)`: arch/x86/entry/common.c, Linux v6.1.
  case registersThenNumber
  /// `do_syscall_64(nr, regs)`: arch/x86/entry/common.c, Linux v5.10.
  case numberThenRegisters

  private static let savedRegisters = MachineState.scratch.lowerBound + 0x1_0000
  private static let stack = MachineState.scratch.lowerBound + 0x8000_0000

  /// The machine at the function's start, for whatever number.
  ///
  /// The number stands in the saved registers too, as `ax` and as `orig_ax`: some entry functions take it from there.
  /// Source: arch/x86/include/asm/ptrace.h, `struct pt_regs`: ax at 0x50, orig_ax at 0x78 (Linux v5.10 to v7.2).
  var state: MachineState {
    var state = MachineState()
    state[4] = Quantity(value: Self.stack)
    switch self {
    case .registersThenNumber: (state[7], state[6]) = (Quantity(value: Self.savedRegisters), .number)
    case .numberThenRegisters: (state[7], state[6]) = (.number, Quantity(value: Self.savedRegisters))
    }
    state.store(.number, at: Self.savedRegisters + 0x50, byteCount: 8)
    state.store(.number, at: Self.savedRegisters + 0x78, byteCount: 8)
    return state
  }

  /// How `do_syscall_64` is called, by the entry code before the call: which argument is the stack pointer.
  init(ofCallsIn code: CodeMap, from entry: Symbol?) {
    self = .registersThenNumber
    guard let entry else { return }
    let region = code.region(of: entry)
    var position = region.start.rawValue
    do throws(CannotCheck) {
      while region.contains(KernelAddress(position)), let operation = try code.operation(at: position) {
        if operation.kind == .copy, operation.operands.count == 2,
          operation.operands[1] == .register(Operation.Register(4))
        {
          if operation.operands[0] == .register(Operation.Register(7)) { self = .registersThenNumber }
          if operation.operands[0] == .register(Operation.Register(6)) { self = .numberThenRegisters }
        }
        if operation.kind == .call, case .immediate(let target)? = operation.operands.first,
          code.names(at: target).contains("do_syscall_64")
        {
          return
        }
        position &+= UInt64(operation.byteCount)
      }
    } catch {
      // Taken as today's kernels do it; whoever follows the entry code says that it cannot be read.
    }
  }
}

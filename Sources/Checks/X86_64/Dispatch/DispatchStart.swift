internal import KernelFormats
internal import KernelModel

/// A function from which system calls of one interface are followed, and how.
struct DispatchStart {
  let abi: SystemCallABI
  let function: Symbol
  let arguments: EntryArguments

  /// What is added to an x32 program's numbers.
  ///
  /// Source: arch/x86/include/uapi/asm/unistd.h, `__X32_SYSCALL_BIT` (Linux v6.12).
  private static let x32Bit: UInt64 = 0x4000_0000

  /// Every function that calls of `abi` pass in `kernel`: those of the entry code, then the dispatcher by itself.
  ///
  /// The dispatcher by itself because an interface may be switched off, or its entry function too involved to be
  /// followed, and the dispatcher is still there to be tampered with.
  static func all(of abi: SystemCallABI, in code: CodeMap) -> [DispatchStart] {
    func symbol(_ names: [String]) -> Symbol? {
      for name in names {
        if let found = code.kernel.symbols.symbols(named: name).first(where: { $0.module == nil }) { return found }
      }
      return nil
    }
    var starts: [DispatchStart] = []
    if abi == .i386 {
      // The first of each line that is there; `int80_emulation` may be assembly that jumps to the one before it.
      for names in [
        ["do_int80_emulation", "int80_emulation", "do_int80_syscall_32"], ["do_fast_syscall_32"],
        ["fred_int80_emulation"],
      ] {
        guard let function = symbol(names) else { continue }
        starts.append(DispatchStart(abi: abi, function: function, arguments: .registersThenNumber))
      }
    } else if let function = symbol(["do_syscall_64"]) {
      let arguments = EntryArguments(ofCallsIn: code, from: symbol(["entry_SYSCALL_64"]))
      starts.append(DispatchStart(abi: abi, function: function, arguments: arguments))
    }
    if let dispatcher = symbol([abi.dispatcher]) {
      starts.append(DispatchStart(abi: abi, function: dispatcher, arguments: .registersThenNumber))
    }
    return starts
  }

  var isDispatcher: Bool { function.name == abi.dispatcher }

  /// What the machine is given for the system call `number`.
  func argument(for number: Int) -> UInt64 {
    UInt64(number) | (abi == .x32 && !isDispatcher ? Self.x32Bit : 0)
  }

  /// The numbers to follow whatever the code looks like: all that are assigned, those after them, and some far off.
  var numbers: [Int] {
    let last = abi.numbers.map(\.number).max() ?? 0
    return Array(0..<max(last + 17, 548)) + [1023, 4095, 65535, 0x3fff_ffff]
  }

  /// Numbers that code compares with and that are not among ``numbers``: whoever asks for a number may serve it.
  func further(_ compared: Set<UInt64>) -> [Int] {
    let tried = Set(numbers)
    let asked = compared.map { abi == .x32 && !isDispatcher ? $0 & ~Self.x32Bit : $0 }
    return Set(asked.filter { $0 <= 0x7fff_ffff }.map { Int($0) }).subtracting(tried).sorted().prefix(1024).map { $0 }
  }
}

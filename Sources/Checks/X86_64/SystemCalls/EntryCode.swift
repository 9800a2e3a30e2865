internal import KernelFormats
internal import KernelModel

extension X86_64 {
  /// What the entry code of one system call interface says: which table it reads, which dispatcher it calls, and where
  /// it draws the limit of valid numbers.
  ///
  /// Decided by disassembly, never by version: distributions carry the switch to dispatchers in kernels of every age.
  struct EntryCode: SystemCallEntryCode {
    /// Tables of handlers that the entry code reads with an index.
    var tables: Set<KernelAddress> = []
    /// The dispatcher function it calls directly, if it does.
    var dispatcher: Symbol?
    /// Numbers of entries that comparisons in the code would make the limit.
    var limits: Set<UInt64> { ownLimits.isEmpty ? otherLimits : ownLimits }
    private var ownLimits: Set<UInt64> = []
    /// Those of the numbers that another interface shares the code with: of x32's, unless these are asked for.
    private var otherLimits: Set<UInt64> = []
    /// The functions that were read.
    var functions: [String] = []
    /// Functions that exist and could not be read.
    var faults: [CannotCheck] = []

    /// The most bytes of one function that are decoded; the kernel's own entry functions have a few hundred.
    private static let longestFunction: UInt64 = 16 << 10
    /// Bytes of a dispatcher that are decoded: enough to see whether it goes on through a table.
    ///
    /// Its switch has one branch for every system call, and is another check's to verify.
    private static let dispatcherStart: UInt64 = 256

    init(of abi: SystemCallABI, in kernel: Kernel, disassembler: X86_64.Disassembler) {
      var waiting = abi.entryFunctions.flatMap { kernel.symbols.symbols(named: $0) }.filter { $0.module == nil }
      var seen: Set<KernelAddress> = []
      while let function = waiting.popLast(), seen.count < 16 {
        guard seen.insert(function.address).inserted else { continue }
        do throws(CannotCheck) {
          let called = try read(function, of: abi, in: kernel, disassembler: disassembler)
          waiting += called
        } catch {
          faults.append(error)
        }
      }
    }

    /// Reads one function; the dispatcher it calls is returned, to be read as well: it might use the table.
    private mutating func read(
      _ function: Symbol, of abi: SystemCallABI, in kernel: Kernel, disassembler: X86_64.Disassembler
    ) throws(CannotCheck) -> [Symbol] {
      let code = try Self.code(of: function, of: abi, in: kernel)
      functions.append(function.name)
      var called: [Symbol] = []
      var x32 = X32Numbers()
      let instructions = Self.instructions(of: code, at: function.address, disassembler: disassembler)
      for (index, machine) in instructions.enumerated() {
        let operation = disassembler.operation(machine.instruction.bytes.span, at: machine.instruction.address)
        if let table = machine.memory.flatMap({ Self.tableAddress(of: $0) }), !tables.contains(table),
          Self.holdsHandlers(table, of: abi, in: kernel)
        {
          tables.insert(table)
        }
        if machine.isCall || machine.isJump, let target = machine.instruction.branchTarget,
          let symbol = Self.dispatcher(at: target, of: abi, in: kernel)
        {
          dispatcher = symbol
          called.append(symbol)
        }
        if machine.instruction.mnemonic == "cmp", let value = machine.immediates.last, value > 0 {
          let isX32 = operation.map { x32.contains($0.operands.first) } ?? false
          noteLimit(UInt64(value), isOwn: isX32 == (abi == .x32), decidedBy: instructions[(index + 1)...].prefix(4))
        }
        if let operation { x32.pass(operation) }
      }
      return called
    }

    private static func code(of function: Symbol, of abi: SystemCallABI, in kernel: Kernel) throws(CannotCheck)
      -> [UInt8]
    {
      let end = kernel.symbols.next(above: function.address)?.address
      let longest = function.name.hasPrefix(abi.dispatcher) ? dispatcherStart : longestFunction
      let length = min(end?.offset(from: function.address) ?? longest, longest)
      do throws(MemoryFault) {
        return try kernel.memory.bytes(at: function.address, count: Int(length))
      } catch {
        throw .memoryUnreadable(error)
      }
    }

    /// Linear decode; a byte that is no instruction is stepped over, as it would be between two jumps.
    private static func instructions(
      of code: [UInt8], at start: KernelAddress, disassembler: X86_64.Disassembler
    ) -> [MachineInstruction] {
      var decoded: [MachineInstruction] = []
      var offset = 0
      while offset < code.count, let address = start.advanced(by: UInt64(offset)) {
        let rest = code.span.extracting(offset...)
        let run = disassembler.decode(rest, at: address, limit: code.count)
        decoded += run
        offset += max(run.reduce(0) { $0 + $1.instruction.bytes.count }, 0) + 1
      }
      return decoded
    }

    /// The table in `[index*8 + table]`: an absolute, sign-extended 32-bit displacement, as the kernel's `-mcmodel=kernel`
    /// makes it.
    private static func tableAddress(of operand: MachineInstruction.MemoryOperand) -> KernelAddress? {
      guard operand.scale == 8, operand.hasIndex, !operand.hasBase, !operand.isInstructionRelative else { return nil }
      let address = KernelAddress(UInt64(bitPattern: operand.displacement))
      return address.isInKernelHalf ? address : nil
    }

    /// Whether most of the first pointers at `table` are handlers: the entry code indexes other arrays too, such as
    /// `__per_cpu_offset` or a compiler's jump table.
    private static func holdsHandlers(_ table: KernelAddress, of abi: SystemCallABI, in kernel: Kernel) -> Bool {
      do throws(MemoryFault) {
        let pointers = try kernel.memory.pointers(at: table, count: 64)
        let handlers = pointers.filter { pointer in
          kernel.symbols.symbols(at: pointer).contains { abi.call(handledBy: $0.name) != nil }
        }
        return handlers.count * 2 > pointers.count
      } catch {
        return false  // what cannot be read is no table that the kernel could use
      }
    }

    /// The dispatcher at `target`: its symbol, or a compiler's copy of it (`x64_sys_call.constprop.0`).
    ///
    /// Call depth tracking leads calls to the padding before a function, at most 16 bytes of it (FUNCTION_PADDING_BYTES,
    /// Linux v6.12).
    private static func dispatcher(at target: KernelAddress, of abi: SystemCallABI, in kernel: Kernel) -> Symbol? {
      var candidates = kernel.symbols.symbols(at: target)
      if let next = kernel.symbols.next(above: target), let distance = next.address.offset(from: target), distance <= 16
      {
        candidates += kernel.symbols.symbols(at: next.address)
      }
      return candidates.first {
        $0.module == nil && ($0.name == abi.dispatcher || $0.name.hasPrefix(abi.dispatcher + "."))
      }
    }

    /// Turns `cmp number, value` into the number of entries it allows, by the jump or borrow that follows.
    private mutating func noteLimit(_ value: UInt64, isOwn: Bool, decidedBy following: ArraySlice<MachineInstruction>) {
      guard value < 65536 else { return }
      func note(_ limit: UInt64) { if isOwn { ownLimits.insert(limit) } else { otherLimits.insert(limit) } }
      for next in following {
        switch next.instruction.mnemonic {
        case "ja", "jbe", "seta", "setbe", "cmova", "cmovbe":
          note(value + 1)
          return
        case "jae", "jb", "setae", "setb", "cmovae", "cmovb", "sbb":
          note(value)
          return
        default: continue
        }
      }
    }
  }
}

internal import KernelFormats
internal import KernelModel

/// Code as it is read from one source: decoded once for each address, with the names of the running kernel.
///
/// Addresses are the source's own; what is handed out as an address of the running kernel says so.
final class CodeMap {
  /// What a direct branch out of a function leads to.
  enum Callee: Hashable {
    /// A function of the kernel or anything else: its start, the pad before it passed.
    case function(UInt64)
    /// The code that ftrace puts at a function's start.
    case tracing
    /// Code that returns to the caller's caller.
    case returnThunk
    /// Code that goes on at the address in a register, by its number.
    case indirectThunk(Int)
  }

  let source: any CodeSource
  let kernel: Kernel
  /// Added to an address of the source, gives that of the running kernel.
  let shift: UInt64
  private let disassembler: X86_64.Disassembler
  private var steps: [UInt64: Step] = [:]
  private var callees: [UInt64: Callee] = [:]
  private var namesAt: [UInt64: [String]] = [:]
  private var roles: [SystemCallABI: CalleeRoles] = [:]
  /// The numbers that comparisons in decoded code name: worth trying, since somebody asks for them.
  private(set) var comparedNumbers: Set<UInt64> = []

  init(_ source: any CodeSource, shift: UInt64, kernel: Kernel, disassembler: X86_64.Disassembler) {
    self.source = source
    self.shift = shift
    self.kernel = kernel
    self.disassembler = disassembler
  }

  /// One decoded instruction; an object, so that it is not copied each time it is run.
  final class Step {
    /// Nil if there is no instruction.
    let operation: Operation?
    init(_ operation: Operation?) { self.operation = operation }
  }

  /// The operation at `address`, or nil if there is no instruction.
  func operation(at address: UInt64) throws(CannotCheck) -> Operation? {
    try step(at: address).operation
  }

  func step(at address: UInt64) throws(CannotCheck) -> Step {
    if let known = steps[address] { return known }
    let bytes = try source.bytes(at: KernelAddress(address), count: 15)
    let operation = disassembler.operation(bytes.span, at: KernelAddress(address))
    let step = Step(operation)
    steps[address] = step
    if let operation, operation.kind == .compare || operation.kind == .subtract,
      case .immediate(let value)? = operation.operands.last
    {
      comparedNumbers.insert(value & 0xffff_ffff)
    }
    return step
  }

  /// The instruction at `address` as text, for a person; empty if there is none.
  func text(at address: UInt64) -> String {
    do throws(CannotCheck) {
      let bytes = try source.bytes(at: KernelAddress(address), count: 15)
      guard let found = disassembler.decode(bytes.span, at: KernelAddress(address), limit: 1).first else { return "" }
      return "\(found.instruction.mnemonic) \(found.instruction.operands)"
    } catch {
      return ""  // the obstacle that the text belongs to says why
    }
  }

  func running(_ address: UInt64) -> KernelAddress { KernelAddress(address &+ shift) }

  func own(_ address: KernelAddress) -> UInt64 { address.rawValue &- shift }

  /// What functions are to entry code of an interface; worked out once for all ways that lead there.
  func roles(of abi: SystemCallABI) -> CalleeRoles {
    if let known = roles[abi] { return known }
    let new = CalleeRoles(of: abi, in: self)
    roles[abi] = new
    return new
  }

  /// The names of what begins at `address`, as they are in the source.
  func names(at address: UInt64) -> [String] {
    if let known = namesAt[address] { return known }
    let names = kernel.symbols.symbols(at: running(address)).filter { $0.module == nil }
      .map { SymbolTable.nameInSource(of: $0.name) }
    namesAt[address] = names
    return names
  }

  /// The function that begins at `symbol`: up to the next name that is not one of its own inner labels.
  func region(of symbol: Symbol) -> MemoryRegion {
    var end = kernel.symbols.next(above: symbol.address)
    var passed = 0
    while let next = end, passed < 8, next.name.hasPrefix(symbol.name + "_") || next.name.hasPrefix("." + symbol.name) {
      end = kernel.symbols.next(above: next.address)
      passed += 1
    }
    let byteCount = min(end?.address.offset(from: symbol.address) ?? Self.longestFunction, Self.longestFunction)
    return MemoryRegion(start: KernelAddress(own(symbol.address)), byteCount: byteCount)
  }

  /// The most bytes a function is believed to have; a dispatcher has about 8 KiB.
  private static let longestFunction: UInt64 = 64 << 10

  /// What a branch to `target` leads to.
  func callee(at target: UInt64) -> Callee {
    if let known = callees[target] { return known }
    let callee = resolve(target)
    callees[target] = callee
    return callee
  }

  private func resolve(_ target: UInt64) -> Callee {
    let names = names(at: target)
    if names.contains(where: Self.tracers.contains) { return .tracing }
    if case .generatedCode(let place) = kernel.owner(of: running(target)),
      place.module == "bpf" || place.module?.hasPrefix("__builtin__ftrace") == true
    {
      return .tracing
    }
    if names.contains(where: { $0.hasSuffix("return_thunk") }) { return .returnThunk }
    // Thunks stand in an array whose first alone has a name; any other function is no thunk.
    if names.allSatisfy(Self.mayBeThunk), let register = thunkRegister(at: target) {
      return .indirectThunk(register)
    }
    return .function(names.isEmpty ? functionBehindPad(at: target) : target)
  }

  private static func mayBeThunk(_ name: String) -> Bool {
    let name = name.utf8
    let thunk: StaticString = "thunk"
    return thunk.withUTF8Buffer { thunk in
      name.indices.contains { name[$0] == thunk[0] && name[$0...].starts(with: thunk) }
    }
  }

  /// What ftrace makes the call at a function's start lead to, besides trampolines it generates.
  ///
  /// Source: arch/x86/kernel/ftrace_64.S (Linux v5.10 to v7.2).
  private static let tracers: Set<String> = ["__fentry__", "ftrace_caller", "ftrace_regs_caller", "mcount"]

  /// The function whose pad begins at `target`: call depth tracking counts the call there, ten bytes before it.
  ///
  /// Source: arch/x86/kernel/callthunks.c, `patch_dest` (Linux v6.12).
  private func functionBehindPad(at target: UInt64) -> UInt64 {
    guard let next = kernel.symbols.next(above: running(target)),
      let distance = next.address.offset(from: running(target)),
      distance <= 16
    else { return target }
    var position = target
    do throws(CannotCheck) {
      while position < target &+ distance {
        guard let operation = try operation(at: position), operation.isWithoutEffect else { return target }
        position &+= UInt64(operation.byteCount)
      }
    } catch {
      return target  // whoever follows the branch meets the same fault
    }
    return position == target &+ distance ? position : target
  }

  /// The register whose address the code at `target` goes on at, if that is all it does: a retpoline, or what stands in
  /// its place.
  ///
  /// Source: arch/x86/lib/retpoline.S (Linux v5.10 to v7.2): `jmp *reg`, after an lfence or not, or a call whose return
  /// address is replaced by the register.
  private func thunkRegister(at target: UInt64) -> Int? {
    var position = target
    var isInsideCall = false
    do throws(CannotCheck) {
      for _ in 0..<6 {
        guard let operation = try operation(at: position) else { return nil }
        let next = position &+ UInt64(operation.byteCount)
        switch (operation.kind, operation.operands.first) {
        case (.jump, .register(let register)) where !isInsideCall: return register.number
        case (.call, .immediate(let inner)) where !isInsideCall && inner > position && inner &- position < 32:
          isInsideCall = true
          position = inner
        case (.copy, .memory(let memory)) where isInsideCall && memory.base == 4 && memory.displacement == 0:
          guard case .register(let register)? = operation.operands.last else { return nil }
          return register.number
        default:
          guard operation.isWithoutEffect else { return nil }
          position = next
        }
      }
    } catch {
      return nil  // not readable, so no thunk of the kernel's
    }
    return nil
  }
}

extension Operation {
  /// Whether what is followed is the same before and after: a nop, or a counter in memory.
  var isWithoutEffect: Bool {
    switch kind {
    case .nothing: true
    case .other: written == 0
    default: false
    }
  }
}

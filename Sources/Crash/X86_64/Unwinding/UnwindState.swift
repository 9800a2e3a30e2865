internal import KernelModel

/// Why an unwinder goes no further, as an error.
struct UnwindEnd: Error {
  var end: StackTrace.End
}

/// Where an unwinder is: the registers of a function that had not returned.
struct UnwindState {
  var ip: UInt64
  var sp: UInt64
  var bp: UInt64
  /// Where ``ip`` lies.
  var slot: UInt64?
  /// Whether ``ip`` is the instruction itself, and no return address.
  var isInterrupted = false
  /// What an event saved right here, all of it or the last five.
  var registers: X86_64.Registers?
  /// All registers, saved here or, if only some are here, in the frame before.
  private var allRegisters: X86_64.Registers?

  init(ip: UInt64, sp: UInt64, bp: UInt64) {
    self.ip = ip
    self.sp = sp
    self.bp = bp
  }

  /// Goes on to a caller's frame, whose return address lies at `slot`.
  mutating func goOn(at address: UInt64, slot: UInt64, bp: UInt64) {
    ip = address
    sp = slot &+ 8
    self.bp = bp
    self.slot = slot
    isInterrupted = false
    registers = nil
    allRegisters = nil
  }

  /// Goes on to the frame that `entry` leads to.
  ///
  /// - Parameters:
  ///   - word: what lies at an address of a stack.
  ///   - savedRegisters: what an event saved at an address, all or only the last five.
  mutating func follow(
    _ entry: OrcEntry, word: (UInt64) -> UInt64?, savedRegisters: (UInt64, Bool) -> X86_64.Registers?
  ) throws(UnwindEnd) {
    func load(_ address: UInt64) throws(UnwindEnd) -> UInt64 {
      guard let value = word(address) else { throw UnwindEnd(end: .offTheStacks(KernelAddress(address))) }
      return value
    }
    let known = allRegisters ?? registers
    let base = try stackPointer(entry, known, word)
    let framePointerOffset = UInt64(bitPattern: Int64(entry.framePointerOffset))
    var next = self
    next.slot = nil
    switch entry.kind {
    case .registers, .partialRegisters:
      let isPartial = entry.kind == .partialRegisters
      guard let saved = savedRegisters(base, isPartial) else {
        throw UnwindEnd(end: .offTheStacks(KernelAddress(base)))
      }
      (next.ip, next.sp, next.registers) = (saved.ip, saved.sp, saved)
      next.allRegisters = isPartial ? known : saved
    case .call, .undefined, .endOfStack:
      next.goOn(at: try load(base &- 8), slot: base &- 8, bp: bp)
    }
    switch entry.framePointer {
    case .undefined: next.bp = next.allRegisters?.bp ?? bp
    case .previousStackPointer: next.bp = try load(base &+ framePointerOffset)
    case .framePointer: next.bp = try load(bp &+ framePointerOffset)
    default: throw UnwindEnd(end: .unknownRegister(KernelAddress(ip)))
    }
    next.isInterrupted = entry.isInterrupted
    self = next
  }

  /// The caller's stack pointer.
  private func stackPointer(
    _ entry: OrcEntry, _ known: X86_64.Registers?, _ word: (UInt64) -> UInt64?
  ) throws(UnwindEnd) -> UInt64 {
    let offset = UInt64(bitPattern: Int64(entry.stackPointerOffset))
    func register(_ path: KeyPath<X86_64.Registers, UInt64>) throws(UnwindEnd) -> UInt64 {
      guard let known else { throw UnwindEnd(end: .unknownRegister(KernelAddress(ip))) }
      return known[keyPath: path]
    }
    func load(_ address: UInt64) throws(UnwindEnd) -> UInt64 {
      guard let value = word(address) else { throw UnwindEnd(end: .offTheStacks(KernelAddress(address))) }
      return value
    }
    switch entry.stackPointer {
    case .stackPointer: return sp &+ offset
    case .framePointer: return bp &+ offset
    case .stackPointerIndirect:
      // The offset is added to what lies there (Linux v6.1), or to where it lies (v5.10); one of them is a stack pointer.
      let value = try load(sp) &+ offset
      return word(value &- 8) != nil ? value : try load(sp &+ offset)
    case .framePointerIndirect: return try load(bp &+ offset)
    case .ax: return try register(\.ax)
    case .dx: return try register(\.dx)
    case .di: return try register(\.di)
    case .r10: return try register(\.r10)
    case .r13: return try register(\.r13)
    case .undefined, .previousStackPointer, .unknown: throw UnwindEnd(end: .unknownRegister(KernelAddress(ip)))
    }
  }
}

internal import KernelModel

/// The task that panicked, its stack, and the tables that lead up it.
extension TestPanic {
  /// Where the program's registers are saved.
  package static let userRegisters = stackEnd - 168
  /// The stack pointer of the processor.
  package static let stackPointer = stack + 0x3000
  /// Where return addresses lie, the innermost first: to `__stack_chk_fail`, to nobody's code, to `do_syscall_64`, to the
  /// entry code.
  package static let slots = [stackPointer + 0x38, stackPointer + 0x40, stackPointer + 0x1b8, userRegisters - 8]
  /// What they hold.
  package static let returns = [
    Function.next.address, orphan + 0x74, Function.system.address + 0x30, Function.entry.address + 0x20,
  ]

  func writeTask() {
    memory.map(MemoryRegion(start: KernelAddress(Self.task), byteCount: 4096))
    memory.map(MemoryRegion(start: KernelAddress(Self.perProcessor), byteCount: 4096))
    memory.map(MemoryRegion(start: KernelAddress(Self.stack), byteCount: 16384))
    set(Self.task + 16, Self.stack)
    set(Self.task + 32, Int32(458))
    set(Self.task + 36, Int32(457))
    memory.write(string: "dd", at: KernelAddress(Self.task + 40))
    set(Self.perProcessor + 0x100, Self.task)
    set(Self.perProcessor + 0x110, Self.stackEnd)
    set(Self.perProcessor + 0x180, 0xffff_fe00_0000_9000 as UInt64)
  }

  func writeStack() {
    permit(Self.orphan, 4096)
    for (slot, address) in zip(Self.slots, Self.returns) { set(slot, address) }
    call(Function.panic.address, endingAt: Function.next.address)
    call(Function.stackCheckFail.address, endingAt: Self.orphan + 0x74)
    call(Function.thunk.address, endingAt: Function.system.address + 0x30)
    call(Function.system.address, endingAt: Function.entry.address + 0x20)
    var registers = [UInt64](repeating: 0, count: 21)
    registers[6] = 0x202  // r11
    registers[12] = 4242  // dx
    registers[13] = 0x7f00_0000_1000  // si
    registers[15] = 0  // the number of read(2)
    (registers[16], registers[17], registers[18]) = (0x47_b6fd, 0x33, 0x246)
    (registers[19], registers[20]) = (0x7fff_0000_1000, 0x2b)
    write(registers.flatMap { little($0) }, at: Self.userRegisters)
    var state = X86_64.Registers()
    (state.ip, state.sp, state.bp, state.cs) = (Function.panic.address + 0x20, Self.stackPointer, 0x1234, 0x10)
    processors = [
      ProcessorState(index: 0, pid: 0, registers: X86_64.Registers()),
      ProcessorState(index: 1, pid: 458, registers: state),
    ]
  }

  /// `call target`, right before an address.
  package func call(_ target: UInt64, endingAt address: UInt64) {
    write(MachineCode.branch(0xe8, to: KernelAddress(target), at: address - 5), at: address - 5)
  }

  func writeTable() {
    writeTable(
      [
        // Behind the prologue, a frame of 64 bytes; before it, one word.
        (Function.panic.address, orc(sp: 8)), (Function.panic.address + 0x10, orc(sp: 64)),
        (Function.stackCheckFail.address, orc(sp: 8)), (Function.next.address, orc(sp: 8)),
        // do_syscall_64 saves the frame pointer: 24 bytes below its caller's stack pointer.
        (Function.system.address, orc(sp: 8)),
        (Function.system.address + 0x10, orc(sp: Int16(Self.userRegisters - Self.slots[2] - 8), bp: -24)),
        (Function.entry.address, orc(sp: 0, kind: 1)), (Function.read.address, orc(sp: 16)),
        (Function.thunk.address, orc(sp: 8)), (Function.fork.address, orc(sp: 0, kind: 9)),
      ], places: Variable.places, entries: Variable.entries)
    let count = 10 as UInt64
    for (name, address) in [
      ("__start_orc_unwind_ip", Variable.places), ("__stop_orc_unwind_ip", Variable.places + count * 4),
      ("__start_orc_unwind", Variable.entries), ("__stop_orc_unwind", Variable.entries + count * 6),
    ] { add(name, address, "R") }
  }

  /// Writes a table: where each entry begins to hold, and the entry.
  package func writeTable(_ table: [(UInt64, [UInt8])], places: UInt64, entries: UInt64) {
    for (number, (address, entry)) in table.enumerated() {
      let place = places + UInt64(number) * 4
      set(place, Int32(truncatingIfNeeded: address &- place))
      write(entry, at: entries + UInt64(number) * 6)
    }
  }

  /// An ORC entry.
  ///
  /// - Parameters:
  ///   - sp: what is added to the stack pointer.
  ///   - bp: where the frame pointer is saved, from the caller's stack pointer; nil if it is not.
  ///   - kind: 0 call, 1 registers, 2 partial registers, 9 end of stack.
  ///   - fromFramePointer: whether `sp` is added to the frame pointer.
  package func orc(sp: Int16, bp: Int16? = nil, kind: UInt8 = 0, fromFramePointer: Bool = false) -> [UInt8] {
    let stackRegister: UInt8 = fromFramePointer ? 4 : isNewer ? 3 : 5
    let frameRegister: UInt8 = bp == nil ? 0 : isNewer ? 8 : 1
    let last: UInt8
    var registers = frameRegister << 4 | stackRegister
    if isNewer {
      last = kind == 9 ? 1 : kind + 2 | (kind > 0 ? 8 : 0)
    } else {
      last = kind == 9 ? 4 : kind
      if kind == 9 { registers = 0 }
    }
    return little(UInt16(bitPattern: sp)) + little(UInt16(bitPattern: bp ?? 0)) + [registers, last]
  }

  /// Loads a module whose one function has a frame of 32 bytes.
  package func loadModule() {
    permit(Self.moduleCode, 4096)
    let structure = Self.task + 0x400
    let table = Self.task + 0x800
    set(structure, UInt32(0))
    set(structure + 8, Variable.modules)
    set(structure + 16, Variable.modules)
    set(Variable.modules, structure + 8)
    memory.write(string: "sample", at: KernelAddress(structure + 24))
    set(structure + 80, Self.moduleCode)
    set(structure + 88, UInt32(4096))
    set(structure + 200, UInt32(1))
    // The distances have 32 bits: the table lies where the module does.
    let places = Self.moduleCode + 0x800
    set(structure + 208, places)
    set(structure + 216, table)
    writeTable([(Self.moduleCode, orc(sp: 32))], places: places, entries: table)
  }
}

package import KernelFormats
package import KernelModel
package import KernelObjects

/// How it is told what a dead kernel did, where its processors decide it.
package protocol CrashArchitecture: DecodingArchitecture, ObjectArchitecture {
  associatedtype Unwinder: StackUnwinder where Unwinder.Registers == Registers

  /// The stacks of a processor besides those of tasks, as far as the kernel says where they are.
  static func stacks(ofProcessor number: Int, _ perProcessor: PerProcessor, _ reader: Snapshot) -> [StackArea]
  /// The registers that an entry into the kernel saved at `address`, or nil if they cannot be read.
  static func registers(savedAt address: UInt64, _ reader: Snapshot) -> Registers?
  /// How many bytes above a program's saved registers may be left free at the top of its task's stack.
  static var topOfStackPaddings: [UInt64] { get }
  /// Whether a program can have had these registers when it came into the kernel.
  static func areProgramRegisters(_ registers: Registers) -> Bool
  /// Through which interface a program with these registers made a system call, and its number there; nil if it came into the
  /// kernel by another event.
  static func interfaceAndNumber(of program: Registers) -> (SystemCallInterface, Int)?
  /// The six arguments of a system call, first to last.
  static func arguments(of program: Registers) -> [UInt64]

  /// Whether a function of the kernel's goes on to where a register says.
  static func isIndirectThunk(_ symbol: Symbol) -> Bool
  /// Functions of its own code that a kernel does not come back from.
  static var lastFunctions: Set<String> { get }
  /// What lies between these symbols is given back once the kernel has started, and is others' memory from then on.
  static var givenBack: [(first: String, last: String)] { get }
  /// The write to what protects the kernel that the processor was at, by the log; nil if it was at another instruction, or the
  /// bytes are not told.
  static func protectionWrite(at registers: OopsRegisters) -> ProtectionWrite?
  /// The instruction that the processor was at, by the log; nil if its bytes are not told, or are none.
  static func instruction(at registers: OopsRegisters) -> FaultingInstruction?
  /// What stands before a place that was called and lacks the mark of a function that may be.
  static var missingEntryMark: StaticString { get }
  /// The kernel's own words for a write that would have taken a protection away, and that it took back.
  static var undoneProtectionWrites: [String] { get }
}

/// Goes up a stack from one function to the one that called it.
///
/// What it cannot know it may guess, and says so: see ``StackFrame/Origin``.
package protocol StackUnwinder {
  associatedtype Registers

  /// Frames at most.
  static var mostFrames: Int { get }
  /// - Parameter stacks: those that may be read.
  /// - Throws: if the kernel does not say how its stacks are to be gone up.
  init(_ kernel: Kernel, _ reader: Snapshot, stacks: [StackArea]) throws(CannotCheck)
  /// From where a processor stopped.
  func trace(from registers: Registers) -> StackTrace
  /// From where a task that does not run was switched away from.
  func trace(ofStopped task: KernelTask) throws(CannotCheck) -> StackTrace
  /// From the return address that lies at `slot`, whoever left it there: a guess, and so is all that follows.
  func trace(fromReturnAt slot: KernelAddress) -> StackTrace?
}

/// A write to what protects the kernel: a register of the processor's that bans it from writing or running what it must not.
package struct ProtectionWrite: Hashable {
  /// The register's name.
  var register: String
  var effect: Effect

  package enum Effect: Hashable {
    /// A protection that was on, or may have been, goes off: which one, in words.
    case clears(String)
    /// Whatever was on stays on.
    case keeps
    /// What was written is not told.
    case unknown
  }
}

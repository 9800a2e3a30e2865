package import KernelModel

/// One function that had not returned, by the stack it left.
package struct StackFrame: Hashable, Sendable {
  /// The instruction that it was at, or will go on with.
  package var address: KernelAddress
  package var owner: Owner
  /// Where on a stack the address lies; nil if it was a processor's register, or saved with all registers.
  package var slot: KernelAddress?
  /// The stack pointer when it goes on.
  package var stackPointer: KernelAddress
  /// Whether it was interrupted there, rather than called something.
  package var isInterrupted: Bool
  package var origin: Origin

  /// How it was got.
  package enum Origin: String, Hashable, Sendable, CaseIterable {
    /// The processor's registers in the dump.
    case processor
    /// What the scheduler saved when the task stopped running.
    case savedContext
    /// The unwind tables of the code that the frame before lies in.
    case unwindTable
    /// The registers that an interrupt, an exception or a system call saved, where the tables say that they are.
    case savedRegisters
    /// A guess, and a good one: the next word up the stack that goes back to behind a call of the very function.
    case caller
    /// A guess: code without tables, taken to keep a frame pointer.
    case framePointer
    /// A guess: the next word up the stack that goes back to behind a call.
    case scan

    /// Whether it is a guess, and so is all that follows.
    package var isGuess: Bool { [.caller, .framePointer, .scan].contains(self) }
  }
}

/// What was on a stack, from the innermost function out.
package struct StackTrace: Hashable, Sendable {
  package var frames: [StackFrame]
  package var end: End

  /// Why it goes no further.
  package enum End: Hashable, Sendable {
    /// Where the task entered the kernel: what follows is a program.
    case userMode
    /// The code is where a stack begins.
    case endOfStack
    /// Nothing tells how to go on from there, not even a guess.
    case noUnwindInformation(KernelAddress)
    /// The next word lies on none of the stacks, or cannot be read.
    case offTheStacks(KernelAddress)
    /// The stack pointer did not rise.
    case notRising(KernelAddress)
    /// The entry for the code there counts from a register that is not known.
    case unknownRegister(KernelAddress)
    case tooManyFrames
  }

  package init(frames: [StackFrame], end: End) {
    self.frames = frames
    self.end = end
  }

  /// How many frames, from the innermost, rest on no guess.
  package var certainCount: Int { frames.firstIndex { $0.origin.isGuess } ?? frames.count }
}

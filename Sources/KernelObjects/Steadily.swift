package import KernelModel

extension Kernel {
  /// What `attempt` gives: the kernel changes its lists while they are read, and one that was cut is read again, a
  /// moment later.
  ///
  /// - Parameters:
  ///   - memory: what the first attempt reads; later ones read `memory.fresh`.
  package func steadily<Value>(
    reading memory: any KernelMemory, attempts: Int = 4,
    _ attempt: (any KernelMemory) throws(CannotCheck) -> Value
  ) throws(CannotCheck) -> Value {
    var memory = memory
    // One that stopped gives the same each time.
    for _ in 1..<(isRunning ? attempts : 1) {
      do throws(CannotCheck) {
        return try attempt(memory)
      } catch {
        guard error.mayPass else { throw error }
        pause()
        memory = memory.fresh
      }
    }
    return try attempt(memory)
  }

  /// What the last of several looks gave, and what was wrong in each of them: what is right at one look was being changed.
  ///
  /// - Parameters:
  ///   - looks: at most; where nothing is left that is wrong, nobody looks again.
  ///   - wrong: what is wrong in a look.
  package func persisting<Look, Wrong: Hashable>(
    looks: Int, _ look: () throws(CannotCheck) -> Look, wrong: (Look) -> [Wrong]
  ) throws(CannotCheck) -> (last: Look, wrong: [Wrong]) {
    var last = try look()
    var found = wrong(last)
    for _ in 1..<looks where !found.isEmpty {
      pause()
      last = try look()
      let still = Set(wrong(last))
      found.removeAll { !still.contains($0) }
    }
    return (last, found)
  }
}

extension CannotCheck {
  /// Whether it may be a matter of the moment: something that was being changed while it was read.
  package var mayPass: Bool {
    switch self {
    case .memoryUnreadable, .torn: true
    default: false
    }
  }
}

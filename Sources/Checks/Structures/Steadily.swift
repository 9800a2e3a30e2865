internal import KernelModel

extension Kernel {
  /// What `attempt` gives: the kernel changes its lists while they are read, and one that was cut is read again, a
  /// moment later.
  ///
  /// - Parameters:
  ///   - memory: what the first attempt reads; later ones read `memory.fresh`.
  func steadily<Value>(
    reading memory: any KernelMemory, attempts: Int = 4,
    _ attempt: (any KernelMemory) throws(CannotCheck) -> Value
  ) throws(CannotCheck) -> Value {
    var memory = memory
    for _ in 1..<attempts {
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
}

extension CannotCheck {
  /// Whether it may be a matter of the moment: something that was being changed while it was read.
  var mayPass: Bool {
    switch self {
    case .memoryUnreadable, .implausible: true
    default: false
    }
  }
}

internal import Audit
internal import Checks
internal import KernelModel

extension Exhibits {
  /// The exhibits of `kernel`: what `liveprobe map` and `liveprobe syscalls` show of it.
  init(of kernel: Kernel) {
    self.init(
      executableMemory: Result { () throws(CannotCheck) in try ExecutableMap(of: kernel) },
      systemCalls: Machine.SystemCallInterface.allCases.map { interface in
        (interface, Result { () throws(CannotCheck) in try SystemCallMap(of: interface, in: kernel) })
      })
  }
}

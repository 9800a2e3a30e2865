internal import Audit
internal import Checks
internal import KernelModel

extension Exhibits {
  /// The exhibits of `kernel`: what `liveprobe map` and `liveprobe syscalls` show of it.
  init(of kernel: Kernel) {
    self.init(
      executableMemory: Self.attempt { () throws(CannotCheck) in try ExecutableMap(of: kernel) },
      systemCalls: SystemCallMap.Interface.allCases.map { interface in
        (interface, Self.attempt { () throws(CannotCheck) in try SystemCallMap(of: interface, in: kernel) })
      })
  }

  private static func attempt<Exhibit>(
    _ show: () throws(CannotCheck) -> Exhibit
  ) -> Result<Exhibit, CannotCheck> {
    do throws(CannotCheck) { return .success(try show()) } catch { return .failure(error) }
  }
}

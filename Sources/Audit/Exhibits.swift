package import KernelModel

/// Parts of the kernel that a report shows whole, whether or not anything is wrong with them.
///
/// They decide nothing: what is wrong with them, checks have found. What cannot be had says why.
package struct Exhibits {
  /// All executable memory, and whose it is.
  package var executableMemory: Result<ExecutableMap, CannotCheck>
  /// Where each system call number goes, for each interface.
  package var systemCalls: [(interface: Machine.SystemCallInterface, map: Result<SystemCallMap, CannotCheck>)]
  /// Who is called besides the kernel's own image.
  package var hooks: Result<Hooks, CannotCheck>

  package init(
    executableMemory: Result<ExecutableMap, CannotCheck>,
    systemCalls: [(interface: Machine.SystemCallInterface, map: Result<SystemCallMap, CannotCheck>)],
    hooks: Result<Hooks, CannotCheck>
  ) {
    self.executableMemory = executableMemory
    self.systemCalls = systemCalls
    self.hooks = hooks
  }
}

package import KernelModel

extension SystemCallMap {
  /// Follows every number of `interface` in `kernel`'s memory.
  ///
  /// - Throws: if the code cannot be found, or leads nowhere.
  package init(of interface: Machine.SystemCallInterface, in kernel: Kernel) throws(CannotCheck) {
    self = try Machine.Dispatch.map(of: interface, in: kernel)
  }
}

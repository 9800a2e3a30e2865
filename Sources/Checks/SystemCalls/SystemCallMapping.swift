package import KernelModel

extension SystemCallMap {
  /// Follows every number of `interface` in `kernel`'s memory, once for all who ask.
  ///
  /// - Throws: if the code cannot be found, or leads nowhere.
  package init(of interface: Machine.SystemCallInterface, in kernel: Kernel) throws(CannotCheck) {
    if let map = kernel.value(of: Kernel.systemCallMapsMember)[interface] {
      self = try map.get()
    } else {
      self = try Machine.Dispatch.map(of: interface, in: kernel)
    }
  }
}

extension Kernel {
  fileprivate static let systemCallMapsMember = Workings.Member<
    [Machine.SystemCallInterface: Result<SystemCallMap, CannotCheck>], Never
  > { kernel in
    Machine.SystemCallInterface.allCases.reduce(into: [:]) { maps, interface in
      maps[interface] = Result { () throws(CannotCheck) in try Machine.Dispatch.map(of: interface, in: kernel) }
    }
  }
}

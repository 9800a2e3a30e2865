package import KernelModel

extension SystemCallMap {
  /// Follows every number of `interface` in `kernel`'s memory, once for all who ask.
  ///
  /// - Throws: if the code cannot be found, or leads nowhere.
  package init(of interface: Machine.SystemCallInterface, in kernel: Kernel) throws(CannotCheck) {
    self = try kernel.value(of: Kernel.systemCallMapsMember).map(of: interface, in: kernel)
  }
}

/// Where the numbers of each interface lead, each worked out when it is first asked for.
private final class SystemCallMaps {
  private var known: [Machine.SystemCallInterface: Result<SystemCallMap, CannotCheck>] = [:]

  func map(of interface: Machine.SystemCallInterface, in kernel: Kernel) throws(CannotCheck) -> SystemCallMap {
    let map =
      known[interface]
      ?? Result { () throws(CannotCheck) in try Machine.Dispatch.map(of: interface, in: kernel) }
    known[interface] = map
    return try map.get()
  }
}

extension Kernel {
  fileprivate static let systemCallMapsMember = Workings.Member<SystemCallMaps, Never> { _ in SystemCallMaps() }
}

internal import KernelModel
internal import KernelObjects

/// The sockets that memory has, before and after user space was asked, and those that it was not told of.
struct SocketLook {
  let sockets: NetworkSockets
  /// Of each name, all sockets where fewer are told than there are.
  private(set) var hidden: [NetworkSockets.Socket] = []
  /// Why user space could not be asked about some.
  private(set) var unasked: [SocketName.Kind: Withheld] = [:]

  init(of kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.structures
    let first = try Self.sockets(structures)
    guard kernel.isRunning else {
      sockets = first
      return
    }
    var told: [SocketName: Int] = [:]
    let withheld = try Self.isOfFirstNamespace(kernel, structures)
    for kind in SocketName.Kind.allCases {
      switch withheld.map({ .failure($0) }) ?? kernel.toldSockets(kind) {
      case .success(let names): for (name, count) in names { told[name] = count }
      case .failure(let withheld): unasked[kind] = withheld
      }
    }
    sockets = try Self.sockets(structures)
    let there = first.sockets.values.filter { sockets.sockets[$0.address] == $0 && unasked[$0.name.kind] == nil }
    var counts: [SocketName: Int] = [:]
    for socket in there { counts[socket.name, default: 0] += 1 }
    hidden = there.filter { told[$0.name, default: 0] < counts[$0.name, default: 0] }
    // Where there are none, there need be no file.
    let kinds = Set(sockets.sockets.values.map(\.name.kind))
    unasked = unasked.filter { kinds.contains($0.key) }
  }

  /// Why process 1 of /proc is not the first process of all, so that its network may be another; nil if it is.
  static func isOfFirstNamespace(
    _ kernel: Kernel, _ structures: KernelStructures
  ) throws(CannotCheck) -> Withheld? {
    switch kernel.toldProcesses.namespace() {
    case .failure(let withheld): return withheld
    case .success(let told):
      let inode: UInt64? = try structures.now { (snapshot) throws(CannotCheck) in
        try snapshot.object("pid_namespace", named: "init_pid_ns")?["ns.inum"]
      }
      return inode == told
        ? nil
        : Withheld(
          "the sockets that user space sees", why: "/proc/1 is a container's first process, and not the host's",
          remedy: "run it on the host itself")
    }
  }

  private static func sockets(_ structures: KernelStructures) throws(CannotCheck) -> NetworkSockets {
    do throws(CannotCheck) {
      return try structures.now { (snapshot) throws(CannotCheck) in
        let sockets = try sockets(snapshot)
        if let obstacle = sockets.obstacle, obstacle.mayPass { throw obstacle }
        return sockets
      }
    } catch {
      // What can be read is looked at all the same.
      guard error.mayPass else { throw error }
      return try structures.now { (snapshot) throws(CannotCheck) in try sockets(snapshot) }
    }
  }

  private static func sockets(_ snapshot: Snapshot) throws(CannotCheck) -> NetworkSockets {
    guard snapshot.types.typeIfAny("inet_hashinfo") != nil else {
      throw .notApplicable("this kernel was built without the internet protocols (CONFIG_INET)")
    }
    guard let network = try Tasks(snapshot).firstNetwork() else {
      throw .torn("the first process", "is in no network namespace")
    }
    return NetworkSockets(of: network)
  }
}

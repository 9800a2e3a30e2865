internal import KernelModel
internal import KernelObjects

/// The sockets that memory has, before and after user space was asked, and those that it was not told of.
struct SocketLook {
  /// A network namespace, and the first process that is in it.
  struct Network: Equatable {
    let address: UInt64
    let process: Int32
    /// Of the process's `struct task_struct`, and when it began, in nanoseconds since the kernel did.
    let task: UInt64
    let start: UInt64
  }

  /// Which file could not be read.
  struct File: Hashable {
    let process: Int32
    let kind: SocketName.Kind
  }

  let sockets: NetworkSockets
  /// By the address of each: the first is that of the first process.
  private(set) var networks: [Network]
  /// Whether there are more networks than were looked at.
  let areMore: Bool
  /// Of each name, all sockets where fewer are told than there are.
  private(set) var hidden: [NetworkSockets.Socket] = []
  /// Why user space could not be asked about some.
  private(set) var unasked: [File: Withheld] = [:]

  /// A socket's name in its network.
  private struct Name: Hashable {
    let network: UInt64
    let name: SocketName

    init(_ socket: NetworkSockets.Socket) { (network, name) = (socket.network, socket.name) }
    init(_ network: Network, _ name: SocketName) { (self.network, self.name) = (network.address, name) }
  }

  private struct Kind: Hashable {
    let network: UInt64
    let kind: SocketName.Kind
  }

  private static let mostNetworks = 64

  init(of kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.structures
    let first = try Self.read(structures)
    guard kernel.isRunning else {
      (sockets, networks, areMore) = first
      return
    }
    var told: [Name: Int] = [:]
    let withheld = try Self.isOfFirstNamespace(kernel, structures)
    // Whoever tells of all looks through all tables for each network: nobody asks about what is not there.
    let present = Set(first.sockets.sockets.values.map { Kind(network: $0.network, kind: $0.name.kind) })
    for network in first.networks {
      for kind in SocketName.Kind.allCases where present.contains(Kind(network: network.address, kind: kind)) {
        switch withheld.map({ .failure($0) }) ?? kernel.toldSockets(kind, network.process) {
        case .success(let names): for (name, count) in names { told[Name(network, name)] = count }
        case .failure(let withheld): unasked[File(process: network.process, kind: kind)] = withheld
        }
      }
    }
    let second = try Self.read(structures)
    (sockets, areMore) = (second.sockets, second.areMore)
    // A process that ended meanwhile, or went into another network, told of nothing.
    networks = first.networks.filter { second.networks.contains($0) }
    let numbers = Dictionary(networks.map { ($0.address, $0.process) }) { first, _ in first }
    let there = first.sockets.sockets.values.filter { socket in
      guard let process = numbers[socket.network], sockets.sockets[socket.address] == socket else { return false }
      return unasked[File(process: process, kind: socket.name.kind)] == nil
    }
    var counts: [Name: Int] = [:]
    for socket in there { counts[Name(socket), default: 0] += 1 }
    hidden = there.filter { told[Name($0), default: 0] < counts[Name($0), default: 0] }
    // Where there are none, there need be no file.
    let files = Set(
      second.sockets.sockets.values.compactMap { socket in
        numbers[socket.network].map { File(process: $0, kind: socket.name.kind) }
      })
    unasked = unasked.filter { files.contains($0.key) }
  }

  /// Through which process user space is told of a network.
  func process(in network: UInt64) -> Int32? { networks.first { $0.address == network }?.process }

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

  private typealias Reading = (sockets: NetworkSockets, networks: [Network], areMore: Bool)

  private static func read(_ structures: KernelStructures) throws(CannotCheck) -> Reading {
    do throws(CannotCheck) {
      return try structures.now { (snapshot) throws(CannotCheck) in
        let reading = try read(snapshot)
        if let obstacle = reading.sockets.obstacle, obstacle.mayPass { throw obstacle }
        return reading
      }
    } catch {
      // What can be read is looked at all the same.
      guard error.mayPass else { throw error }
      return try structures.now { (snapshot) throws(CannotCheck) in try read(snapshot) }
    }
  }

  private static func read(_ snapshot: Snapshot) throws(CannotCheck) -> Reading {
    guard snapshot.types.typeIfAny("inet_hashinfo") != nil else {
      throw .notApplicable("this kernel was built without the internet protocols (CONFIG_INET)")
    }
    let (found, areMore) = try Tasks(snapshot).networks(most: mostNetworks)
    let networks = try found.map { (network, process) throws(CannotCheck) in
      Network(
        address: network.address, process: try process["pid"], task: process.address, start: try process["start_time"])
    }
    guard networks.first?.process == 1 else { throw .torn("the first process", "is in no network namespace") }
    return (NetworkSockets(of: found.map(\.network), snapshot), networks, areMore)
  }
}

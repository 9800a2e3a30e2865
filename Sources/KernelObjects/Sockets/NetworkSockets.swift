internal import KernelFormats
package import KernelModel

/// The sockets of network namespaces, by the tables in which the kernel looks for them when a packet comes.
///
/// Sources: `struct inet_hashinfo`, include/net/inet_hashtables.h; `struct udp_table`, include/net/udp.h; `struct sock_common`,
/// include/net/sock.h; `struct netns_packet`, include/net/netns/packet.h; `struct raw_hashinfo`, include/net/raw.h (Linux v5.10 to v7.2).
package struct NetworkSockets {
  package struct Socket: Hashable, Sendable {
    /// Of its `struct sock`.
    package var address: UInt64
    package var name: SocketName
    /// TCP_ESTABLISHED is 1, TCP_LISTEN is 10; of UDP and packets, whatever it is.
    package var state: UInt8
    /// Its namespace's `struct net`.
    package var network: UInt64
  }

  /// In what sort of table a socket is.
  private enum Table {
    case connections, datagrams, raw
  }

  /// By address.
  package private(set) var sockets: [UInt64: Socket] = [:]
  /// Why some are not known; nil if all are.
  package private(set) var obstacle: CannotCheck?
  /// Whether there are more connections than are looked at.
  package private(set) var isCut = false
  private let namespaces: [KernelObject]
  private let snapshot: Snapshot

  /// Sockets that wait at ports, and those of packets, at most; and connections.
  private static let most = 1 << 16
  private static let mostConnections = 1 << 14
  private static let mostBuckets: UInt64 = 1 << 21
  /// RAW_HTABLE_SIZE, include/net/raw.h, and more.
  private static let mostRawBuckets = 4096
  /// INET_LHTABLE_SIZE, include/net/inet_hashtables.h (Linux v5.10).
  private static let oldBuckets: UInt64 = 32
  /// TCP_TIME_WAIT and TCP_NEW_SYN_RECV: what is known of a connection that is gone, or not there yet.
  private static let passing: Set<UInt8> = [6, 12]

  /// - Parameter namespaces: each a `struct net`.
  package init(of namespaces: [KernelObject], _ snapshot: Snapshot) {
    self.namespaces = namespaces
    self.snapshot = snapshot
    attempt { (sockets: inout Self) throws(CannotCheck) in try sockets.addTcp() }
    attempt { (sockets: inout Self) throws(CannotCheck) in try sockets.addUdp() }
    for variable in ["raw_v4_hashinfo", "raw_v6_hashinfo"] {
      attempt { (sockets: inout Self) throws(CannotCheck) in try sockets.addRaw(variable) }
    }
    for namespace in namespaces {
      attempt { (sockets: inout Self) throws(CannotCheck) in try sockets.addPackets(of: namespace) }
    }
  }

  private mutating func attempt(_ read: (inout Self) throws(CannotCheck) -> Void) {
    do throws(CannotCheck) {
      try read(&self)
    } catch {
      obstacle = obstacle ?? error
    }
  }

  // MARK: Tables

  /// One for all namespaces, but where one was made for a namespace.
  private mutating func addTcp() throws(CannotCheck) {
    var seen: Set<UInt64> = []
    for namespace in namespaces where namespace.has("ipv4.tcp_death_row.hashinfo") {
      guard let table = try namespace.target("ipv4.tcp_death_row.hashinfo", as: "inet_hashinfo"),
        seen.insert(table.address).inserted
      else { continue }
      try addTcp(table)
    }
  }

  private mutating func addTcp(_ table: KernelObject) throws(CannotCheck) {
    // Up to Linux v5.18 those that wait are in two tables, of which the second has a link of its own.
    if table.has("listening_hash") {
      try addTable(
        at: table.address(of: "listening_hash"), count: Self.oldBuckets, of: "inet_listen_hashbucket",
        head: "nulls_head", link: "skc_nulls_node", .connections)
    }
    let mask: UInt32 = try table["lhash2_mask"]
    let buckets = try table["lhash2"] as UInt64
    if table.has("listening_hash") {
      try addTable(
        at: buckets, count: UInt64(mask) + 1, of: "inet_listen_hashbucket", head: "head",
        link: "icsk_listen_portaddr_node", in: "inet_connection_sock", .connections)
    } else {
      try addTable(
        at: buckets, count: UInt64(mask) + 1, of: "inet_listen_hashbucket", head: "nulls_head", link: "skc_nulls_node",
        .connections)
    }
    let connections: UInt32 = try table["ehash_mask"]
    try addTable(
      at: table["ehash"], count: UInt64(connections) + 1, of: "inet_ehash_bucket", head: "chain",
      link: "skc_nulls_node", .connections, most: Self.mostConnections)
  }

  /// The same.
  private mutating func addUdp() throws(CannotCheck) {
    let common = try snapshot.object("udp_table", named: "udp_table")
    var seen: Set<UInt64> = []
    for namespace in namespaces {
      var table = common
      if namespace.has("ipv4.udp_table") { table = try namespace.target("ipv4.udp_table", as: "udp_table") ?? table }
      guard let table, seen.insert(table.address).inserted else { continue }
      let mask: UInt32 = try table["mask"]
      try addTable(
        at: table["hash"], count: UInt64(mask) + 1, of: "udp_hslot", head: "head", link: "skc_node", .datagrams)
      let isMain = snapshot.types.typeIfAny("udp_hslot_main") != nil
      try addTable(
        at: table["hash2"], count: UInt64(mask) + 1, of: isMain ? "udp_hslot_main" : "udp_hslot",
        head: isMain ? "hslot.head" : "head", link: "skc_portaddr_node", .datagrams)
    }
  }

  /// One for all namespaces, by the protocol.
  private mutating func addRaw(_ variable: String) throws(CannotCheck) {
    guard let table = try snapshot.object("raw_hashinfo", named: variable) else { return }
    let heads = try table.type.member("ht")
    for index in 0..<min(heads.elementCount ?? 0, Self.mostRawBuckets) {
      for socket in try snapshot.hlist(
        at: table.address(of: "ht") &+ UInt64(index * heads.elementByteCount), linkedBy: "skc_node", of: "sock_common",
        limit: Self.most)
      { try add(socket.address, .raw) }
    }
  }

  private mutating func addPackets(of namespace: KernelObject) throws(CannotCheck) {
    guard namespace.has("packet.sklist") else { return }
    let list = try snapshot.hlist(
      at: namespace.address(of: "packet.sklist"), linkedBy: "skc_node", of: "sock_common", limit: Self.most)
    for common in list {
      let inode = try Self.inode(of: snapshot.object("sock", at: common.address))
      sockets[common.address] = Socket(
        address: common.address, name: SocketName(kind: .packet, inode: inode), state: 0, network: namespace.address)
    }
  }

  /// The sockets in a table of lists: the heads are read at once, most of them lead nowhere.
  private mutating func addTable(
    at table: UInt64, count: UInt64, of bucket: String, head: String, link: String,
    in structure: String = "sock_common", _ sort: Table, most: Int = Self.most
  ) throws(CannotCheck) {
    let stride = UInt64(try snapshot.types.byteCount(of: bucket))
    let offset = try snapshot.offset(head, in: bucket)
    guard count <= Self.mostBuckets, table != 0 else { throw .torn("a table of sockets", "has \(count) lists") }
    var found = 0
    // No more than are read at once.
    let part = (UInt64(1) << 22) / stride
    for start in Swift.stride(from: UInt64(0), to: count, by: Int(part)) {
      let lists = min(part, count - start)
      let bytes = try snapshot.bytes(at: table &+ start &* stride, count: Int(lists * stride))
      for index in 0..<lists {
        let place = index * stride + offset
        let first = bytes.withUnsafeBytes { $0.value(UInt64.self, at: Int(place)) }
        guard first != 0, first & 1 == 0 else { continue }
        for socket in try snapshot.hlist(
          at: table &+ start &* stride &+ place, linkedBy: link, of: structure, limit: Self.most)
        {
          guard found < most else {
            isCut = true
            return
          }
          found += 1
          try add(socket.address, sort)
        }
      }
    }
  }

  private mutating func add(_ address: UInt64, _ sort: Table) throws(CannotCheck) {
    let common = try snapshot.object("sock_common", at: address)
    // A kernel without network namespaces has one.
    let network = try common.valueIfAny("skc_net.net") ?? namespaces.first?.address ?? 0
    guard namespaces.contains(where: { $0.address == network }) else { return }
    let state: UInt8 = try common["skc_state"]
    let family: UInt16 = try common["skc_family"]
    guard sort != .connections || !Self.passing.contains(state), let kind = Self.kind(family, sort) else { return }
    let isLong = kind == .tcp6 || kind == .udp6 || kind == .raw6
    let byteCount = isLong ? 16 : 4
    let prefix = isLong ? "skc_v6_" : "skc_"
    sockets[address] = Socket(
      address: address,
      name: SocketName(
        kind: kind,
        local: try snapshot.bytes(at: common.address(of: prefix + "rcv_saddr"), count: byteCount),
        localPort: try common["skc_num"],
        remote: try snapshot.bytes(at: common.address(of: prefix + "daddr"), count: byteCount),
        // A raw socket has no port, and none is told.
        remotePort: sort == .raw ? 0 : (try common["skc_dport"] as UInt16).byteSwapped), state: state, network: network)
  }

  /// AF_INET and AF_INET6, include/linux/socket.h.
  private static func kind(_ family: UInt16, _ sort: Table) -> SocketName.Kind? {
    let kinds: (SocketName.Kind, SocketName.Kind) =
      switch sort {
      case .connections: (.tcp, .tcp6)
      case .datagrams: (.udp, .udp6)
      case .raw: (.raw, .raw6)
      }
    return family == 2 ? kinds.0 : family == 10 ? kinds.1 : nil
  }

  // MARK: Details

  /// What a socket is known by in the file system of sockets; 0 where no process has it.
  private static func inode(of socket: KernelObject) throws(CannotCheck) -> UInt64 {
    // Newer kernels' sockets have it themselves, as those of v7.2.
    if let number = try socket.valueIfAny("sk_ino") { return number }
    guard let file = try socket.target("sk_socket", as: "socket") else { return 0 }
    return try file.container("socket_alloc", member: "socket")["vfs_inode.i_ino"]
  }

  /// Its `struct socket`, which the files lead to that hold it; nil where no process has it.
  package func file(of socket: Socket) -> UInt64? {
    let file: UInt64? = try? snapshot.object("sock", at: socket.address)["sk_socket"]
    return file == 0 ? nil : file
  }

  /// The user it belongs to, and whether a program filters what it gets.
  package func details(of socket: Socket) -> (user: UInt32, isFiltered: Bool)? {
    guard let object = try? snapshot.object("sock", at: socket.address), let user: UInt32 = try? object["sk_uid.val"],
      let filter: UInt64 = try? object["sk_filter"]
    else { return nil }
    return (user, filter != 0)
  }
}

extension Tasks {
  /// The network namespace (`struct net`) of the process that is number 1 in the first namespace.
  package func firstNetwork() throws(CannotCheck) -> KernelObject? {
    for task in try processes().elements where try task["pid"] as Int32 == 1 { return try network(of: task) }
    return nil
  }

  /// The network namespaces that processes are in, each with the first process that is; the one of process 1 comes first.
  ///
  /// - Parameter most: of them at most.
  package func networks(most: Int) throws(CannotCheck) -> (
    networks: [(network: KernelObject, process: KernelObject)], areMore: Bool
  ) {
    var found: [(network: KernelObject, process: KernelObject)] = []
    var seen: Set<UInt64> = []
    for process in try processes().elements {
      guard let network = try network(of: process), seen.insert(network.address).inserted else { continue }
      guard found.count < most else { return (found, true) }
      let isFirst = try process["pid"] as Int32 == 1
      found.insert((network, process), at: isFirst ? 0 : found.count)
    }
    return (found, false)
  }

  /// None of a process that ends.
  package func network(of process: KernelObject) throws(CannotCheck) -> KernelObject? {
    try process.target("nsproxy", as: "nsproxy")?.target("net_ns", as: "net")
  }
}

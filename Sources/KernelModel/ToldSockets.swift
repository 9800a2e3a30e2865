/// A socket of the internet protocols or of packets, as user space is told of it.
package struct SocketName: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Hashable, Sendable {
    case tcp, tcp6, udp, udp6, raw, raw6, packet
  }

  package var kind: Kind
  /// In the order of the network; empty for packets.
  package var local: [UInt8]
  /// Of raw sockets, the number of their protocol.
  package var localPort: UInt16
  package var remote: [UInt8]
  package var remotePort: UInt16
  /// The number of its inode, where that is what it is known by: of packets.
  package var inode: UInt64

  package init(
    kind: Kind, local: [UInt8] = [], localPort: UInt16 = 0, remote: [UInt8] = [], remotePort: UInt16 = 0,
    inode: UInt64 = 0
  ) {
    self.kind = kind
    self.local = local
    self.localPort = localPort
    self.remote = remote
    self.remotePort = remotePort
    self.inode = inode
  }

  package var words: String {
    guard kind != .packet else { return "packet socket, inode \(inode)" }
    let isRaw = kind == .raw || kind == .raw6
    let from = "\(kind.rawValue) \(Self.address(local))" + (isRaw ? ", protocol \(localPort)" : ":\(localPort)")
    return remotePort == 0 ? from : "\(from) to \(Self.address(remote)):\(remotePort)"
  }

  private static func address(_ bytes: [UInt8]) -> String {
    guard bytes.count == 16 else { return bytes.map(String.init).joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map {
      String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
    }
    return "[\(groups.joined(separator: ":"))]"
  }
}

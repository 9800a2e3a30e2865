internal import Files
package import KernelModel

/// The sockets that `/proc/PID/net` shows: those of the network that a process is in.
package enum SocketFiles {
  private static let mostBytes = 256 << 20

  /// How many there are of each name; several sockets may wait at one port.
  package static func told(
    _ kind: SocketName.Kind, process: Int32, _ root: SystemRoot
  ) -> Result<[SocketName: Int], Withheld> {
    let file = "proc/\(process)/net/\(kind.rawValue)"
    let text: [UInt8]
    do throws(FileFault) {
      text = try root.bytes(of: file, limit: mostBytes)
    } catch {
      return .failure(Withheld("the sockets that user space sees", why: error.description))
    }
    var found: [SocketName: Int] = [:]
    for line in text.split(separator: UInt8(ascii: "\n")).dropFirst() {
      let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
      guard let name = kind == .packet ? packet(fields) : internet(kind, fields) else {
        return .failure(
          Withheld("the sockets that user space sees", why: "/\(file) has a line that makes no sense"))
      }
      found[name, default: 0] += 1
    }
    return .success(found)
  }

  /// Source: packet_seq_show() in net/packet/af_packet.c (Linux v5.10 to v7.2): the inode is the last.
  private static func packet(_ fields: [String]) -> SocketName? {
    guard fields.count >= 9, let inode = UInt64(fields[8]) else { return nil }
    return SocketName(kind: .packet, inode: inode)
  }

  /// Source: get_tcp4_sock() in net/ipv4/tcp_ipv4.c, get_tcp6_sock() in net/ipv6/tcp_ipv6.c, raw_sock_seq_show() in net/ipv4/raw.c
  /// (Linux v5.10 to v7.2).
  private static func internet(_ kind: SocketName.Kind, _ fields: [String]) -> SocketName? {
    guard fields.count >= 4, let local = end(fields[1]), let remote = end(fields[2]) else { return nil }
    return SocketName(
      kind: kind, local: local.address, localPort: local.port, remote: remote.address, remotePort: remote.port)
  }

  /// `0100007F:0277`: words of four bytes, as the machine reads them, and the port.
  private static func end(_ text: String) -> (address: [UInt8], port: UInt16)? {
    let parts = text.split(separator: ":")
    guard parts.count == 2, parts[0].count == 8 || parts[0].count == 32, let port = UInt16(parts[1], radix: 16)
    else { return nil }
    var address: [UInt8] = []
    var rest = parts[0]
    while !rest.isEmpty {
      guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
      address += (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) }
      rest = rest.dropFirst(8)
    }
    return (address, port)
  }
}

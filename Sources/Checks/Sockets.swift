package import KernelModel
internal import KernelObjects

/// Whoever waits for packets, or talks to somebody, should be told to user space.
package struct Sockets: Check {
  package static let manual = Manual(
    id: "sockets",
    question: "Is every socket that listens, is connected, or reads packets visible to user space?",
    method: """
      Walks the tables in memory by which the kernel finds the socket for a packet: TCP's ports and connections, \
      UDP, raw sockets, and the lists of packet sockets, in the network namespaces that processes are in. On a \
      running kernel, /proc/PID/net of a process in each is read between two reads of memory. A socket that is in \
      memory both times, with the same addresses and state, and not in the file, is hidden; where several share a \
      port, the file shows fewer than there are. A finding must be seen three times, because connections come and \
      go. Packet sockets with a filter are named.
      """,
    innocentCauses: [
      "a security product that hides its own connections (ask whoever maintains the host)"
    ],
    blindSpots: [
      "sockets that were removed from all tables: no packet reaches them",
      "network namespaces that no process is in, those beyond the first 64, and other kinds of sockets: SCTP, UDP-Lite, "
        + "netlink",
      "connections that begin, or have ended (TIME_WAIT), and those beyond the first 16,384",
      "what netfilter, XDP and BPF programs do with packets before the socket is looked up",
      "without the vendor's kernel image: the names and types used to read sockets are the suspect kernel's own",
    ],
    proof: .crossView,
    response: [
      "do not reboot and do not kill the process: the connection and its owner are the evidence",
      "look at the other end, and at the network's own records: the host's tools do not show this socket",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "find what hides it: liveprobe hooks; findings of kernel-text, ftrace, bpf and module-list",
    ])

  private static let looks = 3
  private static let mostNamed = 8
  /// TCP_LISTEN, include/net/tcp_states.h.
  private static let listening: UInt8 = 10

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let structures = try kernel.structures
    let (look, hidden) = try kernel.persisting(looks: Self.looks) { () throws(CannotCheck) in
      try SocketLook(of: kernel)
    } wrong: {
      $0.hidden
    }
    var examination = Examination()
    examination.expect(structures.expectation)
    note(look, into: &examination)
    for socket in hidden.sorted(by: { $0.name.words < $1.name.words }) {
      examination.report(try finding(socket, look, structures))
    }
    if let obstacle = look.sockets.obstacle { examination.leaveUnanswered(Subject("sockets"), obstacle) }
    // Of each kind once: what is withheld of one network mostly is of all.
    let unasked = Dictionary(grouping: look.unasked, by: { $0.key.kind.rawValue })
    for (kind, files) in unasked.sorted(by: { $0.key < $1.key }) {
      guard let first = files.min(by: { $0.key.process < $1.key.process }) else { continue }
      examination.leaveUnanswered(Subject("sockets", label: kind), .withheld(first.value))
    }
    return examination
  }

  private func note(_ look: SocketLook, into examination: inout Examination) {
    let sockets = look.sockets
    let all = sockets.sockets.values
    func count(_ kinds: SocketName.Kind...) -> Int { all.count { kinds.contains($0.name.kind) } }
    let tcp = all.filter { $0.name.kind == .tcp || $0.name.kind == .tcp6 }
    // They come and go.
    for (label, count) in [
      ("of TCP, waiting", tcp.count { $0.state == Self.listening }),
      ("of TCP, connected", tcp.count { $0.state != Self.listening }), ("of UDP", count(.udp, .udp6)),
      ("of packets", count(.packet)), ("raw", count(.raw, .raw6)),
    ] {
      examination.note(Subject("sockets", label: label), .count(UInt64(count)), lasting: false)
    }
    if look.networks.count > 1 { examination.remark("sockets of \(look.networks.count) network namespaces") }
    if look.areMore { examination.remark("there are more network namespaces than those that were looked at") }
    if sockets.isCut { examination.remark("there are more connections than the first 16,384, which were looked at") }
    let filtered = all.filter { $0.name.kind == .packet && sockets.details(of: $0)?.isFiltered == true }
    guard !filtered.isEmpty else { return }
    let named = filtered.map { "inode \($0.name.inode)" }.sorted().prefix(Self.mostNamed).joined(separator: ", ")
    examination.remark(
      "packet sockets with a filter, as those who record packets or ask for an address have: \(named)"
        + (filtered.count > Self.mostNamed ? ", ..." : "") + "; ss -0 -p says whose they are")
  }

  private func finding(
    _ socket: NetworkSockets.Socket, _ look: SocketLook, _ structures: KernelStructures
  ) throws(CannotCheck) -> Finding {
    let sockets = look.sockets
    let process = look.process(in: socket.network) ?? 1
    var evidence = [Finding.Evidence("socket", "at \(KernelAddress(socket.address))")]
    if let details = sockets.details(of: socket) { evidence.append(.init("user", "\(details.user)")) }
    if let file = sockets.file(of: socket) {
      let holders = try structures.now { (snapshot) throws(CannotCheck) in Tasks(snapshot).holders(ofSocket: file) }
      for holder in holders.prefix(Self.mostNamed) {
        let number: Int32? = try? holder["pid"]
        let name = (try? holder.text("comm")) ?? "?"
        let path = (try? ExecutablePath(of: holder, first: nil))?.path
        evidence.append(
          .init(
            "held by", .text("process \(number ?? 0) (\(name))" + (path.map { ", \($0)" } ?? ""))))
      }
    }
    return Finding(
      kind: .contradiction, severity: .critical, subject: Subject("socket", label: socket.name.words),
      message: socket.state == Self.listening ? "it waits for connections, and is hidden" : "it is hidden",
      expected: .text("told in /proc/\(process)/net/\(socket.name.kind.rawValue)"),
      observed: "in memory, before and after that was read, and not told", evidence: evidence,
      effects: [.init(.hides, "socket \(socket.name.words)")],
      places: [MemoryRegion(start: KernelAddress(socket.address), byteCount: 1)], toldBy: ["read"],
      meaning: "whoever lists connections and open ports is not shown it")
  }
}

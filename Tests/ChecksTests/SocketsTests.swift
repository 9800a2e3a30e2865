import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct SocketsTests {
  private let kernel = TestTextKernel.withSampleEverywhere
  private let tasks: TestTasks
  private let space: TestObjects.Object
  private let listener: TestObjects.Object
  private let datagram: TestObjects.Object
  private let packet: TestObjects.Object
  private let waiting = SocketName(kind: .tcp, local: [127, 0, 0, 1], localPort: 22, remote: [0, 0, 0, 0])
  private let bound = SocketName(
    kind: .udp6, local: [UInt8](repeating: 0, count: 15) + [1], localPort: 53,
    remote: [UInt8](repeating: 0, count: 16))
  private let raw = SocketName(kind: .packet, inode: 4711)

  /// A kernel whose first process's network has a socket at TCP's port 22, one at UDP's port 53, and one for packets.
  init() throws {
    let tasks = try TestTasks(in: kernel)
    self.tasks = tasks
    let objects = tasks.objects
    let space = objects.make("net")
    self.space = space
    let network = space.address
    func socket(_ family: UInt64, _ port: UInt64, _ state: UInt64) -> TestObjects.Object {
      objects.make("sock") {
        $0["__sk_common.skc_family"] = family
        $0["__sk_common.skc_num"] = port
        $0["__sk_common.skc_state"] = state
        $0["__sk_common.skc_net.net"] = network
        $0["sk_uid.val"] = 33
      }
    }
    listener = socket(2, 22, 10)
    listener["__sk_common.skc_rcv_saddr"] = 0x0100_007f
    datagram = socket(10, 53, 7)
    objects.memory.write([1], at: KernelAddress(datagram.place(of: "__sk_common.skc_v6_rcv_saddr") + 15))
    packet = socket(17, 0, 0)
    packet["sk_ino"] = 4711
    let listeners = objects.make("inet_listen_hashbucket") {
      $0["nulls_head"] = listener.place(of: "__sk_common.skc_nulls_node")
    }
    objects.memory.write(UInt64(1), at: KernelAddress(listener.place(of: "__sk_common.skc_nulls_node")))
    let connections = objects.make("inet_ehash_bucket") { $0["chain"] = 1 }
    let table = objects.make("inet_hashinfo") {
      $0["ehash"] = connections.address
      $0["lhash2"] = listeners.address
    }
    let ports = objects.make("udp_hslot") { $0["head"] = datagram.place(of: "__sk_common.skc_node") }
    let others = objects.make("udp_hslot")
    space["ipv4.tcp_death_row.hashinfo"] = table.address
    space["ipv4.udp_table"] =
      objects.make("udp_table") {
        $0["hash"] = ports.address
        $0["hash2"] = others.address
      }.address
    space["packet.sklist"] = packet.place(of: "__sk_common.skc_node")
    let first = tasks.make(1, "init")
    first["nsproxy"] = objects.make("nsproxy") { $0["net_ns"] = space.address }.address
    tasks.link([first])
    kernel.toldProcesses = ToldProcesses(
      namespace: { .success(77) }, listed: { .success([]) }, denied: { _ in [] })
  }

  private func examine(telling names: [SocketName]?, ofOther others: [SocketName] = []) throws -> Examination {
    var kernel = kernel.kernel
    kernel.toldSockets = { kind, process in
      if process == 2 { return .success(Dictionary(others.filter { $0.kind == kind }.map { ($0, 1) }) { $0 + $1 }) }
      guard let names else { return .failure(Withheld("sockets", why: "refused")) }
      return .success(Dictionary(names.filter { $0.kind == kind }.map { ($0, 1) }) { $0 + $1 })
    }
    return try Sockets().examine(kernel)
  }

  @Test func `sockets that are told are counted`() throws {
    let examination = try examine(telling: [waiting, bound, raw])
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty, "\(examination.findings)")
    #expect(examination.facts.map(\.fact) == [.count(1), .count(0), .count(1), .count(1), .count(0)])
    #expect(examination.lastingFacts.isEmpty)
  }

  @Test func `a socket of each kind that is left out is hidden`() throws {
    let all = [waiting, bound, raw]
    for (index, words) in [
      "tcp 127.0.0.1:22", "udp6 [0:0:0:0:0:0:0:1]:53", "packet socket, inode 4711",
    ].enumerated() {
      var told = all
      told.remove(at: index)
      let findings = try examine(telling: told).findings
      #expect(findings.map(\.subject) == [Subject("socket", label: words)])
      #expect(findings.first?.severity == .critical)
      #expect(findings.first?.evidence.contains { $0.name == "user" && $0.value == "33" } == true)
    }
  }

  @Test func `a connection that begins or ends, one of another network, or one that changes, is no finding`() throws {
    for state in [6, 12] as [UInt64] {
      listener["__sk_common.skc_state"] = state
      #expect(try examine(telling: [bound, raw]).findings.isEmpty)
    }
    listener["__sk_common.skc_state"] = 10
    listener["__sk_common.skc_net.net"] = space.address + 64
    #expect(try examine(telling: [bound, raw]).findings.isEmpty)
    listener["__sk_common.skc_net.net"] = space.address
    let listener = listener
    kernel.pause = { listener["__sk_common.skc_state"] = 7 }
    #expect(try examine(telling: [bound, raw]).findings.isEmpty)
  }

  /// A second process, in a network of its own, which has the listener.
  private func moveListener() -> TestObjects.Object {
    let objects = tasks.objects
    let other = objects.make("net")
    for table in ["ipv4.tcp_death_row.hashinfo", "ipv4.udp_table"] { other[table] = space[table] }
    let processes = [(1, space), (2, other)].map { number, network in
      let task = tasks.make(UInt64(number), "process")
      task["nsproxy"] = objects.make("nsproxy") { $0["net_ns"] = network.address }.address
      return task
    }
    tasks.link(processes)
    listener["__sk_common.skc_net.net"] = other.address
    return processes[1]
  }

  @Test func `a socket of another network is told through a process that is in it`() throws {
    let process = moveListener()
    #expect(try examine(telling: [bound, raw], ofOther: [waiting]).findings.isEmpty)
    let finding = try #require(try examine(telling: [waiting, bound, raw]).findings.first)
    #expect(finding.subject == Subject("socket", label: "tcp 127.0.0.1:22"))
    #expect(finding.expected == "told in /proc/2/net/tcp")
    // A process that ends tells of nothing.
    var ending = kernel.kernel
    ending.toldSockets = { [bound, raw] kind, number in
      if number == 2 { process["nsproxy"] = 0 }
      return .success(Dictionary([bound, raw].filter { $0.kind == kind }.map { ($0, 1) }) { $0 + $1 })
    }
    #expect(try Sockets().examine(ending).findings.isEmpty)
  }

  @Test func `a raw socket is known by its protocol`() throws {
    let objects = tasks.objects
    let icmp = objects.make("sock") {
      $0["__sk_common.skc_family"] = 2
      $0["__sk_common.skc_num"] = 1
      $0["__sk_common.skc_dport"] = 0x1234
      $0["__sk_common.skc_net.net"] = space.address
    }
    let name = SocketName(kind: .raw, local: [0, 0, 0, 0], localPort: 1, remote: [0, 0, 0, 0])
    objects.make("raw_hashinfo", at: TestTextKernel.live(TestVendorKernel.Variable.rawSockets).rawValue) {
      $0["ht"] = icmp.place(of: "__sk_common.skc_node")
    }
    #expect(try examine(telling: [waiting, bound, raw, name]).findings.isEmpty)
    #expect(
      try examine(telling: [waiting, bound, raw]).findings.map(\.subject) == [
        Subject("socket", label: "raw 0.0.0.0, protocol 1")
      ])
  }

  @Test func `a filter of a packet socket is named`() throws {
    packet["sk_filter"] = 1
    #expect(try examine(telling: [waiting, bound, raw]).remarks.contains { $0.contains("inode 4711") })
  }

  @Test func `user space that cannot be asked, and memory that is withheld, leave the question open`() throws {
    #expect(try examine(telling: nil).unanswered.map(\.subject.label) == ["packet", "tcp", "udp6"])
    kernel.toldProcesses = ToldProcesses(
      namespace: { .success(78) }, listed: { .success([]) }, denied: { _ in [] })
    #expect(try examine(telling: []).unanswered.count == 3, "another process is number 1 there")
    #expect(try examine(telling: []).findings.isEmpty)
    kernel.toldProcesses = ToldProcesses(
      namespace: { .success(77) }, listed: { .success([]) }, denied: { _ in [] })
    kernel.memory.withheld = [MemoryRegion(start: KernelAddress(listener.address), byteCount: 128)]
    #expect(throws: CannotCheck.self) { try examine(telling: [bound, raw]) }
    kernel.memory.withheld = []
    kernel.rebuild(as: TestVendorKernel(without: ["init_task"]))
    #expect(throws: CannotCheck.symbolMissing("init_task")) { try examine(telling: []) }
  }

  @Test func `a dump tells nothing, and what it holds is counted`() throws {
    var dead = kernel.kernel
    dead.isRunning = false
    let examination = try Sockets().examine(dead)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
  }
}

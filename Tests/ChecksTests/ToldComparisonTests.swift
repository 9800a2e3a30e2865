import Checks
import KernelModel
import TestKernel
import Testing

/// What user space is told of what is registered, against what memory has.
@Suite struct ToldComparisonTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel.withSampleEverywhere
  private let objects: TestObjects
  private let disciplines: [TestObjects.Object]
  private let packets: [TestObjects.Object]
  private let network: TestObjects.Object

  private static let honest = [
    "proc/tty/ldiscs": "n_tty       0\nn_null     27", "proc/1/net/ptype": packetTypes(["0800          ip_rcv"]),
    "proc/1/net/dev": devices(["lo", "eth0"]),
  ]

  /// A kernel with two line disciplines, a packet type and two network devices.
  init() throws {
    let tasks = try TestTasks(in: kernel)
    let objects = tasks.objects
    let function = TestTextKernel.live(0x700).rawValue
    disciplines = ["n_tty", "n_null"].map { name in
      let text = objects.make("sock").address
      objects.memory.write(string: name, at: KernelAddress(text))
      return objects.make("tty_ldisc_ops") {
        $0["name"] = text
        $0["receive_buf"] = function
      }
    }
    for (index, discipline) in disciplines.enumerated() {
      let place = TestTextKernel.live(Variable.lineDisciplines).rawValue + UInt64(index) * 8
      kernel.memory.write(discipline.address, at: KernelAddress(place))
    }
    packets = (0..<2).map { _ in
      objects.make("packet_type") {
        $0["type"] = 0x0008
        $0["func"] = function
      }
    }
    let network = objects.make("net")
    self.network = network
    let names = ["lo", "eth0"].map { name in objects.make("net_device") { $0.set("name", to: name) } }
    objects.link(names, by: "dev_list", head: network.place(of: "dev_base_head"))
    let first = tasks.make(1, "init")
    first["nsproxy"] = objects.make("nsproxy") { $0["net_ns"] = network.address }.address
    tasks.link([first])
    self.objects = objects
    link(packets: 1)
    kernel.toldProcesses = ToldProcesses(namespace: { .success(77) }, listed: { .success([]) }, denied: { _ in [] })
  }

  private func link(packets count: Int) {
    objects.link(
      Array(packets.prefix(count)), by: "list", head: TestTextKernel.live(Variable.packetTypes).rawValue)
  }

  private static func packetTypes(_ lines: [String]) -> String {
    (["Type Device      Function"] + lines).joined(separator: "\n")
  }

  private static func devices(_ names: [String]) -> String {
    (["Inter-|   Receive", " face |bytes"] + names.map { "\($0): 0 0" }).joined(separator: "\n")
  }

  private func examine(_ other: [String: String] = [:], running: Bool = true) throws -> Examination {
    var kernel = kernel.kernel
    kernel.isRunning = running
    let texts = Self.honest.merging(other) { $1 }
    kernel.toldLists = ToldLists { file in
      texts[file].map { .success($0) } ?? .failure(Withheld("/\(file)", why: "there is none"))
    }
    return try RegisteredCode().examine(kernel)
  }

  /// A test's tasks hang in an array, of which each element is taken for a head: what runs in threads is no question here.
  private func unanswered(_ examination: Examination) -> [Subject] {
    examination.unanswered.map(\.subject).filter { $0 != Subject("kernel threads") }
  }

  @Test func `what is told is counted, and no finding`() throws {
    let examination = try examine()
    #expect(examination.findings.isEmpty, "\(examination.findings)")
    #expect(unanswered(examination).isEmpty)
    #expect(
      examination.remarks.contains {
        $0.hasSuffix("sees: 2 line disciplines, 1 packet types, 2 network devices")
      }, "\(examination.remarks)")
    #expect(!examination.remarks.contains { $0.hasPrefix("not compared") })
  }

  @Test(arguments: [
    ("proc/tty/ldiscs", "n_tty 0", "line disciplines", "n_null"),
    ("proc/1/net/ptype", packetTypes([]), "packet types", "0800"),
    ("proc/1/net/ptype", packetTypes(["0800 eth0     packet_rcv"]), "packet types", "0800"),
    ("proc/1/net/dev", devices(["lo"]), "network devices", "eth0"),
    ("proc/1/net/dev", "", "network devices", "eth0"),
  ])
  func `what is left out is hidden`(file: String, text: String, kind: String, name: String) throws {
    let findings = try examine([file: text]).findings.filter { $0.subject.label == name }
    #expect(findings.map(\.subject) == [Subject(kind, label: name)])
    let finding = try #require(findings.first)
    #expect(finding.severity == .critical && finding.kind == .contradiction && finding.proof == .crossView)
    #expect(finding.message == "it is hidden")
    #expect(try examine([file: text], running: false).findings.isEmpty)
  }

  @Test func `of two of one name both must be told, and whose code each is stands there`() throws {
    link(packets: 2)
    packets[1]["func"] = TestTextModule.sample.memory[0]
    let findings = try examine().findings
    #expect(findings.map(\.subject) == [Subject("packet types", label: "0800")])
    #expect(findings.first?.message == "one of 2 of that name is hidden")
    #expect(findings.first?.target == KernelAddress(TestTextModule.sample.memory[0]))
    let both = Self.packetTypes(["0800          ip_rcv", "0800          evil [sample]"])
    #expect(try examine(["proc/1/net/ptype": both]).findings.isEmpty)
  }

  @Test func `what is told and not there is made up, but for packet types, which come and go`() throws {
    let findings = try examine([
      "proc/tty/ldiscs": "n_tty 0\nn_null 27\nn_other 3",
      "proc/1/net/ptype": Self.packetTypes(["0800          ip_rcv", "88cc          packet_rcv"]),
    ]).findings
    #expect(findings.map(\.subject) == [Subject("line disciplines", label: "n_other")])
    #expect(findings.first?.severity == .critical)
  }

  @Test func `what cannot be followed, and a name that cannot be compared, make nothing of what is told`() throws {
    let more = ["proc/1/net/dev": Self.devices(["lo", "eth0", "eth1"])]
    #expect(try examine(more).findings.count == 1)
    let head = network.place(of: "dev_base_head")
    objects.memory.write(0xffff_8880_dead_0000 as UInt64, at: KernelAddress(head))
    #expect(try examine(more).findings.isEmpty)
    disciplines[1]["name"] = 0
    let examination = try examine(["proc/tty/ldiscs": "n_tty 0\n??? 27"])
    #expect(examination.findings.isEmpty)
    #expect(examination.remarks.contains { $0.contains("some line disciplines") })
  }

  @Test func `what goes while it is looked at is no finding`() throws {
    let (memory, place) = (kernel.memory, KernelAddress(TestTextKernel.live(Variable.lineDisciplines).rawValue + 8))
    kernel.pause = { memory.write(0 as UInt64, at: place) }
    #expect(try examine(["proc/tty/ldiscs": "n_tty 0"]).findings.isEmpty)
  }

  @Test func `a file that cannot be read is named, and so is another network`() throws {
    var kernel = kernel.kernel
    kernel.toldLists = ToldLists { .failure(Withheld("/\($0)", why: "refused")) }
    let examination = try RegisteredCode().examine(kernel)
    #expect(examination.findings.isEmpty && unanswered(examination).isEmpty)
    #expect(
      examination.remarks.contains {
        $0.hasPrefix("not compared") && $0.contains("/proc/tty/ldiscs: refused") && $0.contains("/proc/1/net/dev")
      }, "\(examination.remarks)")
    self.kernel.toldProcesses = ToldProcesses(
      namespace: { .success(78) }, listed: { .success([]) }, denied: { _ in [] })
    let other = try examine(["proc/1/net/dev": ""])
    #expect(other.findings.isEmpty)
    #expect(other.remarks.contains { $0.contains("/proc/1 is a container's first process") })
  }

  // MARK: Security modules

  /// `lockdown` with two hooks, and `yama` with one.
  private func addSecurityModules() -> [TestObjects.Object] {
    let function = TestTextKernel.live(0x700).rawValue
    let modules = [("lockdown", 104 as UInt64), ("yama", 107)].map { name, number in
      let text = objects.make("sock").address
      objects.memory.write(string: name, at: KernelAddress(text))
      return objects.make("lsm_id") {
        $0["name"] = text
        $0["id"] = number
      }
    }
    for (index, module) in modules.enumerated() {
      let place = TestTextKernel.live(Variable.securityModules).rawValue + UInt64(index) * 8
      objects.memory.write(module.address, at: KernelAddress(place))
    }
    let hooks = [0, 1, 0].map { number in
      objects.make("security_hook_list") {
        $0["hook"] = function
        $0["lsmid"] = modules[number].address
      }
    }
    let heads = TestTextKernel.live(Variable.securityHooks).rawValue
    objects.chain(Array(hooks.prefix(2)), by: "list", head: heads)
    objects.chain([hooks[2]], by: "list", head: heads + 8)
    return hooks
  }

  private static let security = "sys/kernel/security/lsm"

  @Test func `security modules are told by their names, and by their numbers`() throws {
    _ = addSecurityModules()
    let honest = [Self.security: "lockdown,yama", "lsm_list_modules": "104\n107"]
    let examination = try examine(honest)
    #expect(examination.findings.isEmpty, "\(examination.findings)")
    #expect(
      examination.remarks.contains {
        $0.contains("2 security modules, 3 security hooks, 2 numbers of security modules")
      })
    // One that took its hooks away.
    #expect(try examine(honest.merging([Self.security: "lockdown,yama,selinux"]) { $1 }).findings.isEmpty)
    let untold = try examine(honest.merging([Self.security: "lockdown"]) { $1 }).findings
    #expect(
      Set(untold.map(\.subject))
        == [Subject("security modules", label: "yama"), Subject("security hooks", label: "yama")])
    let numbers = try examine(honest.merging(["lsm_list_modules": "104\n999"]) { $1 }).findings
    #expect(
      Set(numbers.map(\.subject.label)) == ["107", "999"]
        && numbers.allSatisfy { $0.subject.name == "numbers of security modules" && $0.severity == .critical })
    #expect(numbers.contains { $0.expected == "told in lsm_list_modules(2)" })
  }

  @Test func `a hook of a security module that nobody is told of is found`() throws {
    let hooks = addSecurityModules()
    let text = objects.make("sock").address
    objects.memory.write(string: "other", at: KernelAddress(text))
    hooks[1]["lsmid"] = objects.make("lsm_id") { $0["name"] = text }.address
    let findings = try examine([Self.security: "lockdown,yama", "lsm_list_modules": "104\n107"]).findings
    #expect(findings.map(\.subject) == [Subject("security hooks", label: "other")])
    hooks[1]["lsmid"] = 0
    let unnamed = try examine([Self.security: "lockdown,yama", "lsm_list_modules": "104\n107"])
    #expect(unnamed.findings.isEmpty && unnamed.remarks.contains { $0.contains("some security hooks") })
  }

  // MARK: Netfilter

  /// Hooks of a family, with so many functions at each.
  private func addHooks(_ member: String, _ counts: [UInt64]) {
    for (index, count) in counts.enumerated() where count > 0 {
      let entries = objects.make("nf_hook_entries") { $0["num_hook_entries"] = count }
      for _ in 0..<count { _ = objects.make("nf_hook_entry") { $0["hook"] = TestTextKernel.live(0x700).rawValue } }
      let first = entries.place(of: "hooks")
      for number in 0..<count {
        objects.memory.write(TestTextKernel.live(0x700).rawValue, at: KernelAddress(first + number * 16))
      }
      objects.memory.write(entries.address, at: KernelAddress(network.place(of: "nf.\(member)") + UInt64(index) * 8))
    }
  }

  @Test func `netfilter hooks are told by family and hook, each as often as there are such`() throws {
    addHooks("hooks_ipv4", [0, 2, 1])
    addHooks("hooks_arp", [0, 1])
    let honest = ["ipv4 hook 1", "ipv4 hook 1", "ipv4 hook 2", "arp hook 1"]
    func told(_ lines: [String]) throws -> [Subject] {
      let examination = try examine([ToldLists.netfilterHooks: lines.joined(separator: "\n")])
      #expect(examination.remarks.contains { $0.contains(", 4 netfilter hooks") }, "\(examination.remarks)")
      return examination.findings.map(\.subject)
    }
    #expect(try told(honest + ["ipv6 hook 0"]).isEmpty)
    for (index, name) in honest.enumerated() {
      var lines = honest
      lines.remove(at: index)
      #expect(try told(lines) == [Subject("netfilter hooks", label: name)])
    }
    let withheld = try examine()
    #expect(withheld.findings.isEmpty)
    #expect(withheld.remarks.contains { $0.contains("nfnetlink_hook") })
  }
}

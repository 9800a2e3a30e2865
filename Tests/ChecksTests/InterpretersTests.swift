import Checks
import KernelModel
import KernelObjects
import TestKernel
import Testing

/// Programs that binfmt_misc starts files of other formats by, which `switches` asks about.
@Suite struct InterpretersTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel.withSampleEverywhere
  private let objects: TestObjects
  private let nodes: [TestObjects.Object]
  private let head: UInt64

  /// A kernel of which binfmt_misc is mounted and has two entries, each with its file: `qemu`, with the rights of the file and opened
  /// beforehand, and `wine`.
  init() throws {
    let objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.heap + 0x4000)
    let entries: [(String, String, UInt64, String)] = [
      ("qemu", "/usr/bin/qemu", 0xffff_ffff_b000_0003, "\u{7f}ELF"), ("wine", "/usr/bin/wine", 1, "exe"),
    ]
    nodes = entries.map { name, path, flags, magic in
      objects.make("lab_binfmt_node") { node in
        node["flags"] = flags
        node["size"] = flags & 2 == 0 ? 0 : 4
        node["offset"] = 0
        for (index, (member, text)) in [("name", name), ("interpreter", path), ("magic", magic)].enumerated() {
          let place = node.place(of: "text") + UInt64(index) * 32
          objects.memory.write(string: text, at: KernelAddress(place))
          node[member] = place
        }
      }
    }
    let text = objects.make("cpuinfo_x86").address
    objects.memory.write(string: "binfmt_misc", at: KernelAddress(text))
    let kind = objects.make("file_system_type") { $0["name"] = text }
    let users = TestTextKernel.live(Variable.firstUsers).rawValue
    let block = objects.make("super_block") {
      $0["s_type"] = kind.address
      $0["s_user_ns"] = users
      $0["s_dev"] = 44
    }
    objects.link([block], by: "s_list", head: TestTextKernel.live(Variable.mounted).rawValue)
    let files = nodes.map { node in objects.make("inode") { $0["i_private"] = node.address } }
    objects.link(files + [objects.make("inode")], by: "i_sb_list", head: block.place(of: "s_inodes"))
    let state = objects.make("binfmt_misc")
    head = state.place(of: "entries")
    objects.link(nodes, by: "list", head: head)
    kernel.memory.write(state.address, at: KernelAddress(users))
    self.objects = objects
  }

  private func examine(
    _ told: [String: String?]? = ["qemu": "/usr/bin/qemu", "wine": "/usr/bin/wine"], device: String = "0:44",
    open: [String: [String]] = [:], running: Bool = true
  ) throws -> Examination {
    var kernel = kernel.kernel
    kernel.isRunning = running
    kernel.toldSettings = ToldSettings(text: { _ in nil }, open: { open[$0] ?? [] })
    kernel.toldSettings.interpreters = { told.map { .success(.init(device: device, paths: $0)) } }
    return try Switches().examine(kernel)
  }

  private func facts(_ examination: Examination) -> [String: Fact] {
    Dictionary(uniqueKeysWithValues: examination.facts.map { ($0.subject.name, $0.fact) })
      .filter { $0.key.hasPrefix("binfmt_misc") }
  }

  private static let honest: [String: Fact] = [
    "binfmt_misc qemu": .text("/usr/bin/qemu for offset 0, magic 7f454c46, flags PCF"),
    "binfmt_misc wine": .text("/usr/bin/wine for extension exe"),
  ]

  @Test func `each is a fact that need not last, and nobody's is named`() throws {
    let examination = try examine()
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty, "\(examination.unanswered)")
    #expect(facts(examination) == Self.honest)
    #expect(!examination.lastingFacts.contains { $0.subject.name.hasPrefix("binfmt_misc") })
    #expect(
      examination.remarks.contains {
        $0.contains("/usr/bin/qemu") && $0.contains("opened when") && $0.contains("with the rights of the file")
      }, "\(examination.remarks)")
    #expect(facts(try examine(running: false)) == Self.honest)
  }

  @Test func `those of packages are counted`() throws {
    let record = PackageRecord(manager: "dpkg", package: "qemu-user 10", algorithm: "md5", digest: "")
    for node in ["qemu", "wine"] { kernel.reference.provenances["/usr/bin/\(node)"] = .recorded(record) }
    let examination = try examine()
    #expect(examination.remarks.contains { $0.hasSuffix("of packages: 2") }, "\(examination.remarks)")
    #expect(!examination.remarks.contains { $0.contains("/usr/bin/qemu") })
  }

  @Test func `before namespaces had their own, each is found by its file`() throws {
    kernel.memory.write(0 as UInt64, at: TestTextKernel.live(Variable.firstUsers))
    #expect(facts(try examine()) == Self.honest)
    // One that is off the list, and only open, starts nothing.
    nodes[1]["list"] = nodes[1].address
    #expect(facts(try examine()).keys.sorted() == ["binfmt_misc qemu"])
  }

  @Test func `one that is not told, or told otherwise, is found`() throws {
    let hidden = try #require(try examine(["wine": "/usr/bin/wine"]).findings.first)
    #expect(hidden.subject == Subject("binfmt_misc qemu") && hidden.severity == .critical)
    #expect(hidden.message == "it is hidden")
    let other = try examine(["qemu": "/usr/bin/qemu", "wine": "/bin/true"]).findings
    #expect(other.map(\.subject) == [Subject("binfmt_misc wine")])
    #expect(other.first?.observed == "/bin/true, as /proc/sys/fs/binfmt_misc/wine says")
  }

  @Test func `where it is not mounted, or another is, or a file cannot be read, nothing is compared`() throws {
    #expect(try examine(nil).findings.isEmpty)
    #expect(try examine([:], device: "0:45").findings.isEmpty)
    let unread: [String: String?] = ["qemu": nil, "wine": nil]
    #expect(try examine(unread).findings.isEmpty)
    #expect(try examine([:], running: false).findings.isEmpty)
  }

  @Test func `one that goes meanwhile is no finding, and one that only the list no longer has is`() throws {
    let (objects, head, kept) = (objects, head, [nodes[0]])
    kernel.pause = { objects.link(kept, by: "list", head: head) }
    #expect(try examine(["qemu": "/usr/bin/qemu"]).findings.map(\.subject) == [Subject("binfmt_misc wine")])
    let gone = nodes[1]
    kernel.pause = {
      objects.link(kept, by: "list", head: head)
      gone["list"] = gone.address
    }
    #expect(try examine(["qemu": "/usr/bin/qemu"]).findings.isEmpty)
  }

  @Test func `a program that others may replace is asked about, and with the file's rights it is critical`() throws {
    let open = ["/usr/bin/qemu": ["/usr/bin/qemu"], "/usr/bin/wine": ["/usr/bin"]]
    let asked = try examine(open: open).findings
    #expect(asked.map(\.subject) == [Subject("binfmt_misc wine")], "qemu was opened when it was registered")
    #expect(asked.first?.severity == .warning)
    nodes[0]["flags"] = 0x2000_0003
    nodes[1]["flags"] = 0
    let critical = try examine(open: open).findings
    #expect(critical.map(\.subject) == [Subject("binfmt_misc qemu")], "wine is disabled")
    #expect(critical.first?.severity == .critical)
  }

  @Test(arguments: [
    ("flags", 0x8000 as UInt64), ("interpreter", 0xffff_8880_0000_0000), ("name", 0), ("size", 100_000),
  ])
  func `an entry that is laid out otherwise is unknown`(member: String, value: UInt64) throws {
    nodes[0][member] = value
    let examination = try examine()
    #expect(examination.findings.isEmpty && examination.unanswered.count == 1)
    #expect(examination.facts.contains { $0.subject == Subject("kernel.modprobe") })
  }

  @Test func `without binfmt_misc there is nothing to say`() throws {
    kernel.rebuild(as: TestVendorKernel(without: ["init_user_ns", "super_blocks"]))
    let examination = try examine()
    #expect(facts(examination).isEmpty && examination.unanswered.isEmpty)
  }
}

import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct SwitchesTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel.withSampleEverywhere

  /// A kernel that hides addresses, has SELinux, wants signatures of modules, and whose programs are the vendor's.
  init() {
    kernel.set(Variable.hiddenAddresses, to: UInt32(2))
    kernel.set(Variable.selinux, to: UInt16(0x0101))
    kernel.set(Variable.lockdown, to: UInt32(2))
    kernel.set(Variable.signatureParameter + 8, to: TestTextKernel.live(Variable.signatures).rawValue)
    kernel.set(Variable.signatures, to: UInt8(1))
    set(Variable.loader, to: "/sbin/modprobe")
    set(Variable.crashes, to: "core")
    tell()
  }

  private func set(_ place: UInt64, to text: String) {
    kernel.memory.write(string: text, at: TestTextKernel.live(place))
  }

  private static let honest = [
    "proc/sys/kernel/kptr_restrict": "2", "sys/fs/selinux/enforce": "1",
    "sys/kernel/security/lockdown": "none [integrity] confidentiality",
    "sys/module/module/parameters/sig_enforce": "Y",
  ]

  private func tell(_ other: [String: String] = [:], open: [String]? = []) {
    let told = Self.honest.merging(other) { $1 }
    kernel.toldSettings = ToldSettings(text: { told[$0] }, open: { _ in open })
  }

  private func examine(running: Bool = true) throws -> Examination {
    var kernel = kernel.kernel
    kernel.isRunning = running
    return try Switches().examine(kernel)
  }

  @Test func `switches are facts that a baseline remembers`() throws {
    let examination = try examine()
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty, "\(examination.findings)")
    let facts = Dictionary(uniqueKeysWithValues: examination.facts.map { ($0.subject.name, $0.fact) })
    #expect(
      facts == [
        "kernel.kptr_restrict": .text("2"), "SELinux enforcing": .text("Y"), "SELinux initialized": .text("Y"),
        "lockdown": .text("integrity"), "module signatures enforced": .text("Y"),
        "kernel.modprobe": .text("/sbin/modprobe"), "kernel.core_pattern": .text("core"),
      ])
    #expect(examination.lastingFacts.count == 7)
  }

  @Test(arguments: [
    ("proc/sys/kernel/kptr_restrict", "1", "kernel.kptr_restrict"),
    ("sys/fs/selinux/enforce", "0", "SELinux enforcing"),
    ("sys/kernel/security/lockdown", "[none] integrity confidentiality", "lockdown"),
    ("sys/module/module/parameters/sig_enforce", "N", "module signatures enforced"),
    ("proc/sys/kernel/modprobe", "/sbin/other", "kernel.modprobe"),
  ])
  func `what is told otherwise is found`(file: String, text: String, name: String) throws {
    tell([file: text])
    let findings = try examine().findings
    #expect(findings.map(\.subject) == [Subject(name)])
    #expect(findings.first?.severity == .critical && findings.first?.kind == .contradiction)
    #expect(try examine(running: false).findings.isEmpty)
  }

  @Test func `a switch that is changed meanwhile is no finding`() throws {
    tell(["proc/sys/kernel/kptr_restrict": "1"])
    let kernel = kernel
    kernel.pause = { kernel.set(Variable.hiddenAddresses, to: UInt32(1)) }
    #expect(try examine().findings.isEmpty)
  }

  @Test func `a program of a package is named, and one of nobody's is found`() throws {
    let record = PackageRecord(manager: "dpkg", package: "kmod 30", algorithm: "md5", digest: "")
    kernel.reference.provenances["/sbin/modprobe"] = .recorded(record)
    set(Variable.loader, to: "/usr/local/bin/load")
    #expect(try examine().findings.map(\.severity) == [.warning])
    #expect(try examine().findings.first?.expected == "/sbin/modprobe, as the vendor built it")
    kernel.reference.provenances["/usr/local/bin/load"] = .recorded(record)
    var examination = try examine()
    #expect(examination.findings.isEmpty)
    #expect(examination.remarks.contains { $0.contains("package kmod 30's") })
    // Where nobody keeps records, they say nothing.
    kernel.reference.provenances = [:]
    examination = try examine()
    #expect(examination.findings.isEmpty && !examination.remarks.isEmpty)
  }

  @Test func `a program that others may replace is found, whatever names it`() throws {
    tell(open: ["/tmp"])
    set(Variable.loader, to: "/tmp/x")
    #expect(try examine().findings.map(\.severity) == [.critical])
    set(Variable.loader, to: "/sbin/modprobe")
    set(Variable.crashes, to: "|/tmp/x %P")
    let finding = try #require(try examine().findings.first)
    #expect(finding.subject == Subject("kernel.core_pattern") && finding.severity == .critical)
    #expect(finding.evidence.first?.value == "others than root may write to /tmp")
    set(Variable.crashes, to: "/var/crash/%e")
    #expect(try examine().findings.isEmpty, "no program")
  }

  @Test func `a handler of crashes that root alone may write to is a fact`() throws {
    set(Variable.crashes, to: "|/opt/handler %P")
    let examination = try examine()
    #expect(examination.findings.isEmpty)
    #expect(examination.remarks.contains { $0.contains("/opt/handler") })
  }

  @Test func `in a dump nobody can be asked whose a changed program is`() throws {
    set(Variable.loader, to: "/tmp/x")
    set(Variable.crashes, to: "|/opt/handler %P")
    let findings = try examine(running: false).findings
    #expect(findings.map(\.subject) == [Subject("kernel.modprobe")])
    #expect(findings.first?.severity == .warning)
  }

  @Test func `memory that is withheld is unknown, and a switch that this kernel has not is none`() throws {
    kernel.memory.withheld = [MemoryRegion(start: TestTextKernel.live(Variable.hiddenAddresses), byteCount: 4)]
    #expect(throws: CannotCheck.self) { try examine() }
    kernel.memory.withheld = []
    kernel.rebuild(as: TestVendorKernel(without: ["kptr_restrict"]))
    let examination = try examine()
    #expect(examination.unanswered.isEmpty && examination.facts.count == 6)
  }
}

import Audit
import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct AllowanceTests {
  /// A check that finds one thing for each owner.
  private struct Finder: Check {
    static let manual = Manual(
      id: "finder", question: "?", method: "", innocentCauses: [], blindSpots: [], response: [])
    var owners: [Owner]
    var hidden: String?
    var program: Finding.Program?

    func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
      var examination = Examination()
      examination.note(Subject("owners"), .count(UInt64(owners.count)))
      for (index, owner) in owners.enumerated() {
        examination.report(
          Finding(
            kind: .systemCallEntry, severity: .critical, subject: Subject("table", index: index),
            message: "leads astray", expected: "a",
            observed: "b", owner: owner, hiddenModule: hidden, program: program))
      }
      return examination
    }
  }

  /// Knows modules by a table.
  private struct Register: ModuleIdentifier {
    var identities: [String: ModuleIdentity]

    func identity(ofModule name: String, in kernel: Kernel) throws(CannotCheck) -> ModuleIdentity {
      guard let identity = identities[name] else { throw .implausible("the module \(name)", "is not its file's") }
      return identity
    }
  }

  private let register = Register(identities: [
    "edr": ModuleIdentity(buildID: BuildID(bytes: [0xab, 0xcd]), signer: "Vendor Key"),
    "unsigned": ModuleIdentity(buildID: nil, signer: nil),
  ])

  private func rule(
    _ module: String, _ proof: AllowRule.Proof, checks: Set<String> = ["finder"]
  ) -> AllowRule {
    AllowRule(source: "allow.conf:1", whose: .module(module, proof), checks: checks, reason: "ticket 4711")
  }

  private func owned(by module: String) -> Owner { .module(Place(symbol: "hook", module: module)) }

  private func verdict(_ owners: [Owner], _ rules: [AllowRule]) -> Verdict {
    Audit(
      checks: [Finder(owners: owners)], investigator: Forensics(signatures: SignatureRules()), allowing: rules,
      identifier: register
    ).run { () throws(AcquisitionFailure) -> Kernel in TestKernel().kernel }
  }

  @Test(arguments: [AllowRule.Proof.buildID(BuildID(bytes: [0xab, 0xcd])), .signer("Vendor Key")])
  func `what a rule accepts is told, and no part of the status`(_ proof: AllowRule.Proof) throws {
    let verdict = verdict([owned(by: "edr")], [rule("edr", proof)])
    #expect(verdict.status == .ok)
    #expect(verdict.findings.isEmpty)
    #expect(verdict.answers.first?.outcome == .clear(facts: 1))
    let acceptance = try #require(verdict.answers.first?.accepted.first)
    #expect(acceptance.finding.subject == Subject("table", index: 0))
    #expect(acceptance.rule == "allow.conf:1")
    #expect(acceptance.reason == "ticket 4711")
    #expect(acceptance.identity.hasPrefix("module edr, "))
  }

  @Test func `what others do stays a finding`() {
    let verdict = verdict(
      [owned(by: "edr"), owned(by: "other"), .nobody(.unmapped)], [rule("edr", .signer("Vendor Key"))])
    #expect(verdict.status == .critical)
    #expect(verdict.findings.map(\.subject.index) == [1, 2])
    #expect(verdict.answers.first?.accepted.count == 1)
  }

  @Test(arguments: [
    ("edr", AllowRule.Proof.buildID(BuildID(bytes: [1])), "the build id of edr is abcd"),
    ("edr", .signer("Somebody"), "edr is signed by Vendor Key"),
    ("unsigned", .signer("Vendor Key"), "unsigned is signed by no one that the kernel trusts"),
    ("unsigned", .buildID(BuildID(bytes: [1])), "the build id of unsigned is not there"),
    ("doctored", .signer("Vendor Key"), "the module doctored: is not its file's"),
  ])
  func `a rule that means another module accepts nothing, and why is told`(
    module: String, proof: AllowRule.Proof, why: String
  ) {
    let verdict = verdict([owned(by: module)], [rule(module, proof)])
    #expect(verdict.status == .critical)
    #expect(verdict.answers.first?.accepted.isEmpty == true)
    #expect(verdict.answers.first?.remarks.contains { $0.contains(why) } == true)
  }

  @Test func `a rule may name a module that hides, and why it does not apply is told`() {
    func verdict(_ hidden: String) -> Verdict {
      Audit(
        checks: [Finder(owners: [.nobody(.unmapped)], hidden: hidden)],
        investigator: Forensics(signatures: SignatureRules()),
        allowing: [rule(hidden, .signer("Vendor Key"))], identifier: register
      ).run { () throws(AcquisitionFailure) -> Kernel in TestKernel().kernel }
    }
    #expect(verdict("edr").status == .ok)
    #expect(verdict("edr").answers.first?.accepted.count == 1)
    #expect(verdict("doctored").status == .critical)
    #expect(verdict("doctored").answers.first?.remarks.contains { $0.contains("is not its file's") } == true)
  }

  @Test(arguments: [
    ("5fd0aa0b1c2d3e4f", Status.ok, nil),
    ("0000aa0b1c2d3e4f", .critical, "the tag of BPF program watch is 5fd0aa0b1c2d3e4f"),
  ])
  func `a rule accepts the one BPF program that it names, by its tag`(tag: String, status: Status, why: String?) {
    let rule = AllowRule(
      source: "allow.conf:1", whose: .program(Finding.Program(name: "watch", tag: tag)), checks: ["finder"],
      reason: "ticket 4711")
    let found = Audit(
      checks: [Finder(owners: [.nobody(.unmapped)], program: Finding.Program(name: "watch", tag: "5fd0aa0b1c2d3e4f"))],
      investigator: Forensics(signatures: SignatureRules()), allowing: [rule], identifier: register
    ).run { () throws(AcquisitionFailure) -> Kernel in TestKernel().kernel }
    #expect(found.status == status)
    #expect(found.answers.first?.accepted.first?.identity == (why == nil ? "BPF program watch, tag \(tag)" : nil))
    #expect(why == nil || found.answers.first?.remarks.contains { $0.hasSuffix(why ?? "") } == true)
    #expect(verdict([.nobody(.unmapped)], [rule]).status == .critical)
  }

  @Test func `a rule about another check accepts nothing`() {
    let verdict = verdict([owned(by: "edr")], [rule("edr", .signer("Vendor Key"), checks: ["syscall-table"])])
    #expect(verdict.status == .critical)
    #expect(verdict.answers.first?.remarks.isEmpty == true)
  }
}

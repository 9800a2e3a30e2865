import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct KeyringsTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel.withSampleEverywhere
  private let objects: TestObjects
  private let vendors = TestVendorKernel.certificate

  init() throws {
    objects = try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.heap + 0x6000)
    link(Variable.builtInKeys, [try key("vendor", vendors)])
    link(Variable.secondaryKeys, [])
  }

  private func key(_ name: String, _ bytes: [UInt8]) throws -> UInt64 {
    let place = objects.make("new_utsname").address
    objects.memory.write(bytes, at: KernelAddress(place))
    let text = objects.make("new_utsname")
    text.set("sysname", to: name)
    let material = objects.make("public_key") {
      $0["keylen"] = UInt64(bytes.count)
      $0["key"] = place
    }
    return objects.make("key") {
      $0["description"] = text.address
      $0["payload.data"] = material.address
    }.address
  }

  private func link(_ variable: UInt64, _ keys: [UInt64]) {
    let node = objects.make("assoc_array_node")
    for (slot, key) in keys.enumerated() {
      objects.memory.write(key, at: KernelAddress(node.place(of: "slots") + UInt64(slot) * 8))
    }
    kernel.set(variable, to: objects.make("key") { $0["keys.root"] = node.address | 1 }.address)
  }

  private func examine() throws -> Examination { try Keyrings().examine(kernel.kernel) }

  @Test func `keys that the vendor built in are facts`() throws {
    let examination = try examine()
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(examination.facts.map(\.fact) == [.text("vendor"), .text("none")])
    #expect(examination.lastingFacts.count == 2)
  }

  @Test func `a built-in key that the image has not is found`() throws {
    link(Variable.builtInKeys, [try key("vendor", vendors), try key("mine", vendors.reversed())])
    let findings = try examine().findings
    #expect(findings.map(\.subject) == [Subject("built-in key", label: "mine")])
    #expect(findings.first?.severity == .critical && findings.first?.kind == .stranger)
    // A few bytes stand anywhere.
    link(Variable.builtInKeys, [try key("short", Array(vendors.prefix(4)))])
    #expect(try examine().findings.count == 1)
  }

  @Test func `the owner's keys are facts, without those that are linked there`() throws {
    link(Variable.builtInKeys, [try key("vendor", vendors)])
    link(Variable.secondaryKeys, [try key("owner", [UInt8](repeating: 9, count: 40)), try key("vendor", vendors)])
    let examination = try examine()
    #expect(examination.findings.isEmpty)
    #expect(examination.facts.map(\.fact) == [.text("vendor"), .text("owner")])
  }

  @Test func `keys that cannot be compared, or read, are unknown`() throws {
    kernel.rebuild(as: TestVendorKernel(without: ["system_certificate_list"]))
    #expect(try examine().unanswered.map(\.subject) == [Subject("built-in keys")])
    kernel.memory.withheld = [MemoryRegion(start: TestTextKernel.live(Variable.builtInKeys), byteCount: 8)]
    #expect(throws: CannotCheck.self) { try examine() }
    kernel.memory.withheld = []
    kernel.rebuild(as: TestVendorKernel(without: ["builtin_trusted_keys"]))
    #expect(throws: CannotCheck.self) { try examine() }
  }
}

import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct InventoryTests {
  private typealias Variable = TestVendorKernel.Variable

  @Test func `host, taint and modules are those of memory`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.memory.write(string: "web1", at: TestTextKernel.live(Variable.names + 65))
    kernel.memory.write(UInt64(1 << 12), at: KernelAddress(TestTextModule.sample.structure + 208))
    kernel.set(Variable.taint, to: UInt64(1 << 12 | 1 << 13))
    kernel.toldTaint = 0
    let inventory = Inventory(of: kernel.kernel).orNamed("container")
    #expect(inventory.hostName == .success("web1"))
    #expect(inventory.taint == .success("OE"))
    #expect(inventory.modules == .success([Inventory.Module(name: "sample", buildID: nil, taints: "O")]))
  }

  @Test func `a kernel without taint has no letters`() {
    #expect(Inventory(of: TestTextKernel.withSampleEverywhere.kernel).taint == .success(""))
  }

  @Test func `where structures cannot be read, what is told has to do`() {
    // The small kernel has neither the vendor's image nor types.
    let inventory = Inventory(of: TestKernel().kernel).orNamed("told")
    #expect(inventory.hostName == .success("told"))
    #expect(inventory.taint == .success(""))
    #expect(inventory.modules == .success([Inventory.Module(name: "dummy", buildID: nil, taints: "")]))
  }

  @Test func `what is told by nobody is withheld, with a reason`() {
    let kernel = TestKernel()
    kernel.modulesAreWithheld = true
    let inventory = Inventory(of: kernel.kernel).orNamed("")
    guard case .failure(let host) = inventory.hostName, case .failure(let modules) = inventory.modules else {
      return #expect(Bool(false))
    }
    #expect(host.what == "the host's name" && !host.why.isEmpty)
    #expect(modules.what == "the kernel's modules" && !modules.why.isEmpty)
  }
}

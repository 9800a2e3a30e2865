import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct BuildIdentityTests {
  @Test func `a kernel that agrees with itself gives no finding and two facts`() throws {
    let examination = try BuildIdentity().examine(TestKernel().kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.facts.count == 2)
  }

  @Test func `a kernel that names another build is found`() throws {
    let kernel = TestKernel()
    kernel.claimedBuildID = BuildID(bytes: [1])
    let examination = try BuildIdentity().examine(kernel.kernel)
    #expect(examination.findings.map(\.severity) == [.critical])
  }

  @Test func `a build id that cannot be read is unknown`() {
    var kernel = TestKernel().kernel
    kernel.identity.buildIDInMemory = .failure(Withheld("the notes in memory", why: "not readable"))
    #expect(throws: CannotCheck.withheld(Withheld("the notes in memory", why: "not readable"))) {
      try BuildIdentity().examine(kernel)
    }
  }
}

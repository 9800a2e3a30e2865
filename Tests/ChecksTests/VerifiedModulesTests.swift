import Checks
import KernelModel
import TestKernel
import Testing

/// Which module really is loaded under a name, whether or not it is on every list.
@Suite struct VerifiedModulesTests {
  private func identity(_ kernel: TestTextKernel) throws -> ModuleIdentity {
    try VerifiedModules().identity(ofModule: "sample", in: kernel.kernel)
  }

  /// The sample as a module that hides: on no list, and untold.
  private var hidden: TestTextKernel {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.unlinkSample()
    kernel.told = ModuleNames(procModules: .success([]), sysfs: .success([]))
    return kernel
  }

  @Test func `a listed module is its file`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    #expect(try identity(kernel).buildID == kernel.reference.moduleObjects["sample"]?.buildID)
  }

  @Test func `a hidden module whose memory is its file's is that file's`() throws {
    let kernel = hidden
    #expect(try identity(kernel).buildID == kernel.reference.moduleObjects["sample"]?.buildID)
    #expect(try ModuleList().examine(kernel.kernel).findings.map(\.hiddenModule) == ["sample"])
    #expect(try ExecutableMemory().examine(kernel.kernel).findings.map(\.hiddenModule) == ["sample"])
  }

  @Test func `a hidden module whose code was changed is nobody's`() throws {
    let kernel = hidden
    kernel.memory.write([0xcc], at: TestTextModule.sample.code)
    #expect(throws: CannotCheck.implausible("the module sample", "is not its file's in memory")) {
      try identity(kernel)
    }
  }

  @Test func `a hidden module without a file is nobody's`() throws {
    let kernel = hidden
    kernel.reference.moduleObjects = [:]
    #expect(throws: CannotCheck.self) { try identity(kernel) }
  }
}

import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct VendorFilesTests {
  private static let image = "/boot/vmlinuz-test"
  private static let module = "/lib/modules/test/dummy.ko"
  private static let record = PackageRecord(
    manager: "dpkg", package: "linux-image-test 6.1", algorithm: "md5", digest: "0123456789abcdef0123456789abcdef")

  private func object(_ source: String) -> VendorObject {
    VendorObject(source: source, buildID: nil, sections: [], contents: VendorObject.Contents(copying: []))
  }

  /// A kernel whose image and module have files of this provenance.
  private func kernel(image: Provenance = .recorded(record), module: Provenance = .recorded(record)) -> TestKernel {
    let kernel = TestKernel()
    kernel.reference.kernelObject = object(Self.image)
    kernel.reference.moduleObjects = ["dummy": object(Self.module)]
    kernel.reference.provenances = [Self.image: image, Self.module: module]
    return kernel
  }

  @Test func `files as recorded give no finding, and a fact for each`() throws {
    let examination = try VendorFiles().examine(kernel().kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty && examination.remarks.isEmpty)
    #expect(examination.facts.count == 2)
    #expect(examination.facts[0].fact == .text("as dpkg recorded it for linux-image-test 6.1"))
  }

  @Test func `a changed image is found, with both digests and the package`() throws {
    let examination = try VendorFiles().examine(kernel(image: .altered(Self.record, actual: "ffff")).kernel)
    let finding = try #require(examination.findings.first)
    #expect(examination.findings.count == 1 && examination.unanswered.isEmpty)
    #expect(finding.severity == .critical && finding.subject == Subject("kernel image"))
    #expect(finding.expected.contains(Self.record.digest) && finding.expected.contains("linux-image-test 6.1"))
    #expect(finding.observed == "md5 ffff")
    #expect(finding.message.contains(Self.image))
  }

  @Test func `a changed module's file is found`() throws {
    let examination = try VendorFiles().examine(kernel(module: .altered(Self.record, actual: "ffff")).kernel)
    #expect(examination.findings.map(\.subject) == [Subject("file of module dummy")])
  }

  @Test func `files that nobody vouches for are said in one remark, and are no finding`() throws {
    let reason = Provenance.unvouched("no package brings it")
    let examination = try VendorFiles().examine(kernel(image: reason, module: reason).kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(
      examination.remarks == [
        "nobody vouches for 2 files that the kernel is compared with: no package brings it"
      ])
    #expect(examination.facts.map(\.fact) == [.text("nobody vouches for it"), .text("nobody vouches for it")])
  }

  @Test func `that nobody vouches for a module lasts where somebody vouches for the image`() throws {
    func lasting(image: Provenance, module: Provenance) throws -> [Subject] {
      try VendorFiles().examine(kernel(image: image, module: module).kernel).lastingFacts.map(\.subject)
    }
    let (nobody, recorded) = (Provenance.unvouched("no package brings it"), Provenance.recorded(Self.record))
    #expect(try lasting(image: recorded, module: nobody) == [Subject("file of module dummy")])
    #expect(try lasting(image: .brought, module: nobody) == [Subject("file of module dummy")])
    #expect(try lasting(image: nobody, module: nobody) == [Subject("kernel image")])
    // Which of the vendor's own modules are loaded is another matter every day.
    #expect(try lasting(image: recorded, module: recorded) == [])
  }

  @Test func `files that were brought need nobody to vouch`() throws {
    let examination = try VendorFiles().examine(kernel(image: .brought, module: .brought).kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty && examination.remarks.isEmpty)
    #expect(examination.facts.map(\.fact) == [.text("brought"), .text("brought")])
  }

  @Test func `an image that is not there is unknown, and the modules are looked at all the same`() throws {
    let kernel = kernel(module: .altered(Self.record, actual: "ffff"))
    kernel.reference.kernelObject = nil
    let examination = try VendorFiles().examine(kernel.kernel)
    #expect(examination.unanswered.map(\.subject) == [Subject("kernel image")])
    #expect(examination.findings.map(\.subject) == [Subject("file of module dummy")])
  }

  @Test func `a module without a file is unknown`() throws {
    let kernel = kernel()
    kernel.reference.moduleObjects = [:]
    let examination = try VendorFiles().examine(kernel.kernel)
    #expect(examination.unanswered.map(\.subject) == [Subject("file of module dummy")])
    #expect(examination.findings.isEmpty && examination.facts.count == 1)
  }

  @Test func `a list of modules that is withheld is unknown`() throws {
    let kernel = kernel()
    kernel.modulesAreWithheld = true
    let examination = try VendorFiles().examine(kernel.kernel)
    #expect(examination.unanswered.map(\.subject) == [Subject("modules' files")])
  }
}

import Checks
import KernelModel
import Report
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
    let expected = finding.expected.words
    #expect(expected.contains(Self.record.digest) && expected.contains("linux-image-test 6.1"))
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
        "nothing vouches for 2 files that the kernel is compared with: no package brings it"
      ])
    #expect(examination.facts.map(\.fact) == [.text("nobody vouches for it"), .text("nobody vouches for it")])
  }

  @Test func `a module that nothing vouches for is a finding where records have the kernel`() throws {
    let nobody = Provenance.unvouched("no package brings it")
    let examination = try VendorFiles().examine(kernel(module: nobody).kernel)
    let finding = try #require(examination.findings.first)
    #expect(examination.findings.count == 1 && examination.unanswered.isEmpty && examination.remarks.isEmpty)
    #expect(finding.severity == .warning && finding.subject == Subject("module dummy"))
    #expect(finding.stranger == Finding.Stranger(module: "dummy", identity: "sha256 0"))
    guard case .module(let place) = finding.owner else {
      Issue.record("its owner is \(String(describing: finding.owner))")
      return
    }
    #expect(place.module == "dummy")
    // What a baseline remembers of it is this build.
    #expect(
      examination.lastingFacts == [
        RecordedFact(subject: Subject("module dummy"), fact: .text("nothing vouches for it: sha256 0"))
      ])
  }

  @Test func `where no record has the kernel, only what the kernel noted of a module tells`() throws {
    let nobody = Provenance.unvouched("no package manager")
    func found(_ taints: [String]) throws -> [Subject] {
      let kernel = kernel(image: nobody, module: nobody)
      kernel.modules = taints.enumerated().map {
        ModuleClaim(name: $0.offset == 0 ? "dummy" : "other\($0.offset)", byteCount: 1, base: nil, taints: $0.element)
      }
      for module in kernel.modules { kernel.reference.moduleObjects[module.name] = object(Self.module) }
      return try VendorFiles().examine(kernel.kernel).findings.map(\.subject)
    }
    #expect(try found(["", ""]) == [])
    #expect(try found(["OE", ""]) == [Subject("module dummy")])
    #expect(try found(["E", ""]) == [Subject("module dummy")])
    // A kernel none of whose modules is signed.
    #expect(try found(["E", "E"]) == [])
    #expect(try found(["OE", "E"]) == [Subject("module dummy")])
  }

  @Test func `a module that DKMS built from a package's source, and one that was brought, are facts`() throws {
    let tree = SourceTree(path: "/usr/src/dummy-1", manager: "dpkg", package: "dummy-dkms 1")
    for provenance in [Provenance.built(tree), .brought] {
      let examination = try VendorFiles().examine(kernel(module: provenance).kernel)
      #expect(examination.findings.isEmpty && examination.facts.count == 2 && examination.lastingFacts.isEmpty)
    }
  }

  @Test func `a module without a file where the kernel's modules are is nobody's, and asked for once`() throws {
    let kernel = kernel()
    kernel.reference.moduleObjects = [:]
    kernel.reference.absentModules = ["dummy"]
    let examination = try VendorFiles().examine(kernel.kernel)
    #expect(examination.unanswered.isEmpty)
    #expect(examination.findings.map(\.subject) == [Subject("module dummy")])
    #expect(examination.findings.first?.stranger?.identity == "no build id")
  }

  @Test func `that the image is this disk's own is said where only modules were brought`() throws {
    let examination = try VendorFiles().examine(kernel(module: .brought).kernel)
    #expect(examination.remarks.count == 1 && examination.remarks[0].hasPrefix("one module's file was brought"))
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

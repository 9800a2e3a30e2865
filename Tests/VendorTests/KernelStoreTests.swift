import DecoderTrials
import Foundation
import KernelModel
import TestFolder
import Testing

@testable import Vendor

/// Vendors' kernels by build id.
@Suite struct KernelStoreTests {
  private static let release = "6.1.0-test"
  private static let module = "lib/modules/\(release)/kernel/fs/sample-fs.ko.xz"
  private static let control =
    "Package: linux-image-6.1.0-test\nVersion: 6.1.7-1\nArchitecture: amd64\nMaintainer: Some Body <a@b>\nDescription: x\n Version: 0\n"

  private let folder: TemporaryFolder
  private var path: String { folder.path(of: "store") }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func files(_ build: [UInt8], module: [UInt8] = SampleModule.object) throws -> [SamplePackage.File] {
    [
      ("boot/vmlinuz-\(Self.release)", try TestKernelImage(buildID: build).bzImage(.gzip)),
      ("boot/System.map-\(Self.release)", Array("ffffffff81000000 T _text\n".utf8)),
      (Self.module, try SampleCompression.compress(module, .xz)), ("boot/config-\(Self.release)", [1, 2, 3]),
    ]
  }

  @discardableResult
  private func add(_ names: String...) throws -> (kernels: [StoredKernel], problems: [String]) {
    let intake = try KernelIntake(KernelStore(path, makes: true), verifier: PackageVerifier(now: 0))
    for name in names { try intake.add(folder.path(of: name)) }
    return (try intake.finish(), intake.problems)
  }

  private func reference(_ build: [UInt8], release: String = release) -> VendorReference {
    let id = BuildID(bytes: build)
    return VendorReference(
      identity: KernelIdentity(
        release: release, version: "#1", machine: "x86_64", claimedBuildID: .success(id),
        buildIDInMemory: .success(id), kaslrOffset: .success(0)),
      store: VendorStore(root: "/nowhere", reference: path), modules: NoModules())
  }

  private struct NoModules: ModuleIndex {
    func path(ofModule name: String) throws(Withheld) -> String { throw Withheld(name, why: "the host was asked") }
    func moduleFile(named name: String) throws(Withheld) -> ModuleFile { throw Withheld(name, why: "not here") }
  }

  private func why<Value>(_ body: () throws(Withheld) -> Value) -> String {
    do throws(Withheld) {
      _ = try body()
      return ""
    } catch {
      return error.why
    }
  }

  // MARK: Taking in

  @Test func `a package's image, modules and list of symbols are taken, and what it says of itself`() throws {
    try folder.write(try SamplePackage.deb(try files([1]), .xz, control: Self.control), to: "linux-image.deb")
    let (kernels, problems) = try add("linux-image.deb")
    #expect(problems.isEmpty)
    let kernel = try #require(kernels.first)
    #expect(kernels.count == 1 && kernel.buildID == BuildID(bytes: [1]) && kernel.release == Self.release)
    let package = try #require(kernel.packages.first)
    #expect(package.name == "linux-image-6.1.0-test" && package.version == "6.1.7-1" && package.architecture == "amd64")
    #expect(package.maker == "Some Body <a@b>" && package.file == "linux-image.deb" && package.digest.count == 64)
    #expect(kernel.images.map(\.path) == ["boot/vmlinuz-\(Self.release)"] && kernel.maps.count == 1)
    let module = try #require(kernel.modules()["sample"])
    #expect(module.path == Self.module && module.package == 0)
    guard case .module(let said) = module.kind else {
      Issue.record("no module")
      return
    }
    #expect(said.buildID == BuildID(bytes: Array(21...40)))
    // As it was written.
    let read = try KernelStore(path).kernel(kernel.buildID)
    #expect(read.text == kernel.text && read.packages == kernel.packages)
    #expect(Set(read.files) == Set(kernel.files))
    // Twice is nothing new.
    #expect(try add("linux-image.deb").kernels.isEmpty)
    #expect(try KernelStore(path).problems() == [])
  }

  @Test(arguments: ["deb", "rpm", "pkg.tar.zst", "apk"])
  func `every kind of package is read`(_ kind: String) throws {
    let files = try files([2])
    let information = "# made by hand\npkgname = linux-lts\npkgver = 6.6.58-r0\narch = x86_64\npackager = Some Body\n"
    let package =
      switch kind {
      case "deb": try SamplePackage.deb(files, .zstd, control: Self.control)
      case "rpm": try SamplePackage.rpm(files, .gzip)
      case "apk": try SamplePackage.apk(files, information: information)
      default: try SamplePackage.pacman(files, information: information)
      }
    try folder.write(package, to: "linux-sample.\(kind)")
    let (kernels, problems) = try add("linux-sample.\(kind)")
    #expect(problems.isEmpty)
    #expect(kernels.first?.moduleCount == 1 && kernels.first?.images.count == 1)
    let names = ["deb": "linux-image-6.1.0-test 6.1.7-1", "rpm": "kernel-core 6.1-3.el9"]
    #expect(kernels.first?.packages.map { "\($0.name) \($0.version)" } == [names[kind] ?? "linux-lts 6.6.58-r0"])
    // The same package serves a scan by itself.
    let reference = VendorReference(
      identity: KernelIdentity(
        release: Self.release, version: "#1", machine: "x86_64", claimedBuildID: .success(BuildID(bytes: [2])),
        buildIDInMemory: .success(BuildID(bytes: [2])), kaslrOffset: .success(0)),
      store: VendorStore(root: "/nowhere", reference: folder.path(of: "linux-sample.\(kind)")), modules: NoModules())
    #expect(why { () throws(Withheld) in try reference.kernelImage() } == "")
  }

  @Test
  func `modules of a package of their own go to the kernel of the same version, and others to all of the release`()
    throws
  {
    try folder.write(
      try SamplePackage.deb(Array(try files([1]).prefix(1)), .xz, control: Self.control), to: "linux-1.deb")
    let second = Self.control.replacing("6.1.7-1", with: "6.1.7-2")
    try folder.write(try SamplePackage.deb(Array(try files([2]).prefix(1)), .xz, control: second), to: "linux-2.deb")
    try folder.write(
      try SamplePackage.deb([try files([2])[2]], .xz, control: second.replacing("image", with: "modules")),
      to: "linux-modules.deb")
    try folder.write(SampleModule.object, to: "extra/lib/modules/\(Self.release)/updates/other.ko")
    // Modules first: they wait for their kernels.
    let (kernels, problems) = try add("linux-modules.deb", "extra", "linux-1.deb", "linux-2.deb")
    #expect(problems.isEmpty && kernels.count == 2)
    let store = try KernelStore(path)
    let one = try store.kernel(BuildID(bytes: [1]))
    let two = try store.kernel(BuildID(bytes: [2]))
    #expect(one.moduleCount == 1 && two.moduleCount == 2)
    // What is under updates is what depmod takes.
    #expect(two.modules()["sample"]?.path.contains("/updates/") == true)
  }

  @Test func `modules without a kernel, and what is no kernel, are said and lose nothing`() throws {
    try folder.write(SampleModule.object, to: "brought/lib/modules/9.9.9/x.ko")
    try folder.write([1, 2, 3], to: "brought/vmlinuz-9.9.9")
    try folder.write(try TestKernelImage(buildID: [5]).bzImage(.xz), to: "brought/vmlinuz-6.1.0-test")
    let (kernels, problems) = try add("brought")
    #expect(kernels.map(\.buildID) == [BuildID(bytes: [5])])
    #expect(problems.count == 2 && problems.contains { $0.contains("there is no image of it") })
  }

  @Test func `a folder with anything else in it becomes no store`() throws {
    try folder.write([1], to: "store/precious")
    #expect(throws: StoreFault.self) { try KernelStore(path, makes: true) }
    #expect(throws: StoreFault.notAStore(path)) { try KernelStore(path) }
    #expect(try folder.bytes(of: "store/precious") == [1])
  }

  // MARK: Serving a scan

  @Test func `of two builds of one release a scan gets the modules of the one that runs`() throws {
    let other = Array(SampleModule.object.dropLast()) + [0xaa]
    try folder.write(try SamplePackage.deb(try files([1]), .xz, control: Self.control), to: "linux-1.deb")
    try folder.write(
      try SamplePackage.deb(
        try files([2], module: other), .xz, control: Self.control.replacing("6.1.7-1", with: "6.1.7-2")),
      to: "linux-2.deb")
    try add("linux-1.deb", "linux-2.deb")
    for (build, module) in [([1], SampleModule.object), ([2], other)] as [([UInt8], [UInt8])] {
      let reference = reference(build)
      #expect(try reference.kernelImage().buildID == BuildID(bytes: build))
      let found = try reference.moduleObject(named: "sample")
      #expect(found.contents.bytes.elementsEqual(module))
      #expect(reference.provenance(of: found.source) == .brought)
    }
    // Not this build, but others of the release; and nothing of the release.
    let absent = why { () throws(Withheld) in try reference([3]).kernelImage() }
    #expect(absent.contains("no kernel of build 03; of 6.1.0-test it has build 01, linux-image-6.1.0-test 6.1.7-1"))
    let elsewhere = why { () throws(Withheld) in try reference([3], release: "5.10").moduleObject(named: "sample") }
    #expect(elsewhere.contains("it has kernels 6.1.0-test"))
  }

  @Test func `a stored file that was changed is refused, and verification says which`() throws {
    try folder.write(try SamplePackage.deb(try files([1]), .xz, control: Self.control), to: "linux-1.deb")
    let kernel = try #require(try add("linux-1.deb").kernels.first)
    let module = try #require(kernel.modules()["sample"])
    let place = "store/objects/\(module.digest.prefix(2))/\(module.digest)"
    var bytes = try folder.bytes(of: place)
    bytes[bytes.count / 2] ^= 1
    try folder.write(bytes, to: place)
    #expect(why { () throws(Withheld) in try reference([1]).moduleObject(named: "sample") }.contains("damaged"))
    let problems = try KernelStore(path).problems()
    #expect(problems.count == 1 && problems.first?.contains("sample-fs.ko.xz") == true)
  }

  @Test func `what is removed takes along what no other kernel has`() throws {
    try folder.write(try SamplePackage.deb(try files([1]), .xz, control: Self.control), to: "linux-1.deb")
    try folder.write(
      try SamplePackage.deb(try files([2]), .xz, control: Self.control.replacing("6.1.7-1", with: "6.1.7-2")),
      to: "linux-2.deb")
    try add("linux-1.deb", "linux-2.deb")
    let store = try KernelStore(path)
    // The module and the list of symbols are the same.
    #expect(try store.remove(BuildID(bytes: [1])) == 1)
    #expect(try store.problems() == [] && store.builds() == [BuildID(bytes: [2])])
    #expect(throws: StoreFault.absent(BuildID(bytes: [1]))) { try store.remove(BuildID(bytes: [1])) }
    #expect(try store.remove(BuildID(bytes: [2])) == 3)
  }

  // MARK: Entries

  @Test func `an entry that is not as it was written is refused`() throws {
    var kernel = StoredKernel(buildID: BuildID(bytes: [1, 2]), release: "6.1 %\u{e9}\n-")
    let package = PackageIdentity(
      name: "-", version: "", architecture: "%20", maker: "A  B", file: "a b.deb", byteCount: 7,
      digest: String(repeating: "a", count: 64))
    kernel.add(
      StoredKernel.File(
        kind: .image, path: "boot/vmlinuz one", digest: String(repeating: "0", count: 64), byteCount: 9, package: nil),
      from: package)
    let text = kernel.text
    #expect(try StoredKernel(text: text) == kernel)
    let wrong = [
      "", "liveprobe kernel 2\nbuild 01\nrelease x\n", text + "other line\n", text + "\n",
      text.replacing("build 0102", with: "build zz"),
      text.replacing(" 9 ", with: " -9 "), text.replacing("image 0 ", with: "image 1 "),
      text.replacing(String(repeating: "0", count: 64), with: "../../../etc/shadow"),
    ]
    for wrong in wrong { #expect(throws: StoreFault.self, "\(wrong)") { try StoredKernel(text: wrong) } }
  }

  // MARK: Where packages are published

  @Test(arguments: [
    (
      "6.1.0-56-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.187-1 (2026-02-01)", "linux-image-6.1.0-56-amd64=6.1.187-1",
      "snapshot.debian.org/binary/linux-image-6.1.0-56-amd64/"
    ),
    (
      "6.8.0-45-generic", "#45-Ubuntu SMP PREEMPT_DYNAMIC Fri", "linux-modules-6.8.0-45-generic", "launchpad.net/ubuntu"
    ),
    (
      "6.5.6-300.fc39.x86_64", "#1 SMP", "kernel-core-6.5.6-300.fc39.x86_64.rpm",
      "kojipkgs.fedoraproject.org/packages/kernel/6.5.6/300.fc39/x86_64/"
    ),
    (
      "5.14.0-427.el9.x86_64", "#1 SMP", "kernel-core-5.14.0-427.el9.x86_64.rpm",
      "dnf download kernel-core-5.14.0-427.el9"
    ),
    (
      "6.1.102-111.182.amzn2023.x86_64", "#1 SMP", "kernel-6.1.102-111.182.amzn2023.x86_64.rpm",
      "dnf download kernel-6.1.102-111.182.amzn2023"
    ),
    ("5.14.21-150500.55.39-default", "#1 SMP", "kernel-default-5.14.21-150500.55.39", "download.opensuse.org"),
    (
      "6.11.5-arch1-1", "#1 SMP", "linux-6.11.5.arch1-1-x86_64.pkg.tar.zst",
      "archive.archlinux.org/packages/l/linux/linux-6.11.5.arch1-1-x86_64.pkg.tar.zst"
    ),
    ("6.11.5-zen1-1-zen", "#1 ZEN SMP", "linux-zen-6.11.5.zen1-1-x86_64.pkg.tar.zst", "packages/l/linux-zen/"),
    ("6.6.58-0-lts", "#1-Alpine SMP", "linux-lts-6.6.58-r0.apk", "dl-cdn.alpinelinux.org"),
  ])
  func `a kernel's packages are named, and where they are`(
    release: String, version: String, package: String, place: String
  ) {
    let found = PublishedPackages(release: release, version: version, machine: "x86_64", build: BuildID(bytes: [1]))
    #expect(found.names.contains(package), "\(found.names)")
    #expect(found.places.contains { $0.contains(place) }, "\(found.places)")
  }

  @Test func `a kernel that says nothing of whose it is has no packages`() {
    let found = PublishedPackages(release: "6.12.1", version: "#1 SMP", machine: "x86_64", build: nil)
    #expect(found.distribution == nil && found.names.isEmpty && found.places.isEmpty)
  }
}

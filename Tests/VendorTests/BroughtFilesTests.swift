import DecoderTrials
import KernelModel
import TestFolder
import Testing

@testable import Vendor

/// `--reference`: an image, a folder, packages.
@Suite struct BroughtFilesTests {
  private static let release = "6.1.0-test"
  private static let module = "lib/modules/\(release)/kernel/fs/sample-fs.ko.xz"
  private static let otherModule = "lib/modules/6.1.0-other/kernel/fs/other.ko"

  private func reference(
    _ path: String, loaded: [String] = ["sample_fs"], root: String = "/nowhere"
  ) -> VendorReference {
    let id = BuildID(bytes: TestKernelImage().buildID)
    return VendorReference(
      identity: KernelIdentity(
        release: Self.release, version: "#1", machine: "x86_64", claimedBuildID: .success(id),
        buildIDInMemory: .success(id), kaslrOffset: .success(0)),
      store: VendorStore(root: root, reference: path, loadedModules: { loaded }), modules: NoModules())
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

  private func files() throws -> [SamplePackage.File] {
    [
      ("boot/config-\(Self.release)", [1, 2, 3]),
      ("boot/vmlinuz-\(Self.release)", try TestKernelImage().bzImage(.gzip)),
      (Self.module, try SampleCompression.compress(SampleModule.object, .xz)),
      (Self.otherModule, SampleModule.object),
    ]
  }

  @Test func `an image is taken, and the modules are the host's`() throws {
    let folder = try TemporaryFolder()
    try folder.write(try TestKernelImage().bzImage(.xz), to: "any-name")
    let reference = reference(folder.path + "/any-name")
    #expect(try reference.kernelImage().source == folder.path + "/any-name")
    #expect(reference.provenance(of: folder.path + "/any-name") == .brought)
    #expect(why { () throws(Withheld) in try reference.moduleObject(named: "sample_fs") } == "the host was asked")
  }

  @Test func `a folder with modules alone adds to what is installed`() throws {
    let folder = try TemporaryFolder()
    try folder.write(SampleModule.object, to: "brought/any-name.ko")
    let host = try TemporaryFolder()
    try host.write(try TestKernelImage().bzImage(.xz), to: "boot/vmlinuz-\(Self.release)")
    let reference = reference(folder.path + "/brought", root: host.path)
    // By the name in the file, which is not that of the file.
    #expect(try reference.moduleSource(named: "sample") == folder.path + "/brought/any-name.ko")
    #expect(reference.provenance(of: folder.path + "/brought/any-name.ko") == .brought)
    #expect(why { () throws(Withheld) in try reference.moduleObject(named: "other") } == "the host was asked")
    #expect(try reference.kernelImage().source == host.path + "/boot/vmlinuz-\(Self.release)")
  }

  @Test func `a folder is searched for images and modules of this release`() throws {
    let folder = try TemporaryFolder()
    for file in try files() { try folder.write(file.bytes, to: "modules/" + file.path) }
    try folder.write(try TestKernelImage(buildID: [9]).bzImage(.gzip), to: "boot/vmlinuz-6.1.0-other")
    let reference = reference(folder.path)
    #expect(try reference.kernelImage().source == "\(folder.path)/modules/boot/vmlinuz-\(Self.release)")
    let module = try reference.moduleObject(named: "sample_fs")
    #expect(module.source == "\(folder.path)/modules/\(Self.module)")
    #expect(try reference.moduleSource(named: "sample-fs") == module.source)
    #expect(reference.provenance(of: module.source) == .brought)
    #expect(
      why { () throws(Withheld) in try reference.moduleObject(named: "other") }
        == "\(folder.path) has none for kernel \(Self.release)")
  }

  @Test(arguments: [Compression.xz, .zstd, .gzip, .none])
  func `a deb is read without being unpacked`(_ compression: Compression) throws {
    let folder = try TemporaryFolder()
    try folder.write(try SamplePackage.deb(try files(), compression), to: "kernel.deb")
    try check(folder.path + "/kernel.deb")
  }

  @Test(arguments: [Compression.xz, .zstd, .gzip])
  func `an rpm is read without being unpacked`(_ compression: Compression) throws {
    let folder = try TemporaryFolder()
    try folder.write(try SamplePackage.rpm(try files(), compression), to: "kernel.rpm")
    try check(folder.path + "/kernel.rpm")
  }

  private func check(_ path: String) throws {
    let reference = reference(path)
    let image = try reference.kernelImage()
    #expect(image.source == "\(path): boot/vmlinuz-\(Self.release)")
    let module = try reference.moduleObject(named: "sample_fs")
    #expect(module.source == "\(path): \(Self.module)")
    #expect(module.contents.bytes.elementsEqual(SampleModule.object))
    #expect(reference.provenance(of: module.source) == .brought && reference.provenance(of: image.source) == .brought)
    #expect(
      why { () throws(Withheld) in try reference.moduleObject(named: "other") }
        == "\(path) has none for kernel \(Self.release)")
  }

  @Test func `image and modules may come in packages of their own`() throws {
    let folder = try TemporaryFolder()
    let files = try files()
    try folder.write(try SamplePackage.deb([files[1]], .xz), to: "linux-binary-\(Self.release)_amd64.deb")
    try folder.write(try SamplePackage.deb([files[2]], .zstd), to: "linux-modules-\(Self.release)_amd64.deb")
    try folder.write([0], to: "linux-image-broken_amd64.deb")
    let reference = reference(folder.path)
    #expect(try reference.kernelImage().buildID == BuildID(bytes: TestKernelImage().buildID))
    #expect(try reference.moduleObject(named: "sample_fs").buildID == BuildID(bytes: Array(21...40)))
  }

  @Test func `a module that was loaded after the package was read is found in a second pass`() throws {
    let folder = try TemporaryFolder()
    try folder.write(try SamplePackage.deb(try files(), .zstd), to: "kernel.deb")
    let reference = reference(folder.path + "/kernel.deb", loaded: [])
    _ = try reference.kernelImage()
    #expect(try reference.moduleObject(named: "sample_fs").buildID == BuildID(bytes: Array(21...40)))
  }

  @Test func `a package that cannot be read is named, with the reason`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/kernel.deb"
    let whole = try SamplePackage.deb(try files(), .xz)
    try folder.write(Array(whole.prefix(whole.count / 2)), to: "kernel.deb")
    let reference = reference(path)
    #expect(why { () throws(Withheld) in try reference.kernelImage() }.contains(path))
    #expect(why { () throws(Withheld) in try reference.moduleObject(named: "sample_fs") }.contains("kernel.deb"))
  }

  @Test func `what is not there is said`() throws {
    let folder = try TemporaryFolder()
    try folder.write([1], to: "readme")
    let empty = reference(folder.path)
    #expect(why { () throws(Withheld) in try empty.kernelImage() } == "\(folder.path) has no kernel image")
    let absent = reference(folder.path + "/nothing")
    #expect(why { () throws(Withheld) in try absent.kernelImage() } == "there is no \(folder.path)/nothing")
  }

  @Test func `a file in a package that promises more than there is is refused`() throws {
    for byteCount in [10_000, 3 << 30] {
      let tar = SamplePackage.tar([("boot/vmlinuz-x", [1, 2, 3])], byteCount: byteCount)
      let package = SamplePackage.ar([("debian-binary", [0x32]), ("data.tar", tar)])
      #expect(throws: VendorFileError.self) {
        try PackageReader(BytesAsFile(package)).read { (_) throws(VendorFileError) in
          true
        } _: { _, _ in
          true
        }
      }
    }
  }

  @Test func `a name of gigabytes in an rpm is refused`() throws {
    var package = try SamplePackage.rpm([("boot/vmlinuz-x", [1, 2, 3])], .none)
    let start = try #require(package.firstRange(of: Array("070701".utf8))?.lowerBound)
    package.replaceSubrange(start + 94..<start + 102, with: Array("f0000000".utf8))
    #expect(throws: VendorFileError.notAPackage("a file in it has a name of 4026531840 bytes")) {
      try PackageReader(BytesAsFile(package)).read { (_) throws(VendorFileError) in
        true
      } _: { _, _ in
        true
      }
    }
  }

  @Test func `an archive in more compressions than one is not unpacked further`() throws {
    let files = try files()
    let twice = try SampleCompression.compress(try SampleCompression.compress(SamplePackage.tar(files), .xz), .xz)
    let package = SamplePackage.ar([("debian-binary", [0x32]), ("data.tar.xz", twice)])
    var count = 0
    #expect(throws: VendorFileError.self) {
      try PackageReader(BytesAsFile(package)).read { (_) throws(VendorFileError) in
        true
      } _: { _, _ in
        count += 1
        return true
      }
    }
    #expect(count == 0)
  }
}

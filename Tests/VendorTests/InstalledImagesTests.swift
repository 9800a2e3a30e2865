import DecoderTrials
import KernelModel
import TestFolder
import Testing

@testable import Vendor

/// Images of kernels where distributions put them, under any name.
@Suite struct InstalledImagesTests {
  private static let release = "6.12.95-test"

  private func image(_ release: String = release, buildID: [UInt8] = Array(1...20)) throws -> [UInt8] {
    SampleBootImage.named(try TestKernelImage(buildID: buildID).bzImage(.zstd), release)
  }

  private func found(_ root: TemporaryFolder) -> [String] {
    InstalledImages(root: root.path).otherPlaces(of: Self.release).map { String($0.dropFirst(root.path.count + 1)) }
  }

  @Test(arguments: [
    "boot/vmlinuz-linux", "boot/vmlinuz-lts", "boot/0123456789abcdef0123456789abcdef/6.12.95-test/linux",
    "efi/0123456789abcdef0123456789abcdef/6.12.95-test/linux", "boot/kernel-genkernel-x86_64-6.12.95-test",
    "usr/lib/kernel/org.clearlinux.native.6.12.95-1", "boot/ostree/fedora-0123/vmlinuz-6.12.95-test",
    "run/booted-system/kernel",
  ])
  func `an image is found by the release in its header, whatever it is called`(_ name: String) throws {
    let root = try TemporaryFolder()
    try root.write(try image("6.12.94-test"), to: "boot/vmlinuz-old")
    try root.write([UInt8](repeating: 0x4d, count: 100_000), to: "boot/initrd.img")
    try root.write(try image(), to: name)
    #expect(found(root) == [name])
  }

  @Test func `a unified kernel image is found and read`() throws {
    for sections in [
      [(".osrel", Array("ID=test".utf8)), (".uname", Array(Self.release.utf8)), (".linux", try image())],
      [(".linux", try image())],
    ] {
      let root = try TemporaryFolder()
      try root.write(SampleBootImage.unified(sections), to: "efi/EFI/Linux/test.efi")
      #expect(found(root) == ["efi/EFI/Linux/test.efi"])
      let kernel = try VendorStore(root: root.path).kernelImage(at: root.path + "/efi/EFI/Linux/test.efi")
      #expect(kernel.buildID == BuildID(bytes: Array(1...20)))
    }
  }

  @Test func `what is written beside the kernel in a unified image counts for less than the kernel's own word`() throws
  {
    let root = try TemporaryFolder()
    let sections = [(".uname", Array(Self.release.utf8)), (".linux", try image("6.12.94-test"))]
    try root.write(SampleBootImage.unified(sections), to: "efi/EFI/Linux/test.efi")
    #expect(found(root).isEmpty)
  }

  @Test func `sections that lie outside of the file are none`() throws {
    var file = SampleBootImage.unified([(".linux", try image())])
    file.replaceSubrange(0x80 + 24 + 0xf0 + 20..<0x80 + 24 + 0xf0 + 24, with: [0xff, 0xff, 0xff, 0x7f])
    #expect(file.withUnsafeBytes { UnifiedImage($0, byteCount: $0.count) == nil })
    file.replaceSubrange(0x3c..<0x40, with: [0xff, 0xff, 0xff, 0xff])
    #expect(file.withUnsafeBytes { UnifiedImage($0, byteCount: $0.count) == nil })
    #expect([UInt8]().withUnsafeBytes { UnifiedImage($0, byteCount: 0) == nil })
  }

  @Test func `the build id decides among images that say they are of the release`() throws {
    let root = try TemporaryFolder()
    try root.write(try image(buildID: [9]), to: "boot/vmlinuz-\(Self.release)")
    try root.write(try image(buildID: [8]), to: "boot/vmlinuz-aaa")
    try root.write(try image(), to: "boot/vmlinuz-linux")
    let identity = KernelIdentity(
      release: Self.release, version: "", machine: "x86_64",
      claimedBuildID: .success(BuildID(bytes: Array(1...20))), buildIDInMemory: .success(BuildID(bytes: Array(1...20))),
      kaslrOffset: .success(0))
    let reference = VendorReference(
      identity: identity, store: VendorStore(root: root.path), modules: NoModules())
    #expect(try reference.kernelImage().source == "\(root.path)/boot/vmlinuz-linux")
  }

  @Test func `a folder that was brought has images under these names, too`() throws {
    let root = try TemporaryFolder()
    try root.write(SampleBootImage.unified([(".linux", try image())]), to: "brought/EFI/Linux/test.efi")
    try root.write(SampleBootImage.unified([(".text", [1])]), to: "brought/EFI/systemd/systemd-bootx64.efi")
    let store = VendorStore(root: root.path, reference: "\(root.path)/brought")
    #expect(store.kernelImages(release: Self.release).places == ["\(root.path)/brought/EFI/Linux/test.efi"])
  }

  private struct NoModules: ModuleIndex {
    func path(ofModule name: String) throws(Withheld) -> String { throw Withheld(name, why: "there is none") }

    func moduleFile(named name: String) throws(Withheld) -> ModuleFile { throw Withheld(name, why: "there is none") }
  }
}

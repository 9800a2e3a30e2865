import DecoderTrials
import KernelModel
import TestFolder
import Testing

@testable import Vendor

@Suite struct VendorReferenceTests {
  private static let release = "6.1.0-test-amd64"
  private static let offset: UInt64 = 0x1a00_0000
  private static let unknown = Withheld("/sys/kernel/notes", why: "no such file")

  /// The table, where it lies in the running kernel.
  private static let table = MemoryRegion(
    start: KernelAddress(TestKernelImage.table.start.rawValue + offset), byteCount: TestKernelImage.table.byteCount)

  private func identity(
    release: String = release, claimed: Result<BuildID, Withheld>? = nil, memory: Result<BuildID, Withheld>? = nil,
    offset: Result<UInt64, Withheld> = .success(offset)
  ) -> KernelIdentity {
    let id = BuildID(bytes: TestKernelImage().buildID)
    return KernelIdentity(
      release: release, version: "#1", machine: "x86_64", claimedBuildID: claimed ?? .success(id),
      buildIDInMemory: memory ?? .success(id), kaslrOffset: offset)
  }

  private func reference(
    _ identity: KernelIdentity, _ root: TemporaryFolder, image: String? = nil
  ) -> VendorReference {
    VendorReference(
      identity: identity, store: VendorStore(root: root.path, reference: image), modules: Modules(paths: [:]))
  }

  private struct Modules: ModuleIndex {
    let paths: [String: String]

    func path(ofModule name: String) throws(Withheld) -> String {
      guard let path = paths[name] else { throw Withheld("module \(name)", why: "not in this test") }
      return path
    }

    func moduleFile(named name: String) throws(Withheld) -> ModuleFile {
      ModuleFile(path: try path(ofModule: name), info: [])
    }
  }

  private func refusal(_ reference: VendorReference, _ region: MemoryRegion = table) -> Withheld? {
    do throws(Withheld) {
      _ = try reference.pointers(in: [region])
      return nil
    } catch {
      return error
    }
  }

  @Test func `pointers into the kernel move with it, others stay`() throws {
    let root = try TemporaryFolder()
    var kernel = TestKernelImage()
    kernel.pointers[1] = 0
    kernel.pointers[2] = 0xffff_ffff_c000_0000
    kernel.pointers[3] = .max
    kernel.pointers[4] = 0xffff_8880_0000_1000
    try root.write(try kernel.bzImage(.xz), to: "boot/vmlinuz-\(Self.release)")
    let answer = try reference(identity(), root).pointers(in: [Self.table])
    #expect(answer.source == "\(root.path)/boot/vmlinuz-\(Self.release)")
    #expect(answer.pointers.count == 1)
    #expect(
      answer.pointers[0].prefix(6).map(\.rawValue) == [
        kernel.pointers[0] + Self.offset, 0, 0xffff_ffff_c000_0000, .max, 0xffff_8880_0000_1000,
        kernel.pointers[5] + Self.offset,
      ])
  }

  @Test func `a kernel that did not move is compared as it is`() throws {
    let root = try TemporaryFolder()
    try root.write(try TestKernelImage().bzImage(.zstd), to: "boot/vmlinuz-\(Self.release)")
    let answer = try reference(identity(offset: .success(0)), root).pointers(in: [TestKernelImage.table])
    #expect(answer.pointers == [TestKernelImage().pointers.map { KernelAddress($0) }])
  }

  @Test func `an image of another build is refused, and the message has both ids`() throws {
    let root = try TemporaryFolder()
    let kernel = TestKernelImage(buildID: [UInt8](repeating: 0xab, count: 20))
    try root.write(try kernel.bzImage(.gzip), to: "boot/vmlinuz-\(Self.release)")
    let refusal = try #require(self.refusal(self.reference(identity(), root)))
    #expect(refusal.why.contains(String(repeating: "ab", count: 20)))
    #expect(refusal.why.contains("0102030405060708090a0b0c0d0e0f1011121314"))
    #expect(refusal.why.contains("/usr/lib/modules/\(Self.release)/vmlinuz"), "what was not there is said too")
  }

  @Test func `the next place is tried when an image does not serve`() throws {
    let root = try TemporaryFolder()
    try root.write(Array("not an image".utf8), to: "boot/vmlinuz-\(Self.release)")
    try root.write(try TestKernelImage().bzImage(.gzip), to: "usr/lib/modules/\(Self.release)/vmlinuz")
    let answer = try reference(identity(), root).pointers(in: [Self.table])
    #expect(answer.source == "\(root.path)/usr/lib/modules/\(Self.release)/vmlinuz")
  }

  @Test func `an image that was named is used, and no other`() throws {
    let root = try TemporaryFolder()
    try root.write(try TestKernelImage().bzImage(.gzip), to: "boot/vmlinuz-\(Self.release)")
    try root.write(TestKernelImage().vmlinux(), to: "elsewhere")
    let named = try reference(identity(), root, image: "\(root.path)/elsewhere").pointers(in: [Self.table])
    #expect(named.source == "\(root.path)/elsewhere")
    let refusal = try #require(self.refusal(self.reference(identity(), root, image: "\(root.path)/nowhere")))
    #expect(refusal.why == "there is no \(root.path)/nowhere")
  }

  @Test func `the build id in memory outranks the one that is claimed`() throws {
    let root = try TemporaryFolder()
    try root.write(try TestKernelImage().bzImage(.gzip), to: "boot/vmlinuz-\(Self.release)")
    let other = BuildID(bytes: [7, 7])
    #expect(self.refusal(self.reference(identity(memory: .success(other)), root)) != nil)
    #expect(self.refusal(self.reference(identity(claimed: .success(other)), root)) == nil)
    #expect(self.refusal(self.reference(identity(memory: .failure(Self.unknown)), root)) == nil)
  }

  @Test func `without a build id nothing is compared`() throws {
    let root = try TemporaryFolder()
    let reference = self.reference(identity(claimed: .failure(Self.unknown), memory: .failure(Self.unknown)), root)
    let refusal = try #require(self.refusal(reference))
    #expect(refusal.why == "which build is running is not known (/sys/kernel/notes: no such file)")
  }

  @Test func `without knowing how far the kernel moved nothing is compared`() throws {
    let root = try TemporaryFolder()
    let missing = Withheld("KERNELOFFSET", why: "not in VMCOREINFO")
    #expect(self.refusal(self.reference(identity(offset: .failure(missing)), root)) == missing)
  }

  @Test func `what the image does not hold is withheld, and the rest is not lost`() throws {
    let root = try TemporaryFolder()
    try root.write(try TestKernelImage().bzImage(.gzip), to: "boot/vmlinuz-\(Self.release)")
    let reference = self.reference(identity(), root)
    let beyond = MemoryRegion(start: KernelAddress(0xffff_ffff_c000_0000), byteCount: 8)
    let refused = try #require(self.refusal(reference, beyond))
    #expect(refused.why == "\(root.path)/boot/vmlinuz-\(Self.release) holds nothing for 0xffffffffc0000000+8")
    #expect(self.refusal(reference, MemoryRegion(start: KernelAddress(8), byteCount: 8)) != nil)
    #expect(self.refusal(reference, MemoryRegion(start: Self.table.start, byteCount: 12)) != nil)
    #expect(self.refusal(reference, MemoryRegion(start: Self.table.start, byteCount: 1 << 60)) != nil)
    #expect(self.refusal(reference) == nil)
  }

  @Test func `an image is read once for the same regions`() throws {
    let root = try TemporaryFolder()
    let name = "boot/vmlinuz-\(Self.release)"
    try root.write(try TestKernelImage().bzImage(.gzip), to: name)
    let reference = self.reference(identity(), root)
    let first = try reference.pointers(in: [Self.table])
    try root.write([], to: name)
    #expect(try reference.pointers(in: [Self.table]) == first)
  }

  @Test(arguments: VendorImagePaths.candidates(release: release, root: ""))
  func `an image read ahead serves every reference, wherever it lies`(_ place: String) throws {
    let root = try TemporaryFolder()
    let name = String(place.dropFirst())
    try root.write(try TestKernelImage().bzImage(.zstd), to: name)
    let store = VendorStore(root: root.path)
    store.readAhead(release: Self.release)
    try root.write([], to: name)
    for _ in 1...2 {
      let reference = VendorReference(identity: identity(), store: store, modules: Modules(paths: [:]))
      #expect(try reference.kernelImage().buildID == BuildID(bytes: TestKernelImage().buildID))
      #expect(try reference.kernelImage().source == "\(root.path)/\(name)")
      #expect(self.refusal(reference) == nil)
    }
  }

  @Test func `an image of another build that was read ahead does not serve`() throws {
    let root = try TemporaryFolder()
    let kernel = TestKernelImage(buildID: [9])
    try root.write(try kernel.bzImage(.zstd), to: "boot/vmlinuz-\(Self.release)")
    let store = VendorStore(root: root.path)
    store.readAhead(release: Self.release)
    let reference = VendorReference(identity: identity(), store: store, modules: Modules(paths: [:]))
    #expect(self.refusal(reference)?.why.contains("is build 09, and build 0102") == true)
    #expect(throws: Withheld.self) { try reference.kernelImage() }
  }

  @Test func `a pipe in the image's place is refused, and does not hang`() throws {
    let root = try TemporaryFolder()
    try root.makePipe("boot/vmlinuz-\(Self.release)")
    let refusal = try #require(self.refusal(self.reference(identity(), root)))
    #expect(refusal.why.hasPrefix("\(root.path)/boot/vmlinuz-\(Self.release) is not a plain file"))
  }

  @Test(arguments: ["../../etc/passwd", "", "..", "a b", "a\u{1b}[31m", String(repeating: "a", count: 300)])
  func `a release that is no file name leads nowhere`(_ release: String) throws {
    let root = try TemporaryFolder()
    #expect(VendorImagePaths.candidates(release: release).isEmpty)
    #expect(self.refusal(self.reference(identity(release: release), root)) != nil)
  }

  @Test func `a module's file is found by whoever knows where it lies`() throws {
    let root = try TemporaryFolder()
    try root.write(try SampleCompression.compress(SampleModule.object, .xz), to: "sample.ko.xz")
    try root.write([0x7f], to: "broken.ko")
    let modules = Modules(paths: ["sample": "\(root.path)/sample.ko.xz", "broken": "\(root.path)/broken.ko"])
    let reference = VendorReference(identity: identity(), store: VendorStore(root: root.path), modules: modules)
    #expect(try reference.moduleFile(named: "sample").path == "\(root.path)/sample.ko.xz")
    let object = try reference.moduleObject(named: "sample")
    #expect(object.source == "\(root.path)/sample.ko.xz")
    #expect(object.contents.bytes.elementsEqual(SampleModule.object))
    #expect(throws: Withheld.self) { try reference.moduleFile(named: "y") }
    #expect(throws: Withheld.self) { try reference.moduleObject(named: "y") }
    #expect(
      throws: Withheld(
        "the file of module broken",
        why: "\(root.path)/broken.ko is not the ELF file that was looked for: it ends after 1 bytes")
    ) { try reference.moduleObject(named: "broken") }
  }
}

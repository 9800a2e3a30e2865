import DecoderTrials
import KernelModel
import TestFolder
import TestKernel
import Testing

@testable import Vendor

/// `--reference`: what names the variables and says how structures are laid out, besides the image.
@Suite struct DebugInformationTests {
  private static let release = "6.1.0-test"
  private static let offset: UInt64 = 0x20_0000

  private func reference(_ path: String, root: String = "/nowhere") -> VendorReference {
    let id = BuildID(bytes: TestKernelImage().buildID)
    return VendorReference(
      identity: KernelIdentity(
        release: Self.release, version: "#1", machine: "x86_64", claimedBuildID: .success(id),
        buildIDInMemory: .success(id), kaslrOffset: .success(Self.offset)),
      store: VendorStore(root: root, reference: path), modules: NoModules())
  }

  private struct NoModules: ModuleIndex {
    func path(ofModule name: String) throws(Withheld) -> String { throw Withheld(name, why: "not here") }
    func moduleFile(named name: String) throws(Withheld) -> ModuleFile { throw Withheld(name, why: "not here") }
  }

  /// The kernel of ``TestKernelImage`` as its build leaves it: with symbols and sections for a debugger.
  private func vmlinux(
    _ debugging: [SampleObject.Section] = [], damage: @escaping (inout TestKernelImage) -> Void = { _ in }
  ) -> [UInt8] {
    var image = TestKernelImage()
    image.tail = []
    image.damage = { object in
      object.sections += debugging
      let names = Array("\0start_kernel\0table\0.Local\0".utf8)
      // Symbols as struct elf64_sym has them: name, info, other, section, value, size.
      func symbol(_ name: UInt32, _ info: UInt8, _ section: UInt16, _ value: UInt64) -> [UInt8] {
        little(name) + [info, 0] + little(section) + little(value) + little(UInt64(8))
      }
      var symbols = symbol(0, 0, 0, 0) + symbol(1, 0x12, 1, TestKernelImage.link.rawValue)
      symbols += symbol(14, 0x01, 3, 0xffff_ffff_8105_0000) + symbol(20, 0x02, 1, 1)
      symbols += symbol(1, 0x03, 1, 2) + symbol(9_999, 0x12, 1, 3)
      let link = UInt32(object.sections.count + 2)
      object.sections.append(.init(".symtab", type: 2, flags: 0, symbols, link: link))
      object.sections.append(.init(".strtab", type: 3, flags: 0, names))
    }
    damage(&image)
    return image.vmlinux()
  }

  @Test func `a vmlinux beside the image names what that does not`() throws {
    let folder = try TemporaryFolder()
    try folder.write(try TestKernelImage().bzImage(.gzip), to: "vmlinuz")
    try folder.write(vmlinux(), to: "vmlinux")
    let reference = reference(folder.path)
    #expect(try reference.kernelImage().source == "\(folder.path)/vmlinuz")
    let (found, problems) = reference.debugInformation()
    #expect(problems.isEmpty)
    let information = try #require(found.first)
    #expect(found.count == 1 && information.isOfTheBuild && information.source == "\(folder.path)/vmlinux")
    let symbols = try #require(information.symbols)
    #expect(symbols.count == 2, "sections and what is the assembler's own are left out, and what has no name")
    #expect(symbols.symbols(named: "start_kernel").first?.type == UInt8(ascii: "T"))
    #expect(symbols.symbols(named: "table").first?.type == UInt8(ascii: "b"))
    #expect(try information.section(".debug_info") == nil)
  }

  @Test func `a vmlinux of another build is told and not used`() throws {
    let folder = try TemporaryFolder()
    try folder.write(try TestKernelImage().bzImage(.gzip), to: "vmlinuz")
    try folder.write(vmlinux { $0.buildID[0] = 99 }, to: "vmlinux")
    let (found, problems) = reference(folder.path).debugInformation()
    #expect(found.isEmpty)
    #expect(problems.count == 1 && problems[0].contains("vmlinux is build 63"), "\(problems)")
  }

  @Test func `compressed sections are decompressed`() throws {
    let bytes = [UInt8]("layouts, layouts, layouts".utf8)
    let header = little(UInt32(2)) + little(UInt32(0)) + little(UInt64(bytes.count)) + little(UInt64(1))
    let packed = header + (try SampleCompression.compress(bytes, .zstd))
    let folder = try TemporaryFolder()
    try folder.write(
      vmlinux([.init(".debug_info", flags: 0x800, packed), .init(".debug_str", flags: 0, bytes)]), to: "vmlinux")
    let information = try #require(reference(folder.path).debugInformation().found.first)
    #expect(try information.section(".debug_info").map { Array($0.bytes) } == bytes)
    #expect(try information.section(".debug_str").map { Array($0.bytes) } == bytes)
  }

  @Test(arguments: [[UInt8](), [1, 0, 0], little(UInt32(9)) + [UInt8](repeating: 0, count: 20)])
  func `a section that is compressed in no way that is known is refused`(_ bytes: [UInt8]) throws {
    let folder = try TemporaryFolder()
    try folder.write(vmlinux([.init(".debug_info", flags: 0x800, bytes + [0])]), to: "vmlinux")
    let information = try #require(reference(folder.path).debugInformation().found.first)
    #expect(throws: Withheld.self) { try information.section(".debug_info") }
  }

  @Test func `a System map adds to the installed image`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Array("ffffffff81000000 T _text\nffffffff81900000 D jiffies_64\n".utf8), to: "brought/System.map")
    try folder.write(try TestKernelImage().bzImage(.xz), to: "host/boot/vmlinuz-\(Self.release)")
    for path in ["brought", "brought/System.map"] {
      let reference = reference("\(folder.path)/\(path)", root: "\(folder.path)/host")
      #expect(try reference.kernelImage().source == "\(folder.path)/host/boot/vmlinuz-\(Self.release)")
      let found = reference.debugInformation().found
      #expect(found.count == 1 && found[0].isOfTheBuild == false)
      #expect(found[0].symbols?.namesData == true)
    }
  }

  @Test func `the installed image gives a brought vmlinux its relocations`() throws {
    let folder = try TemporaryFolder()
    try folder.write(vmlinux(), to: "brought/vmlinux")
    try folder.write(try TestKernelImage().bzImage(.xz), to: "host/boot/vmlinuz-\(Self.release)")
    let image = try reference("\(folder.path)/brought", root: "\(folder.path)/host").kernelImage()
    #expect(image.source == "\(folder.path)/host/boot/vmlinuz-\(Self.release)")
  }

  @Test func `an installed image that holds anything else is not relied on`() throws {
    let folder = try TemporaryFolder()
    try folder.write(vmlinux(), to: "brought/vmlinux")
    var changed = TestKernelImage()
    changed.pointers[0] += 8
    try folder.write(try changed.bzImage(.xz), to: "host/boot/vmlinuz-\(Self.release)")
    let image = try reference("\(folder.path)/brought", root: "\(folder.path)/host").kernelImage()
    #expect(image.source == "\(folder.path)/brought/vmlinux")
  }

  @Test func `a package with debugging information is read for its vmlinux`() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      try SamplePackage.deb([("usr/lib/debug/boot/vmlinux-\(Self.release)", vmlinux())], .xz),
      to: "linux-image-\(Self.release)-dbg_1_amd64.deb")
    let found = reference(folder.path).debugInformation().found
    #expect(found.count == 1 && found[0].isOfTheBuild)
    #expect(found[0].symbols?.count == 2)
  }
}

import KernelModel
import LiveProbe

/// A small healthy system: a kernel of eight pages with page tables, symbols, two modules, and all the files that tell of it.
///
/// The image starts at 0xffffffff81000000, physical 16 MiB; pages: 0 code, 1 to 3 page tables, 4 table of system calls,
/// 5 notes. The direct map holds the same bytes.
final class SmallSystem {
  static let text: UInt64 = 0xffff_ffff_8100_0000
  static let directMap: UInt64 = 0xffff_8880_0000_0000
  static let physicalText: UInt64 = 0x100_0000
  static let table = text + 0x4000
  static let notes = text + 0x5000
  static let handler = text + 0x100
  static let buildID: [UInt8] = Array(1...20)

  let fixture: FixtureRoot
  var image: [UInt8]
  var vmcoreInfo: String
  var root: SystemRoot { fixture.root }

  init() throws {
    fixture = try FixtureRoot()
    image = Self.makeImage()
    vmcoreInfo = """
      OSRELEASE=6.1.0-9-test
      BUILD-ID=0102030405060708090a0b0c0d0e0f1011121314
      SYMBOL(init_top_pgt)=ffffffff81001000
      SYMBOL(_stext)=ffffffff81000000
      NUMBER(phys_base)=0
      NUMBER(pgtable_l5_enabled)=0
      NUMBER(sme_mask)=0
      KERNELOFFSET=0

      """
    try writeKcore()
    try writeProc()
    try writeSys()
  }

  /// - Parameter used: what the image reads as where the kernel uses it, if not as the direct map has it.
  func writeKcore(image used: [UInt8]? = nil) throws {
    var core = CoreImage()
    core.loads = [
      .init(address: Self.directMap + Self.physicalText, physical: Self.physicalText, bytes: image),
      .init(address: Self.text, physical: Self.physicalText, bytes: used ?? image),
    ]
    if let constants {
      core.loads.append(
        .init(address: 0xffff_ffff_8200_0000, physical: constants.physical, bytes: constants.bytes))
    }
    if let moduleBytes { core.loads.append(.init(address: Self.module, bytes: moduleBytes)) }
    core.notes = [("CORE", 1, [1, 2, 3]), ("VMCOREINFO", 0, Array(vmcoreInfo.utf8))]
    try fixture.write(core.encoded(), to: "proc/kcore")
  }

  /// What lies at 0xffffffff82000000, if anything does, and where in physical memory.
  var constants: (physical: UInt64, bytes: [UInt8])?

  /// Where ``mapModule(constants:readsAs:)`` maps a page.
  static let module: UInt64 = 0xffff_ffff_c000_0000
  private var moduleBytes: [UInt8]?

  /// Maps the page of the table of system calls a second time, where modules lie.
  ///
  /// - Parameters:
  ///   - constants: whether nobody may write to it.
  ///   - bytes: what is read there; what is there if nil.
  func mapModule(constants: Bool, readsAs bytes: [UInt8]? = nil) throws {
    func put(_ entry: UInt64, at offset: Int) { image.replaceSubrange(offset..<offset + 8, with: le64(entry)) }
    // 0xffffffffc0000000 is entry 511 of the top, 511 of the next, 0 of the one below, and 0 of the last.
    image.replaceSubrange(0x6000..<0x8000, with: [UInt8](repeating: 0, count: 0x2000))
    put(Self.physicalText + 0x6000 | 0x63, at: 0x2000 + 511 * 8)
    put(Self.physicalText + 0x7000 | 0x63, at: 0x6000)
    put(Self.physicalText + 0x4000 | (constants ? 0x61 : 0x63) | 1 << 63, at: 0x7000)
    moduleBytes = bytes ?? Array(image[0x4000..<0x5000])
    try writeKcore()
  }

  private func writeProc() throws {
    try fixture.write(
      """
      ffffffff81000000 T _text
      ffffffff81000000 T _stext
      ffffffff81000100 T __x64_sys_read
      ffffffff81001000 T _etext
      ffffffff81001000 D init_top_pgt
      ffffffff81004000 R sys_call_table
      ffffffff81005000 R __start_notes
      ffffffff81005024 R __stop_notes
      ffffffff81008000 B _end
      ffffffffc0001000 t dummy_init\t[dummy]

      """, to: "proc/kallsyms")
    try fixture.write(
      """
      dummy 16384 0 - Live 0xffffffffc0001000
      veth 32768 1 dummy, Live 0xffffffffc0008000 (OE)

      """, to: "proc/modules")
    try fixture.write("quiet lockdown=none\n", to: "proc/cmdline")
    try fixture.write("12288\n", to: "proc/sys/kernel/tainted")
    try fixture.write("0\n", to: "proc/sys/kernel/kptr_restrict")
    try fixture.write("6.1.0-9-test\n", to: "proc/sys/kernel/osrelease")
    try fixture.write("#1 SMP\n", to: "proc/sys/kernel/version")
    try fixture.write("x86_64\n", to: "proc/sys/kernel/arch")
    try fixture.write("Linux version 6.1.0-9-test\n", to: "proc/version")
    try fixture.write("Name:\ttest\nCapEff:\t000001ffffffffff\n", to: "proc/self/status")
    try fixture.write("         0          0 4294967295\n", to: "proc/self/uid_map")
    try fixture.makeLink("proc/self/ns/pid", to: "pid:[4026531836]")
  }

  private func writeSys() throws {
    try writeModule("dummy", byteCount: 16384, text: 0xffff_ffff_c000_1000)
    try writeModule("veth", byteCount: 32768, text: 0xffff_ffff_c000_8000)
    try fixture.makeFolder("sys/module/printk/parameters")
    try fixture.write(Self.noteBytes, to: "sys/kernel/notes")
    try fixture.write("[none] integrity confidentiality\n", to: "sys/kernel/security/lockdown")
    try fixture.write("types", to: "sys/kernel/btf/vmlinux")
    try fixture.write("image", to: "boot/vmlinuz-6.1.0-9-test")
  }

  func writeModule(_ name: String, byteCount: Int, text: UInt64) throws {
    try fixture.write("live\n", to: "sys/module/\(name)/initstate")
    try fixture.write("\(byteCount)\n", to: "sys/module/\(name)/coresize")
    try fixture.write("\(KernelAddress(text))\n", to: "sys/module/\(name)/sections/.text")
  }

  /// One GNU build id note.
  static let noteBytes: [UInt8] = le32(4) + le32(20) + le32(3) + Array("GNU\0".utf8) + buildID

  private static func makeImage() -> [UInt8] {
    var image = [UInt8](repeating: 0xcc, count: 0x8000)
    func put(_ bytes: [UInt8], at offset: Int) { image.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    put([UInt8](repeating: 0, count: 0x3000), at: 0x1000)
    // 0xffffffff81000000 is entry 511 of the top, 510 of the next, 8 of the one below, which is a leaf of 2 MiB.
    put(le64(physicalText + 0x2000 | 0x63), at: 0x1000 + 511 * 8)
    put(le64(physicalText + 0x3000 | 0x63), at: 0x2000 + 510 * 8)
    put(le64(physicalText | 0xe1), at: 0x3000 + 8 * 8)
    put(le64(handler), at: 0x4000)
    put(noteBytes, at: 0x5000)
    return image
  }
}
